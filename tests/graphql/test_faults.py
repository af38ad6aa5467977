"""What fails underneath is told as that: a retryable error, 503 with Retry-After, one line of the log."""

from __future__ import annotations

import logging
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import create_engine, make_url, text

from multichannel.domain.customers import Customer
from multichannel.errors import (
    Busy,
    DatabaseUnavailable,
    DeadlineExceeded,
    FaultKind,
    TooComplex,
)
from multichannel.graphql.execution.documents import MAX_CACHED_LENGTH
from multichannel.graphql.execution.faults import Faults
from multichannel.store.compiled.connection_pool import AnswerRow
from multichannel.store.compiled.runners import SQLiteRunner
from multichannel.store.compiled.statement import CompiledStatement
from multichannel.store.database_faults import of_sqlite, of_state
from multichannel.store.read.reader import Reader
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import stored
from tests.world import one_engine

AGENT = "alder-sales-agent"
COMPILED = "{ customers { totalCount } }"
INTERPRETED = "{ customers { totalCount } }" + " " * MAX_CACHED_LENGTH
WITH_STEPS = "{ customers { totalCount nodes { domains { name } } } }"
CHANGE = """
mutation ($id: ID!, $version: Int!, $name: String!) {
  updateCustomer(input: {id: $id, expectedVersion: $version, companyName: $name}) {
    customer { companyName }
    userErrors { code }
  }
}
"""


def change(api: Api, name: str) -> Answer:
    """Rename a customer, whose version a repeated call does not have any more."""
    (row,) = stored(api, Customer, id=api.world.principal("meadow-global-admin").tenant_id)
    return api.ask(AGENT, CHANGE, id=f"customer_{row.id}", version=row.version, name=name)


@contextmanager
def down(api: Api) -> Iterator[None]:
    """The database while nobody can connect to it, and every connection is lost."""
    url = make_url(api.world.url)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        api.world.store.engine.dispose()
        path.rename(path.with_suffix(".away"))
        path.mkdir()
        yield
        path.rmdir()
        path.with_suffix(".away").rename(path)
        return
    name = url.database
    operator = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with operator.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(end, {"name": name})
        yield
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    operator.dispose()


def told(answer: Answer) -> None:
    """The client is told to try again, and nothing else."""
    assert answer.codes == ["UNAVAILABLE"]
    assert "data" not in answer.body
    assert (answer.response.status_code, answer.response.headers["retry-after"]) == (503, "10")
    assert len(answer.response.content) < 300


