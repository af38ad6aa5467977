"""The audit chains (R53): gapless, whole, and no change of what is stored goes unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
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
from tests.store.conftest import ALDER, BIRCH, MEADOW, NOW, agent

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


@pytest.fixture
def audited(store: Store) -> Store:
    """A store in which Alder's chain and Meadow's have four records each."""
    for _ in range(LENGTH):
        call(store)
    return store


def flaws(store: Store) -> Verified:
    """The chains that are not whole, with what is wrong and where."""
    return {found.head.tenant_id: (found.flaw, found.number) for found in verify(store) if found.flaw}


def change(engine: Engine, statement: Any) -> None:
    """Do something to the audit tables past every guard, as anyone with the database password could."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.execute(statement)


def of(tenant: str, number: int) -> Any:
    return (AuditRecord.tenant_id == tenant) & (AuditRecord.number == number)


def records(engine: Engine, tenant: str = ALDER) -> list[Any]:
    with Session(engine) as session:
        found = select(AuditRecord).where(AuditRecord.tenant_id == tenant).order_by(AuditRecord.number)
        return list(session.scalars(found))


@pytest.mark.rule("R53")
def test_each_tenant_concerned_has_a_gapless_chain(engine: Engine, audited: Store) -> None:
    assert [(each.head.tenant_id, each.records, each.flaw) for each in verify(audited)] == [
        (ALDER, LENGTH, None),
        (MEADOW, LENGTH, None),
    ]
    assert [each.number for each in records(engine)] == [1, 2, 3, 4]
    assert verify_one(audited, BIRCH).flaw is None


TAMPERED: dict[str, Any] = {
    "id": new_id(),
    "operation_date": NOW + timedelta(microseconds=1),
    "operation": "create_customer",
    "status": "failed",
    "actor_tenant_id": BIRCH,
    "actor_user_id": None,
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


def test_every_column_of_a_record_is_tampered_with_below() -> None:
    assert set(TAMPERED) == {column.name for column in AuditRecord.__table__.columns}


@pytest.mark.parametrize("column", TAMPERED)
def test_a_changed_column_is_found_at_its_record(engine: Engine, audited: Store, column: str) -> None:
    change(engine, update(AuditRecord).where(of(ALDER, 2)).values({column: TAMPERED[column]}))

    flaw = ChainFlaw.MISSING if column in GONE else ChainFlaw.ALTERED
    assert flaws(audited) == {ALDER: (flaw, 2), **ELSEWHERE.get(column, {})}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_deleted_record_is_missed(engine: Engine, audited: Store, number: int) -> None:
    change(engine, delete(AuditRecord).where(of(ALDER, number)))

    assert flaws(audited) == {ALDER: (ChainFlaw.MISSING, number)}


def test_a_truncated_tail_is_missed_because_the_head_says_more(engine: Engine, audited: Store) -> None:
    change(engine, delete(AuditRecord).where(AuditRecord.tenant_id == ALDER, AuditRecord.number > 2))

    assert flaws(audited) == {ALDER: (ChainFlaw.TRUNCATED, 3)}


def test_an_inserted_record_is_found_even_with_a_good_seal(engine: Engine, audited: Store) -> None:
    last = records(engine)[-1]
    forged = {name: getattr(last, name) for name in TAMPERED} | {"id": new_id(), "number": LENGTH + 1}
    change(engine, insert(AuditRecord).values(forged | {"seal": seal_of(last.seal, forged)}))

    assert flaws(audited) == {ALDER: (ChainFlaw.BEYOND_HEAD, LENGTH + 1)}


def test_swapped_records_are_found_at_the_first(engine: Engine, audited: Store) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        change(engine, update(AuditRecord).where(of(ALDER, old)).values(number=new))

    assert flaws(audited) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_a_record_rewritten_with_a_seal_of_its_own_is_found_at_the_next(
    engine: Engine, audited: Store
) -> None:
    first, second = records(engine)[:2]
    told = {name: getattr(second, name) for name in TAMPERED} | {"operation": "create_customer"}
    told["seal"] = seal_of(first.seal, told)
    change(engine, update(AuditRecord).where(of(ALDER, 2)).values(told))

    assert flaws(audited) == {ALDER: (ChainFlaw.ALTERED, 3)}


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
def test_a_changed_head_is_found(
    engine: Engine, audited: Store, values: dict[str, Any], flaw: ChainFlaw, number: int
) -> None:
    change(engine, update(AuditChain).where(AuditChain.tenant_id == ALDER).values(values))

    assert flaws(audited) == {ALDER: (flaw, number)}


def test_a_chain_without_its_head_is_found(engine: Engine, audited: Store) -> None:
    change(engine, delete(AuditChain).where(AuditChain.tenant_id == ALDER))

    assert flaws(audited) == {ALDER: (ChainFlaw.NO_HEAD, 1)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("new_value", "'{not json'"),
        ("operation_date", "'yesterday'"),
        ("status", "'lost'"),
        ("operation", "X'ff'"),
    ],
)
def test_an_unreadable_value_is_found_at_its_record(
    engine: Engine, audited: Store, column: str, value: Any
) -> None:
    change(engine, update(AuditRecord).where(of(ALDER, 3)).values({column: literal_column(value)}))

    assert flaws(audited) == {ALDER: (ChainFlaw.ALTERED, 3)}


