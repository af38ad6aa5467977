"""The audit chains (R53): gapless, whole, and no change of what is stored goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from multichannel.domain.audit import (
    GENESIS,
    AuditChain,
    AuditRecord,
    ChainFlaw,
    ChainVerification,
    Event,
    IdempotencyKey,
    seal_of,
)
from multichannel.domain.base import new_id
from multichannel.domain.customers import Customer
from multichannel.errors import NotPermitted
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.audit import prune, verify, verify_one
from multichannel.store.audit import audit_chains as chains
from multichannel.store.audit.mutation_context import IdempotentRequest, MutationContext
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from tests.databases import copy_of
from tests.store.conftest import ALDER, BIRCH, MEADOW, NOW, agent, opened

Verified = dict[str, tuple[ChainFlaw | None, int | None]]
LENGTH = 4


def call(store: Store, key: str | None = None, by: str = ALDER) -> None:
    """One more call to Meadow: its telephone number counts them."""

    def use_case(work: UnitOfWork) -> str:
        customer = work.customers.get(MEADOW, to=Action.UPDATE)
        customer.phone_number = str(int(customer.phone_number or "0") + 1)
        return customer.id

    act = MutationContext(
        "update_customer", "Customer", MEADOW, new_id(), IdempotentRequest(key, "digest") if key else None
    )
    store.act(agent(by), act, use_case)


@pytest.fixture(scope="module")
def audited_url(
    served: str, shipped_policy: Policy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database to be copied, in which Alder's chain and Meadow's have four records each."""
    with copy_of(served, tmp_path_factory.mktemp("audited")) as url:
        with opened(url) as engine:
            for _ in range(LENGTH):
                call(at(engine, shipped_policy, NOW))
        yield url


@pytest.fixture
def audited(audited_url: str, shipped_policy: Policy, tmp_path: Path) -> Iterator[Store]:
    """A store with these chains, for this test alone."""
    with copy_of(audited_url, tmp_path) as url, opened(url) as engine:
        yield at(engine, shipped_policy, NOW)


