"""Decisions are recorded where they are made, by whole operations, and cost nothing if not sampled."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from multichannel.decision_log.decisions import Decision, ListDecision, RecordDecision
from multichannel.domain.tenants import TenantKind
from multichannel.errors import Busy, NotPermitted, NotVisible
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import CUSTOMER, SERVICE, USER
from multichannel.policy.schema.vocabulary import Action, AuthMode, SystemRole, system_principal
from multichannel.store.attempts import ATTEMPTS
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.decision_recorder import DecisionRecorder
from multichannel.store.engines import WRITING, execution_options
from multichannel.store.read.list_query import ListQuery, ReadableColumn, Window
from multichannel.store.read.reader import Reader
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import SIGNING_IN
from multichannel.store.write.repository import Repository
from tests.store.conftest import ALDER, BIRCH, MEADOW, NOW, add_tenant, agent

NOBODY = "00000000-0000-4000-8000-00000000ffff"
CREEK = "00000000-0000-4000-8000-000000000004"
NAMES = ListQuery(frozenset({ReadableColumn("company_name", Action.READ_SUMMARY)}), Window(10))
UPDATE = MutationContext("update_customer", "Customer", MEADOW)


@dataclass
class ListSink:
    """Keeps the decisions it receives, by operation."""

    sample: float = 1
    received: list[Sequence[Decision]] = field(default_factory=list)

    def submit(self, decisions: Sequence[Decision]) -> None:
        self.received.append(decisions)

    @property
    def only(self) -> Sequence[Decision]:
        """The decisions of the one operation there was."""
        [decisions] = self.received
        return decisions


@pytest.fixture
def sink(shared_store: Store) -> ListSink:
    """Receives every operation of the shared store."""
    return _sink(shared_store)


@pytest.fixture
def own_sink(store: Store) -> ListSink:
    """Receives every operation of the test's own store."""
    return _sink(store)


def _sink(store: Store) -> ListSink:
    sink = ListSink()
    store.recorder = DecisionRecorder(store.clock, [sink])
    return sink