def test_chains_are_verified_page_by_page(
    engine: Engine, audited: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "PAGE", 1)
    sizes: list[int] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "audit_records.old_value" in statement:
            sizes.append(1)

    event.listen(engine, "before_cursor_execute", hear)
    assert flaws(audited) == {}
    event.remove(engine, "before_cursor_execute", hear)
    assert len(sizes) == 2 * (LENGTH + 1)
    change(engine, update(AuditRecord).where(of(MEADOW, 4)).values(operation="x"))
    assert flaws(audited) == {MEADOW: (ChainFlaw.ALTERED, 4)}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_eight_writers_of_one_tenant_leave_one_gapless_chain(engine: Engine, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: call(store), range(40)))

    assert [each.number for each in records(engine)] == list(range(1, 41))
    assert flaws(store) == {}
    with Session(engine) as session:
        assert session.scalar(select(Customer.phone_number)) == "40"


def test_use_cases_cannot_write_the_audit_tables(engine: Engine, audited: Store) -> None:
    record = records(engine)[0]

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
        assert _is_refused(engine, record.id, attempt), attempt.__name__
    assert flaws(audited) == {}


def _is_refused(engine: Engine, row_id: str, attempt: Callable[[GuardedSession, Any], None]) -> bool:
    with engine.connect() as connection, GuardedSession(connection) as session:
        row = session.decided(select(AuditRecord).where(AuditRecord.id == row_id), {}).scalar_one()
        session.grant([row])
        try:
            attempt(session, row)
        except PolicyBypass:
            return True
        return False


def at(engine: Engine, policy: Policy, when: datetime) -> Store:
    return Store(engine, lambda: policy, lambda: when)


YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)


@pytest.mark.rule("R53")
def test_what_is_older_than_the_retention_goes_and_the_rest_is_whole(engine: Engine, policy: Policy) -> None:
    for days in (0, 10, 20):
        call(at(engine, policy, NOW + timedelta(days=days)), key=f"key {days}")
    later = at(engine, policy, NOW + QUARTER + timedelta(days=10))

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


def test_a_chain_may_be_pruned_to_its_end_and_goes_on(engine: Engine, audited: Store, policy: Policy) -> None:
    later = at(engine, policy, NOW + YEAR)

    assert prune(later, older_than=QUARTER).records == 2 * LENGTH

    assert records(engine) == []
    assert flaws(later) == {}
    call(later)
    assert [each.number for each in records(engine)] == [LENGTH + 1]
    assert flaws(later) == {}
    assert _count(engine, AuditChain) == 2
    assert audited.engine is engine


def test_after_pruning_the_beginning_is_still_guarded(engine: Engine, policy: Policy) -> None:
    for days in (0, 10, 20):
        call(at(engine, policy, NOW + timedelta(days=days)))
    later = at(engine, policy, NOW + QUARTER + timedelta(days=10))
    prune(later, older_than=QUARTER)

    change(engine, update(AuditChain).where(AuditChain.tenant_id == ALDER).values(checkpoint=GENESIS))

    assert flaws(later) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_a_broken_chain_is_not_pruned_and_the_others_are(
    engine: Engine, audited: Store, policy: Policy
) -> None:
    change(engine, update(AuditRecord).where(of(ALDER, 2)).values(operation="x"))
    later = at(engine, policy, NOW + YEAR)

    done = prune(later, older_than=QUARTER)

    assert done.records == LENGTH
    assert len(done.broken) == 1
    assert done.broken[0].startswith(f"{ALDER}: record 2: ")
    assert len(records(engine)) == LENGTH
    assert records(engine, MEADOW) == []
    assert flaws(audited) == {ALDER: (ChainFlaw.ALTERED, 2)}


def test_idempotency_keys_go_after_eight_days_and_not_before(engine: Engine, policy: Policy) -> None:
    call(at(engine, policy, NOW), key="old")
    eight = NOW + timedelta(days=8)

    assert prune(at(engine, policy, eight), older_than=QUARTER).keys == 0
    assert prune(at(engine, policy, eight + timedelta(seconds=1)), older_than=QUARTER).keys == 1
    assert _count(engine, IdempotencyKey) == 0


@pytest.mark.parametrize(
    "without",
    [
        'grant("sweeper", "system", "expire", _: AuditRecord);',
        'grant("sweeper", "system", "expire", _: Service);',
    ],
)
def test_nothing_is_pruned_unless_the_policy_grants_it(
    engine: Engine, audited: Store, policy: Policy, without: str
) -> None:
    texts = dict(policy.source.texts)
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
