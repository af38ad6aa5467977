"""A connection that is lost costs nothing: what was not committed is done, and what was is not done again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, select, text

from multichannel.domain.audit import IdempotencyKey
from multichannel.domain.customers import Customer
from multichannel.errors import DatabaseUnavailable, OutcomeUnknown
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.store import attempts, connections
from multichannel.store.session import GuardedSession
from multichannel.store.write.repository import Repository
from tests.graphql.conftest import Answer, Api
from tests.graphql.stored_rows import NewRows, stored

AGENT, READER = "alder-sales-agent", "meadow-billing-admin"
DONE = {"customer": {"companyName": "Renamed"}, "userErrors": []}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "AFTER_LOSS", (0.0, 0.0, 0.0))


def customer(api: Api) -> Customer:
    (row,) = stored(api, Customer, id=api.world.principal("meadow-global-admin").tenant_id)
    return row


def rename(api: Api, *, key: str | None = None, version: int | None = None, by: str = AGENT) -> Answer:
    row = customer(api)
    own = f', idempotencyKey: "{key}"' if key else ""
    changed = (
        f'id: "customer_{row.id}", expectedVersion: {version or row.version}, companyName: "Renamed"{own}'
    )
    payload = "{ customer { companyName } userErrors { code } }"
    return api.ask(by, f"mutation {{ updateCustomer(input: {{{changed}}}) {payload} }}")


def losing_commits(monkeypatch: pytest.MonkeyPatch, *, delivered: bool, times: int = 1) -> Callable[[], int]:
    """The answers to so many COMMITs are lost, which were delivered or not; gives how many there were."""
    commit, seen = GuardedSession.commit_connection, [0]

    def lose(self: GuardedSession) -> None:
        seen[0] += 1
        if seen[0] > times:
            commit(self)
            return
        if delivered:
            commit(self)
        self.is_committing = True
        raise DatabaseUnavailable("08006: lost", is_lost=True)

    monkeypatch.setattr(GuardedSession, "commit_connection", lose)
    return lambda: seen[0]


@pytest.mark.parametrize("key", [None, "a key of the client"])
@pytest.mark.parametrize("delivered", [True, False])
def test_a_change_whose_commit_is_not_answered_is_done_once_and_told(
    api: Api, monkeypatch: pytest.MonkeyPatch, *, delivered: bool, key: str | None
) -> None:
    new, version = NewRows(api), customer(api).version
    losing_commits(monkeypatch, delivered=delivered)

    assert rename(api, key=key).data == {"updateCustomer": DONE}

    assert customer(api).version == version + 1
    own = api.world.principal(AGENT).tenant_id
    assert [each.operation for each in new.records(own)] == ["update_customer"]
    assert len(new.events()) == 1


@pytest.mark.parametrize(("by", "version"), [(AGENT, 999), (READER, None)], ids=["refused", "denied"])
def test_what_was_not_done_is_recorded_once_if_the_answer_to_its_commit_is_lost(
    api: Api, monkeypatch: pytest.MonkeyPatch, by: str, version: int | None
) -> None:
    new = NewRows(api)
    commits = losing_commits(monkeypatch, delivered=True)

    answer = rename(api, version=version, by=by)

    assert answer.codes == ([] if version else ["NOT_FOUND"])
    assert len(new.records(api.world.principal(by).tenant_id)) == 1
    assert commits() == 1


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_a_connection_lost_before_the_commit_is_replaced_and_the_change_is_done(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    get, calls = Repository.get, []

    def cut(self: Repository[Any], *arguments: Any, **options: Any) -> Any:
        row = get(self, *arguments, **options)
        calls.append(row)
        if len(calls) == 1:
            terminate_others(api)
        return row

    new = NewRows(api)
    monkeypatch.setattr(Repository, "get", cut)

    assert rename(api).data == {"updateCustomer": DONE}
    assert len(calls) == 2
    assert len(new.records(api.world.principal(AGENT).tenant_id)) == 1


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        "{ customers { totalCount } }",
        "{ viewer { tenantId } customers { totalCount nodes { viewerCan } } }",
        '{ explainDecision(action: READ, id: "CUSTOMER") { allowed } }',
    ],
)
def test_a_query_whose_connection_is_lost_is_answered_by_another(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 1e9)  # nobody asks whether it still works
    query = query.replace("CUSTOMER", f"customer_{customer(api).id}")
    before = api.ask(AGENT, query).data
    terminate_others(api)

    assert api.ask(AGENT, query).data == before
    assert caplog.messages == []


def terminate_others(api: Api) -> None:
    """End every connection to the database of the test."""
    url = make_url(api.world.url)
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as operator:
        end = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name")
        operator.execute(end, {"name": url.database})
    engine.dispose()


def test_connections_that_are_lost_again_and_again_are_told_as_a_fault(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = customer(api).version
    commits = losing_commits(monkeypatch, delivered=False, times=99)

    answer = rename(api)

    assert answer.codes == ["UNAVAILABLE"]
    assert "not known whether the change was made" in answer.body["errors"][0]["message"]
    assert answer.response.status_code == 503
    assert commits() == 1 + 3
    assert customer(api).version == version


def test_a_write_without_a_key_is_not_repeated_when_its_commit_is_not_answered(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = losing_commits(monkeypatch, delivered=True)
    with pytest.raises(OutcomeUnknown):
        api.world.store.write(system_principal(SystemRole.OPERATOR), lambda _work: None)
    assert commits() == 1


def test_a_call_without_a_key_has_one_of_its_own_that_no_client_can_give(api: Api) -> None:
    rename(api)
    with api.world.store.engine.connect() as connection:
        keys = connection.execute(select(IdempotencyKey.key)).scalars().all()
    assert [key.isprintable() for key in keys] == [False]