@pytest.fixture
def statements(shared_engine: Engine) -> Iterator[list[str]]:
    """The text of every SELECT, as it is sent."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    event.listen(shared_engine, "before_cursor_execute", note)
    yield sent
    event.remove(shared_engine, "before_cursor_execute", note)


def summary(decision: Decision) -> tuple[str, str, Any, Any, Any]:
    """Operation and resource; of a record action, id and verdict; of a list actions, None and rows."""
    if isinstance(decision, ListDecision):
        return decision.operation, decision.resource.name, decision.actions, None, decision.rows
    found = None if decision.facts is None else decision.facts.id
    return decision.operation, decision.resource.name, decision.action, found, decision.allowed


def _fetch(row_id: str, work: UnitOfWork) -> None:
    work.customers.get(row_id, to=Action.UPDATE)


def test_a_granted_row_is_recorded_with_its_facts(
    shared_store: Store, sink: ListSink, shipped_policy: Policy
) -> None:
    shared_store.write(agent(), lambda work: work.customers.get(MEADOW, to=Action.UPDATE))

    [decision] = sink.only
    assert isinstance(decision, RecordDecision)
    assert summary(decision) == ("get", "Customer", Action.UPDATE, MEADOW, True)
    assert decision.facts is not None
    [relationship] = decision.facts.relationships
    assert (relationship.partner_id, relationship.status) == (ALDER, "active")
    assert (decision.policy, decision.time) == (shipped_policy, NOW)
    assert decision.principal == agent()
    assert decision.microseconds > 0


def test_a_hidden_row_is_recorded_with_its_facts_and_a_missing_row_without(
    shared_store: Store, sink: ListSink
) -> None:
    for row_id in (MEADOW, NOBODY):
        change = partial(_fetch, row_id)
        with pytest.raises(NotVisible):
            shared_store.write(agent(BIRCH), change)

    reads = CUSTOMER.reads
    assert [[summary(each) for each in decisions] for decisions in sink.received] == [
        [("facts", "Customer", reads, None, 0), ("get", "Customer", Action.UPDATE, MEADOW, False)],
        [("facts", "Customer", reads, None, 0), ("get", "Customer", Action.UPDATE, None, False)],
    ]


def test_each_of_several_rows_has_a_verdict_even_if_one_denies_them_all(
    store: Store, own_sink: ListSink, engine: Engine
) -> None:
    with engine.connect() as connection:
        connection.execution_options(**execution_options(engine, WRITING))
        add_tenant(connection, CREEK, TenantKind.CUSTOMER)
        connection.commit()

    with pytest.raises(NotVisible):
        store.write(agent(), lambda work: work.customers.get_all([MEADOW, CREEK, NOBODY], to=Action.READ))

    assert [summary(each)[2:] for each in own_sink.only if isinstance(each, RecordDecision)] == [
        (Action.READ, MEADOW, True),
        (Action.READ, CREEK, False),
        (Action.READ, None, False),
    ]


def test_rows_that_are_all_granted_are_all_recorded(shared_store: Store, sink: ListSink) -> None:
    shared_store.write(agent(), lambda work: work.customers.get_all([MEADOW], to=Action.READ))

    assert [summary(each) for each in sink.only] == [("get_all", "Customer", Action.READ, MEADOW, True)]


def test_a_list_is_recorded_once_with_the_number_of_its_rows(shared_store: Store, sink: ListSink) -> None:
    with shared_store.reading(agent()) as work:
        work.reader.page(CUSTOMER, NAMES)
        work.reader.count(CUSTOMER)
        work.reader.records(CUSTOMER, NAMES.columns, "id", [MEADOW, NOBODY])
        work.reader.permitted(CUSTOMER, [MEADOW])
        work.customers.find_permitted([MEADOW, NOBODY], to=Action.UPDATE)
        work.customers.facts(MEADOW)
        work.check_rows(CUSTOMER, [MEADOW], Action.UPDATE, Action.READ_SUMMARY)

    reads = CUSTOMER.reads
    assert [summary(each) for each in sink.only] == [
        ("page", "Customer", reads, None, 1),
        ("count", "Customer", reads, None, 1),
        ("records", "Customer", reads, None, 1),
        ("permitted", "Customer", CUSTOMER.actions, None, 1),
        ("find_permitted", "Customer", (Action.UPDATE,), None, 1),
        ("facts", "Customer", reads, None, 1),
        ("check_rows", "Customer", (Action.UPDATE,), None, 1),
        ("check_rows", "Customer", (Action.READ_SUMMARY,), None, 1),
    ]


def test_rows_taken_to_be_written_are_recorded_as_a_list(shared_store: Store, sink: ListSink) -> None:
    sweeper = system_principal(SystemRole.SWEEPER)
    shared_store.write(sweeper, lambda work: work.relationships.take([NOBODY], to=Action.EXPIRE))
    shared_store.write(sweeper, lambda work: work.relationships.due(after="", limit=5))

    assert [[summary(each) for each in decisions] for decisions in sink.received] == [
        [("take", "ResellerRelationship", (Action.EXPIRE,), None, 0)],
        [("due", "ResellerRelationship", (Action.EXPIRE,), None, 0)],
    ]


@pytest.mark.parametrize(("role", "allowed"), [(SystemRole.OPERATOR, True), (SystemRole.AUDITOR, False)])
def test_the_service_itself_is_a_record(
    shared_store: Store, sink: ListSink, role: SystemRole, *, allowed: bool
) -> None:
    with shared_store.reading(system_principal(role)) as work:
        if allowed:
            work.service(to=Action.ADD_PARTNER)
        else:
            with pytest.raises(NotPermitted):
                work.service(to=Action.ADD_PARTNER)

    [decision] = sink.only
    assert isinstance(decision, RecordDecision)
    assert (decision.resource, decision.action, decision.allowed) == (SERVICE, Action.ADD_PARTNER, allowed)


def test_signing_in_is_a_decision_about_the_user(shared_store: Store, sink: ListSink) -> None:
    with shared_store.reading(SIGNING_IN) as work:
        nobody = work.sign_in.caller(directory_id=ALDER, object_id=NOBODY, auth_mode=AuthMode.APP_USER)

    assert nobody is None
    [decision] = sink.only
    assert (decision.operation, decision.resource, decision.principal) == ("sign_in", USER, SIGNING_IN)
    assert isinstance(decision, RecordDecision)
    assert (decision.facts, decision.allowed) == (None, False)


def test_the_decisions_of_a_denied_mutation_are_recorded_although_nothing_is_written(
    store: Store, own_sink: ListSink, phone: Callable[[], str | None]
) -> None:
    def change(work: UnitOfWork) -> str:
        work.customers.get(MEADOW, to=Action.UPDATE).phone_number = "1"
        return work.customers.get(MEADOW, to=Action.CREATE_SUBSCRIPTION).id

    with pytest.raises(NotPermitted):
        store.act(agent(ALDER, "helpdesk_agent"), UPDATE, change)

    assert phone() == "0"
    assert [summary(each)[2:] for each in own_sink.only if isinstance(each, RecordDecision)] == [
        (Action.UPDATE, MEADOW, True),
        (Action.CREATE_SUBSCRIPTION, MEADOW, False),
    ]


@pytest.mark.parametrize("attempts", [1, 3])
def test_the_decisions_of_a_repeated_attempt_are_recorded_once(
    store: Store, own_sink: ListSink, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    monkeypatch.setattr("multichannel.store.attempts.LONGEST_PAUSE", 0)
    tries = []

    def change(work: UnitOfWork) -> str:
        work.customers.get(MEADOW, to=Action.UPDATE)
        tries.append(1)
        if len(tries) < attempts:
            raise DBAPIError("COMMIT", {}, psycopg.errors.SerializationFailure())
        return MEADOW

    store.act(agent(), UPDATE, change)

    assert len(tries) == attempts
    assert [summary(each) for each in own_sink.only] == [("get", "Customer", Action.UPDATE, MEADOW, True)]


def test_the_decisions_of_the_last_attempt_are_recorded(
    store: Store, own_sink: ListSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("multichannel.store.attempts.LONGEST_PAUSE", 0)
    tries = []

    def change(work: UnitOfWork) -> str:
        work.customers.get(MEADOW, to=Action.UPDATE)
        tries.append(1)
        raise DBAPIError("COMMIT", {}, psycopg.errors.SerializationFailure())

    with pytest.raises(Busy):
        store.act(agent(), UPDATE, change)

    assert len(tries) == ATTEMPTS
    assert len(own_sink.only) == 1


def test_the_decisions_of_one_operation_are_submitted_together(shared_store: Store, sink: ListSink) -> None:
    with shared_store.operation():
        with shared_store.reading(agent()) as work:
            work.reader.count(CUSTOMER)
        shared_store.write(agent(), lambda work: work.customers.get(MEADOW, to=Action.UPDATE))

    assert [each.operation for each in sink.only] == ["count", "get"]


def test_each_sink_receives_an_operation_whole_or_not_at_all(
    shared_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    half, tenth = ListSink(0.5), ListSink(0.1)
    shared_store.recorder = DecisionRecorder(shared_store.clock, [half, tenth])
    for drawn in (0.6, 0.3, 0.05):
        monkeypatch.setattr("random.random", lambda drawn=drawn: drawn)
        with shared_store.operation():
            for _ in range(2):
                monkeypatch.setattr("random.random", lambda: 0.0)
                with shared_store.reading(agent()) as work:
                    work.reader.count(CUSTOMER)

    assert [len(decisions) for decisions in half.received] == [2, 2]
    assert [len(decisions) for decisions in tenth.received] == [2]


def test_threads_record_separate_operations(shared_store: Store, sink: ListSink) -> None:
    def count() -> None:
        with shared_store.reading(agent(BIRCH)) as work:
            work.reader.count(CUSTOMER)

    with shared_store.operation():
        other = threading.Thread(target=count)
        other.start()
        other.join()
        with shared_store.reading(agent()) as work:
            work.reader.count(CUSTOMER)

    assert [[each.principal for each in decisions] for decisions in sink.received] == [
        [agent(BIRCH)],
        [agent()],
    ]


def test_an_operation_that_is_not_sampled_does_no_extra_work(
    shared_store: Store, statements: list[str]
) -> None:
    def use_case(work: UnitOfWork) -> bool:
        work.reader.page(CUSTOMER, NAMES)
        work.customers.get(MEADOW, to=Action.READ)
        return work._session.recording is not None

    counted = []
    for sample in (None, 0.0, 1.0):
        shared_store.recorder = (
            None if sample is None else DecisionRecorder(shared_store.clock, [ListSink(sample)])
        )
        statements.clear()
        assert shared_store.write(agent(), use_case) == (sample == 1)
        counted.append(list(statements))

    without, unsampled, sampled = counted
    assert without == unsampled
    assert sampled[:2] == without
    assert [each.split("FROM ")[1].split()[0] for each in sampled[2:]] == [
        "customers",
        "reseller_relationships",
        "delegated_admin_grants",
    ]


def test_reach_counts_rows_up_to_a_limit(shared_store: Store) -> None:
    with shared_store.reading(agent()) as work:
        assert work.reader.reach(CUSTOMER, CUSTOMER.reads, most=5) == 1
        assert work.reader.reach(CUSTOMER, CUSTOMER.reads, most=0) == 0
    with shared_store.reading(agent(BIRCH)) as work:
        assert work.reader.reach(CUSTOMER, CUSTOMER.reads, most=5) == 0


@pytest.mark.parametrize("kind", [Reader, Repository])
def test_every_public_method_that_decides_records_its_decision(kind: type) -> None:
    methods = {name: method for name, method in vars(kind).items() if inspect.isfunction(method)}
    unrecorded = {
        name for name, method in methods.items() if name[0] != "_" and not hasattr(method, "__wrapped__")
    }
    assert unrecorded <= {"visibility", "reach"}, (
        "`visibility` runs no statement; `reach` compares policies off the record"
    )