@pytest.fixture(scope="module")
def whole(
    audited_url: str, shipped_policy: Policy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A store with these chains, for tests that leave them as they are."""
    with copy_of(audited_url, tmp_path_factory.mktemp("whole")) as url, opened(url) as engine:
        yield at(engine, shipped_policy, NOW)


def at(engine: Engine, policy: Policy, when: datetime) -> Store:
    return Store(engine, lambda: policy, lambda: when)


def flaws(store: Store) -> Verified:
    """The chains that are not whole, with what is wrong and where."""
    return {found.head.tenant_id: (found.flaw, found.number) for found in verify(store) if found.flaw}


def change(engine: Engine, *statements: Any) -> None:
    """Do something to the audit tables past every guard, as anyone with the database password could."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)


def flaws_after(store: Store, *statements: Any) -> Verified:
    """The flaws that changes of the audit tables lead to; the tables are then as they were before."""
    tables: list[Any] = [AuditChain.__table__, AuditRecord.__table__]
    with store.engine.connect() as connection:
        rows = [[dict(row) for row in connection.execute(select(table)).mappings()] for table in tables]
    try:
        change(store.engine, *statements)
        return flaws(store)
    finally:
        change(store.engine, *(delete(table) for table in tables))
        change(store.engine, *(insert(table).values(each) for table, each in zip(tables, rows, strict=True)))


def of(tenant: str, number: int) -> Any:
    return (AuditRecord.tenant_id == tenant) & (AuditRecord.number == number)


def records(engine: Engine, tenant: str = ALDER) -> list[Any]:
    with Session(engine) as session:
        found = select(AuditRecord).where(AuditRecord.tenant_id == tenant).order_by(AuditRecord.number)
        return list(session.scalars(found))


@pytest.mark.rule("R53")
def test_each_tenant_concerned_has_a_gapless_chain(whole: Store) -> None:
    assert [(each.head.tenant_id, each.records, each.flaw) for each in verify(whole)] == [
        (ALDER, LENGTH, None),
        (MEADOW, LENGTH, None),
    ]
    assert [each.number for each in records(whole.engine)] == [1, 2, 3, 4]
    assert verify_one(whole, BIRCH).flaw is None


TAMPERED: dict[str, Any] = {
    "id": new_id(),
    "operation_date": NOW + timedelta(microseconds=1),
    "operation": "create_customer",
    "status": "failed",
    "actor_tenant_id": BIRCH,
    "actor_user_id": None,
    "delegated_admin_grant_id": new_id(),
    "actor_name": "Somebody else",
    "resource_type": "Subscription",
    "resource_id": BIRCH,
    "customer_id": None,
    "old_value": {"phone_number": "7"},
    "new_value": {"phone_number": "8"},
    "reasons": ["STALE_VERSION"],
    "event_id": None,
    "correlation_id": new_id(),
    "cloud": "us_government",
    "seal": "f" * 64,
    "tenant_id": BIRCH,
    "number": 99,
}
ELSEWHERE = {"tenant_id": {BIRCH: (ChainFlaw.NO_HEAD, 2)}}
GONE = {"tenant_id", "number"}
SWAPPED = ((2, 99), (3, 2), (99, 3))


def test_every_column_of_a_record_is_tampered_with_below() -> None:
    assert set(TAMPERED) == {column.name for column in AuditRecord.__table__.columns}


@pytest.mark.parametrize("column", TAMPERED)
def test_a_changed_column_is_found_at_its_record(whole: Store, column: str) -> None:
    found = flaws_after(whole, update(AuditRecord).where(of(ALDER, 2)).values({column: TAMPERED[column]}))

    flaw = ChainFlaw.MISSING if column in GONE else ChainFlaw.ALTERED
    assert found == {ALDER: (flaw, 2), **ELSEWHERE.get(column, {})}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_deleted_record_is_missed(whole: Store, number: int) -> None:
    found = flaws_after(whole, delete(AuditRecord).where(of(ALDER, number)))

    assert found == {ALDER: (ChainFlaw.MISSING, number)}


def test_a_truncated_tail_is_missed_because_the_head_says_more(whole: Store) -> None:
    found = flaws_after(
        whole, delete(AuditRecord).where(AuditRecord.tenant_id == ALDER, AuditRecord.number > 2)
    )

    assert found == {ALDER: (ChainFlaw.TRUNCATED, 3)}


def test_an_inserted_record_is_found_even_with_a_good_seal(whole: Store) -> None:
    last = records(whole.engine)[-1]
    forged = {name: getattr(last, name) for name in TAMPERED} | {"id": new_id(), "number": LENGTH + 1}
    forged["seal"] = seal_of(last.seal, forged)

    assert flaws_after(whole, insert(AuditRecord).values(forged)) == {
        ALDER: (ChainFlaw.BEYOND_HEAD, LENGTH + 1)
    }


def test_swapped_records_are_found_at_the_first(whole: Store) -> None:
    swap = [update(AuditRecord).where(of(ALDER, old)).values(number=new) for old, new in SWAPPED]

    assert flaws_after(whole, *swap) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_a_record_rewritten_with_a_seal_of_its_own_is_found_at_the_next(whole: Store) -> None:
    first, second = records(whole.engine)[:2]
    forged = {name: getattr(second, name) for name in TAMPERED} | {"operation": "create_customer"}
    forged["seal"] = seal_of(first.seal, forged)

    assert flaws_after(whole, update(AuditRecord).where(of(ALDER, 2)).values(forged)) == {
        ALDER: (ChainFlaw.ALTERED, 3)
    }


@pytest.mark.parametrize(
    ("values", "flaw", "number"),
    [
        ({"length": 3}, ChainFlaw.BEYOND_HEAD, 4),
        ({"length": 5}, ChainFlaw.TRUNCATED, 5),
        ({"seal": "0" * 64}, ChainFlaw.HEAD_ALTERED, 4),
        ({"checkpoint": "1" * 64}, ChainFlaw.CHECKPOINT_ALTERED, 1),
        ({"pruned": 1}, ChainFlaw.ALTERED, 2),
        ({"pruned": 1, "checkpoint": "1" * 64}, ChainFlaw.ALTERED, 2),
    ],
)
def test_a_changed_head_is_found(whole: Store, values: dict[str, Any], flaw: ChainFlaw, number: int) -> None:
    found = flaws_after(whole, update(AuditChain).where(AuditChain.tenant_id == ALDER).values(values))

    assert found == {ALDER: (flaw, number)}


def test_a_chain_without_its_head_is_found(whole: Store) -> None:
    found = flaws_after(whole, delete(AuditChain).where(AuditChain.tenant_id == ALDER))

    assert found == {ALDER: (ChainFlaw.NO_HEAD, 1)}


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("new_value", "'{not json'"),
        ("operation_date", "'yesterday'"),
        ("status", "'lost'"),
        ("operation", "X'ff'"),
    ],
)
def test_an_unreadable_value_is_found_at_its_record(whole: Store, column: str, value: Any) -> None:
    found = flaws_after(
        whole, update(AuditRecord).where(of(ALDER, 3)).values({column: literal_column(value)})
    )

    assert found == {ALDER: (ChainFlaw.ALTERED, 3)}