def test_a_database_that_is_down_is_told_as_that_and_serves_again_when_it_is_back(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    questions: list[Callable[[], Answer]] = [
        lambda: api.ask(AGENT, COMPILED),
        lambda: api.ask(AGENT, INTERPRETED),
        lambda: api.ask(AGENT, WITH_STEPS),
        lambda: api.ask(AGENT, CHANGE, id="customer_1", version=1, name="Other"),
    ]
    before = [ask().body for ask in questions[:3]]
    with down(api):
        for ask in questions:
            caplog.clear()
            told(ask())
            [record] = caplog.records
            assert (record.levelno, record.exc_info) == (logging.WARNING, None)
            assert "met a fault (database)" in record.getMessage()

    assert [ask().body for ask in questions[:3]] == before
    assert change(api, "Back again").data["updateCustomer"]["customer"] == {"companyName": "Back again"}


@one_engine
def test_a_full_disk_is_told_as_that_and_the_service_is_not_ready_until_there_is_room(api: Api) -> None:
    store = api.world.store
    assert store.is_ready()
    with full_disk(api):
        told(change(api, "Never stored"))
        assert api.ask(AGENT, COMPILED).response.status_code == 200
        assert not store.is_ready()
    assert store.is_ready()
    assert change(api, "Stored").data["updateCustomer"]["customer"] == {"companyName": "Stored"}


@contextmanager
def full_disk(api: Api) -> Iterator[None]:
    """No file of this process may grow beyond the database's log."""
    log = Path(f"{make_url(api.world.url).database}-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@one_engine
def test_what_was_read_before_a_fault_is_an_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Reader, "records", _fail)
    node = f'node(id: "customer_{api.world.principal("meadow-global-admin").tenant_id}") {{ id }}'
    interpreted = " " * MAX_CACHED_LENGTH
    answer = api.ask(AGENT, f"{{ viewer {{ tenantId }} a: {node} b: {node} }}{interpreted}")

    assert answer.response.status_code == 200
    assert answer.errors == [(["a"], "UNAVAILABLE"), (["b"], "UNAVAILABLE")]
    assert (answer.body["data"]["a"], answer.body["data"]["viewer"] is None) == (None, False)
    assert "a disk failed" not in answer.response.text
    assert caplog.messages == ["an operation met a fault (database): 58030: a disk failed"]


@one_engine
def test_a_change_whose_result_cannot_be_read_is_told_as_done(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = SQLiteRunner._run

    def fail_for_payloads(self: SQLiteRunner, statement: CompiledStatement, *more: Any) -> AnswerRow:
        return _fail() if "updateCustomer" in statement.sql.text else run(self, statement, *more)

    monkeypatch.setattr(SQLiteRunner, "_run", fail_for_payloads)
    monkeypatch.setattr(Reader, "records", _fail)
    answer = change(api, "Done")

    assert answer.response.status_code == 200
    assert answer.body["data"] == {"updateCustomer": {"customer": None, "userErrors": []}}
    assert answer.errors == [(["updateCustomer", "customer"], "UNAVAILABLE")]
    assert stored(api, Customer, company_name="Done")


def _fail(*_arguments: Any, **_options: Any) -> NoReturn:
    raise DatabaseUnavailable("58030: a disk failed")


def test_a_fault_counts_once_for_each_kind_that_an_operation_met() -> None:
    counted: list[FaultKind] = []
    Faults(counted.append).report(
        [DatabaseUnavailable("a"), Busy("b"), DatabaseUnavailable("c"), ValueError("d"), TooComplex("e")]
    )
    assert counted == [FaultKind.DATABASE, FaultKind.CONFLICT, FaultKind.INTERNAL]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", DatabaseUnavailable),
        ("53100", DatabaseUnavailable),
        ("53300", DatabaseUnavailable),
        ("57P01", DatabaseUnavailable),
        ("57P03", DatabaseUnavailable),
        ("58030", DatabaseUnavailable),
        ("25006", DatabaseUnavailable),
        ("57014", DeadlineExceeded),
        ("55P03", Busy),
        ("54001", TooComplex),
        ("40001", type(None)),
        ("23505", type(None)),
        ("42P01", type(None)),
        ("22021", type(None)),
    ],
)
def test_states_of_postgresql_are_faults_limits_conflicts_or_errors_of_the_program(
    state: str, kind: type
) -> None:
    assert type(of_state(state, "reason")) is kind


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (f"SELECT {'+'.join(['1'] * 2_000)}", TooComplex),
        (f"SELECT 'a' LIKE '{'_' * 60_000}'", TooComplex),
        (f"SELECT {'(' * 200}1{')' * 200}", TooComplex),
        (f"SELECT {','.join('?' * 40_000)}", TooComplex),
        ("SELECT zeroblob(2000000000)", TooComplex),
        ("SELECT * FROM missing", type(None)),
        ("INSERT INTO sqlite_schema VALUES (1, 2, 3, 4, 5)", type(None)),
    ],
)
def test_limits_of_sqlite_are_the_clients_to_keep(statement: str, kind: type) -> None:
    with pytest.raises(sqlite3.Error) as error:
        sqlite3.connect(":memory:").execute(statement, [1] * statement.count("?")).fetchall()
    assert type(of_sqlite(error.value)) is kind
