"""An operation ends at its deadline, with all that it runs on the database; also when its client leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, column, create_engine, func, literal, make_url, select, text

from multichannel.domain.customers import Customer
from multichannel.errors import FaultKind
from multichannel.graphql.execution.documents import MAX_CACHED_LENGTH
from multichannel.store.deadlines import Deadline
from multichannel.store.read.visible_rows import COUNTED, VisibleRows
from multichannel.store.write.repository import Repository
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import stored

AGENT = "alder-sales-agent"
COMPILED = "{ customers { totalCount } }"
INTERPRETED = "{ customers { totalCount } }" + " " * MAX_CACHED_LENGTH
WITH_STEPS = "{ customers { totalCount nodes { domains { name } } } }"
SECONDS = 0.5
both_ways = pytest.mark.parametrize("query", [COMPILED, INTERPRETED, WITH_STEPS])


def for_ever(rows: VisibleRows, *_arguments: Any) -> Select[Any]:
    """A count that takes half a minute."""
    if rows._is_postgresql:
        return select(func.count().label(COUNTED)).select_from(func.pg_sleep(30))
    numbers = select(literal(1).label("x")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.x + 1).where(numbers.c.x < 100_000_000))
    return select(func.count(column("x")).label(COUNTED)).select_from(numbers)


@pytest.fixture
def slow(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The endpoint whose counts take longer than an operation may."""
    monkeypatch.setattr(VisibleRows, "count", for_ever)
    monkeypatch.setattr(api.world.store, "_operation_seconds", SECONDS)
    return api


@both_ways
def test_an_operation_that_takes_too_long_is_stopped_and_told_so(
    slow: Api, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    began = time.monotonic()
    answer = slow.ask(AGENT, query)

    assert answer.codes == ["DEADLINE_EXCEEDED"]
    assert "data" not in answer.body
    assert (answer.response.status_code, answer.response.headers["retry-after"]) == (503, "10")
    assert time.monotonic() - began < SECONDS + 2
    assert caplog.messages == ["an operation met a fault (deadline): stopped: after 0.5 seconds"]
    assert not running(slow)


@both_ways
def test_what_a_client_asked_for_ends_when_it_leaves(
    slow: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    monkeypatch.setattr(slow.world.store, "_operation_seconds", 60)

    slow.runner.run(asyncio.wait_for(leaving(slow, query), 5))
    assert not running(slow)
    assert caplog.messages == []  # a client that leaves is no fault
    assert slow.ask(AGENT, "{ viewer { tenantId } customers { nodes { id } } }").response.status_code == 200


async def leaving(api: Api, query: str) -> None:
    """A request of a client that leaves after a moment: it ends, and nothing is sent."""
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": body_of(query), "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {AGENT}".encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    transport: Any = api.client._transport
    await transport.app(scope, receive, send)
    assert sent == []


def body_of(query: str) -> bytes:
    return b'{"query": "%s"}' % query.encode()


def running(api: Api) -> bool:
    """Whether anything runs on the database after a second at most."""
    url = make_url(api.world.url)
    if url.get_backend_name() == "sqlite":
        api.runner.run(asyncio.sleep(0.2))
        return False  # the interrupted thread is free again, or the next request would hang
    engine = create_engine(url)
    active = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep%'")
    with engine.connect() as connection:
        for _ in range(20):
            found = int(connection.execute(active).scalar() or 0) - 1  # the look itself
            if not found:
                break
            connection.rollback()
            time.sleep(0.1)
    engine.dispose()
    return found > 0


def test_a_mutation_that_takes_too_long_changes_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.world.store, "_operation_seconds", SECONDS)
    answer = change(api, "Never", monkeypatch, wait=30)

    assert answer.codes == ["DEADLINE_EXCEEDED"]
    assert answer.response.status_code == 503
    assert not stored(api, Customer, company_name="Never")


def change(api: Api, name: str, monkeypatch: pytest.MonkeyPatch, wait: float) -> Answer:
    """Rename a customer, and wait for the database before that is written."""
    get: Callable[..., Any] = Repository.get

    def slowly(self: Repository[Any], *arguments: Any, **options: Any) -> Any:
        row = get(self, *arguments, **options)
        session = self._access.session
        if session.get_bind().dialect.name == "postgresql":
            session.decided(select(func.pg_sleep(wait)))
        else:
            rows: Any = type("Rows", (), {"_is_postgresql": False})
            session.decided(for_ever(rows)).all()
        return row

    monkeypatch.setattr(Repository, "get", slowly)
    customer = api.world.principal("meadow-global-admin").tenant_id
    (row,) = stored(api, Customer, id=customer)
    changed = f'id: "customer_{row.id}", expectedVersion: {row.version}, companyName: "{name}"'
    return api.ask(AGENT, f"mutation {{ updateCustomer(input: {{{changed}}}) {{ customer {{ id }} }} }}")


def test_a_mutation_goes_on_when_its_client_leaves() -> None:
    deadline = Deadline(60)
    deadline.is_writing = True
    deadline.abandon()
    assert not deadline.is_over


def test_an_operation_whose_client_has_left_before_it_began_is_not_run() -> None:
    deadline = Deadline(60)
    deadline.abandon()
    assert deadline.is_over
    assert "its client has left" in str(deadline.exceeded())
    assert deadline.exceeded().kind is FaultKind.ABANDONED


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_connection_that_was_lost_while_idle_is_replaced(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multichannel.store.connections.IDLE_SECONDS", 0)
    api.ask(AGENT, INTERPRETED)
    engine = create_engine(make_url(api.world.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as operator:
        end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        operator.execute(end, {"name": make_url(api.world.url).database})
    engine.dispose()

    assert api.ask(AGENT, INTERPRETED).response.status_code == 200


def test_a_fifth_of_the_time_is_left_for_the_results() -> None:
    assert not Deadline().is_closing
    assert not Deadline(60).is_closing
    closing = Deadline(60)
    closing._at -= 49
    assert closing.is_closing
    abandoned = Deadline(60)
    abandoned.abandon()
    assert abandoned.is_closing