def test_chains_are_verified_page_by_page(whole: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "PAGE", 1)
    sizes: list[int] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "audit_records.old_value" in statement:
            sizes.append(1)

    event.listen(whole.engine, "before_cursor_execute", hear)
    assert flaws(whole) == {}
    event.remove(whole.engine, "before_cursor_execute", hear)
    assert len(sizes) == 2 * (LENGTH + 1)
    altered = update(AuditRecord).where(of(MEADOW, 4)).values(operation="x")
    assert flaws_after(whole, altered) == {MEADOW: (ChainFlaw.ALTERED, 4)}


@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_eight_writers_of_one_tenant_leave_one_gapless_chain(engine: Engine, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: call(store), range(40)))

    assert [each.number for each in records(engine)] == list(range(1, 41))
    assert flaws(store) == {}
    with Session(engine) as session:
        assert session.scalar(select(Customer.phone_number)) == "40"


def test_use_cases_cannot_write_the_audit_tables(whole: Store) -> None:
    record = records(whole.engine)[0]

    def alter(session: GuardedSession, row: Any) -> None:
        row.operation = "x"
        session.flush()

    def remove(session: GuardedSession, row: Any) -> None:
        session.delete(row)
        session.flush()

    def add(session: GuardedSession, row: Any) -> None:
        fresh = AuditRecord(**{name: getattr(row, name) for name in TAMPERED if name != "id"})
        session.grant([fresh])
        session.add(fresh)
        session.flush()

    def in_bulk(session: GuardedSession, _row: Any) -> None:
        session.write(update(AuditRecord).values(operation="x"), [{}])

    def as_audit_table(session: GuardedSession, _row: Any) -> None:
        session.write_audit(update(AuditRecord).values(operation="x"), [])

    for attempt in (alter, remove, add, in_bulk, as_audit_table):
        assert _is_refused(whole.engine, record.id, attempt), attempt.__name__
    assert flaws(whole) == {}


def _is_refused(engine: Engine, row_id: str, attempt: Callable[[GuardedSession, Any], None]) -> bool:
    with engine.connect() as connection, GuardedSession(connection) as session:
        ((row,),) = session.decided_objects(select(AuditRecord).where(AuditRecord.id == row_id))
        session.grant([row])
        try:
            attempt(session, row)
        except PolicyBypass:
            return True
        return False


YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)


@pytest.mark.rule("R53")
def test_what_is_older_than_the_retention_goes_and_the_rest_is_whole(
    engine: Engine, shipped_policy: Policy
) -> None:
    for days in (0, 10, 20):
        call(at(engine, shipped_policy, NOW + timedelta(days=days)), key=f"key {days}")
    later = at(engine, shipped_policy, NOW + QUARTER + timedelta(days=10))

    done = prune(later, older_than=QUARTER)

    assert (done.records, done.events, done.keys, done.broken) == (2, 1, 3, ())
    assert [each.number for each in records(engine)] == [2, 3]
    assert flaws(later) == {}
    assert verify_one(later, ALDER).head.pruned == 1
    assert _count(engine, Event) == 2
    call(later)
    assert verify_one(later, ALDER) == ChainVerification(verify_one(later, ALDER).head, 3)
    again = prune(later, older_than=QUARTER)
    assert (again.records, again.events, again.keys) == (0, 0, 0)


def test_a_chain_may_be_pruned_to_its_end_and_goes_on(audited: Store, shipped_policy: Policy) -> None:
    engine = audited.engine
    later = at(engine, shipped_policy, NOW + YEAR)

    assert prune(later, older_than=QUARTER).records == 2 * LENGTH

    assert records(engine) == []
    assert flaws(later) == {}
    call(later)
    assert [each.number for each in records(engine)] == [LENGTH + 1]
    assert flaws(later) == {}
    assert _count(engine, AuditChain) == 2


def test_after_pruning_the_beginning_is_still_guarded(engine: Engine, shipped_policy: Policy) -> None:
    for days in (0, 10, 20):
        call(at(engine, shipped_policy, NOW + timedelta(days=days)))
    later = at(engine, shipped_policy, NOW + QUARTER + timedelta(days=10))
    prune(later, older_than=QUARTER)

    change(engine, update(AuditChain).where(AuditChain.tenant_id == ALDER).values(checkpoint=GENESIS))

    assert flaws(later) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_a_broken_chain_is_not_pruned_and_the_others_are(audited: Store, shipped_policy: Policy) -> None:
    engine = audited.engine
    change(engine, update(AuditRecord).where(of(ALDER, 2)).values(operation="x"))
    later = at(engine, shipped_policy, NOW + YEAR)

    done = prune(later, older_than=QUARTER)

    assert done.records == LENGTH
    assert len(done.broken) == 1
    assert done.broken[0].startswith(f"{ALDER}: record 2: ")
    assert len(records(engine)) == LENGTH
    assert records(engine, MEADOW) == []
    assert flaws(audited) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_idempotency_keys_go_after_eight_days_and_not_before(engine: Engine, shipped_policy: Policy) -> None:
    call(at(engine, shipped_policy, NOW), key="old")
    eight = NOW + timedelta(days=8)

    assert prune(at(engine, shipped_policy, eight), older_than=QUARTER).keys == 0
    assert prune(at(engine, shipped_policy, eight + timedelta(seconds=1)), older_than=QUARTER).keys == 1
    assert _count(engine, IdempotencyKey) == 0


@pytest.mark.parametrize(
    "without",
    [
        'grant("sweeper", "system", "expire", _: AuditRecord);',
        'grant("sweeper", "system", "expire", _: Service);',
    ],
)
def test_nothing_is_pruned_unless_the_policy_grants_it(
    audited: Store, shipped_policy: Policy, without: str
) -> None:
    engine = audited.engine
    texts = dict(shipped_policy.source.texts)
    assert without in texts["system.polar"]
    texts["system.polar"] = texts["system.polar"].replace(without, "")
    strict = Policy(PolicySource(tuple(texts.items())))

    with pytest.raises(NotPermitted):
        prune(at(engine, strict, NOW + YEAR), older_than=QUARTER)

    assert _count(engine, Event) == LENGTH
    assert flaws(audited) == {}


def _count(engine: Engine, model: Any) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(model)) or 0)
