"""One answer for every (principal, action, row): point check, predicates on both databases, oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count, cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, literal, select, union_all

from multichannel.policy.decide.conditions import Predicate, failures
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import where
from multichannel.policy.explain.explanation import explain
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import READS, Action, Principal
from multichannel.store.access import Access
from multichannel.store.engines import WRITING, execution_options, open_database
from multichannel.store.facts import facts_of
from multichannel.store.read.list_query import ListQuery, OrderBy, ReadableColumn, Window, by_column
from multichannel.store.read.reader import Reader
from multichannel.store.session import GuardedSession
from tests.policy.oracle import Oracle, World
from tests.policy.worlds import principals, store, worlds
from tests.policy.worlds.plain import KINDS

STORED = [resource for resource in RESOURCES.values() if resource.model is not None and resource.actions]
SHOWN = {
    "Customer": "company_name",
    "Subscription": "friendly_name",
    "SupportCase": "subject",
    "ResellerRelationship": "market",
    "DelegatedAdminGrant": "requested_at",
    "Partnership": "market",
    "Partner": "name",
    "BillingProfile": "company_name",
    "User": "display_name",
    "CustomerAgreement": "agreed_at",
    "BulkOperation": "mutation",
    "AuditRecord": "operation_date",
    "Transfer": "requested_at",
    "VendorTask": "since",
}
"""What lists are ordered by; of customers and subscriptions it may be null."""

Tally = Counter[tuple[str, Action, bool]]


class Stored:
    """One world as one database holds it."""

    def __init__(self, policy: Policy, world: World, session: GuardedSession) -> None:
        """Look at a world that was stored over the session's connection."""
        self.policy, self.world, self.session = policy, world, session

    def granted(self, who: Principal, resource: Resource) -> dict[Action, set[str]]:
        """The rows that the predicate of each action grants, in one statement; equal predicates are one."""
        model: Any = resource.model
        predicates = {action: self.policy.predicate(who, action, resource) for action in resource.actions}
        distinct = list(dict.fromkeys(predicates.values()))
        selects = (
            select(literal(number).label("number"), model.id).where(where(predicate, resource, model))
            for number, predicate in enumerate(distinct)
        )
        rows: dict[Predicate, set[str]] = {predicate: set() for predicate in distinct}
        for number, row_id in self.run(union_all(*selects)):
            rows[distinct[number]].add(row_id)
        return {action: rows[predicate] for action, predicate in predicates.items()}

    def facts(self, resource: Resource, row_id: str, who: Principal) -> Any:
        """The facts of one row, as the principal's check is given them."""
        tenant = who.tenant_id if resource.name == "Partner" else ""
        key = (resource.name, row_id, tenant)
        if key not in self._facts:
            self._facts[key] = facts_of(self.run, resource, row_id, tenant_id=who.tenant_id)
        return self._facts[key]

    def reader(self, who: Principal) -> Reader:
        """What lists and counts are read with."""
        return Reader(Access(self.session, self.policy, who, self.world.now))

    def run(self, statement: Any) -> Any:
        """All rows of a statement, at the world's time."""
        return self.session.decided(statement, now=self.world.now).all()

    @cached_property
    def _facts(self) -> dict[tuple[str, str, str], Any]:
        return {}


@contextmanager
def stored(engines: list[Engine], policy: Policy, world: World) -> Iterator[list[Stored]]:
    """The world in each database, until the block ends."""
    with ExitStack() as stack:
        found = []
        for engine in engines:
            connection = stack.enter_context(engine.connect())
            connection.execution_options(**execution_options(engine, WRITING))
            store(connection, world)
            found.append(Stored(policy, world, stack.enter_context(GuardedSession(connection))))
        yield found


@pytest.fixture
def engines(sqlite_url: str, postgresql_url: str) -> Iterator[list[Engine]]:
    """One engine for each database."""
    opened = [open_database(url, connections=1) for url in (sqlite_url, postgresql_url)]
    yield opened
    for engine in opened:
        engine.dispose()


def asked(examples: int, *, repeatable: bool) -> settings:
    """Few examples are the same in every run; many look elsewhere each time, and shrink what they find."""
    return settings(
        max_examples=examples,
        derandomize=repeatable,
        database=None,
        deadline=None,
        phases=[Phase.generate] if repeatable else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=not repeatable,
    )


@pytest.mark.parametrize("examples", [3, pytest.param(400, marks=pytest.mark.long)])
def test_point_check_both_predicates_and_the_oracle_give_one_answer(
    engines: list[Engine], policy: Policy, examples: int
) -> None:
    tally: Tally = Counter()
    kinds, turns = cycle(KINDS), count()

    @asked(examples, repeatable=examples < 400)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds(next(kinds)))
        people = data.draw(principals(world))
        with stored(engines, policy, world) as databases:
            for who in people:
                for resource in STORED:
                    tally.update(_decisions(databases, who, resource, turns))

    agree()
    decided = {(resource, allowed) for resource, _, allowed in tally}
    assert decided == {(each.name, allowed) for each in STORED for allowed in (True, False)}
    missing = [
        f"{resource.name}.{action} was never {'allowed' if verdict else 'denied'}"
        for resource in STORED
        for action in resource.actions
        for verdict in (True, False)
        if not tally[resource.name, action, verdict]
    ]
    assert missing == [] or examples < 400  # in a few worlds some rare action is always denied


def _decisions(
    databases: list[Stored], who: Principal, resource: Resource, turns: Iterator[int]
) -> Iterator[Any]:
    """Compare all answers about one kind of resource; yields each decision for the tally.

    The verdicts on a record come from one question about all actions, and one of them, in turn, from another.
    """
    world, policy = databases[0].world, databases[0].policy
    oracle = Oracle(world)
    answers = [database.granted(who, resource) for database in databases]
    for row in world.rows(resource.name):
        facts = databases[0].facts(resource, row["id"], who)
        verdicts = policy.verdicts(who, facts, [who.roles])[who.roles]
        alone = next(turns) % len(resource.actions)
        for place, (action, verdict) in enumerate(verdicts.items()):
            expected = oracle.may(who, action, resource.name, row)
            given_answers = {
                "oracle": expected,
                "check": verdict.allowed,
                "sqlite": row["id"] in answers[0][action],
                "postgresql": row["id"] in answers[1][action],
            }
            if place == alone:
                assert policy.check(who, action, facts) == verdict
            if len(set(given_answers.values())) != 1:
                pytest.fail(f"{given_answers}\n{who}\n{action} of the {resource.name}\n{row}", pytrace=False)
            if who.kind != "system":
                assert set(verdict.reasons) == oracle.reasons(who, action, resource.name, row)
            yield resource.name, action, expected


@pytest.mark.parametrize("examples", [1, pytest.param(200, marks=pytest.mark.long)])
def test_lists_counts_and_permissions_show_what_the_predicates_grant(
    engines: list[Engine], policy: Policy, examples: int
) -> None:
    @asked(examples, repeatable=examples < 200)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds())
        people = data.draw(principals(world))
        order = OrderBy if data.draw(st.booleans()) else _by_shown
        with stored(engines, policy, world) as databases:
            for who in people:
                for resource in STORED:
                    listings = [_listings(database, who, resource, order) for database in databases]
                    assert listings[0] == listings[1]

    agree()


def _by_shown(resource: Resource | None = None) -> OrderBy:
    return by_column(_shown(resource)) if resource else OrderBy()


def _shown(resource: Resource) -> ReadableColumn:
    return ReadableColumn(SHOWN[resource.name], resource.reads[-1])


def _listings(database: Stored, who: Principal, resource: Resource, order: Any) -> list[str]:
    """The visible rows in order, after each way of getting at them was compared with the predicates."""
    reader = database.reader(who)
    by_action = database.granted(who, resource)
    union = set().union(*(by_action[action] for action in resource.reads))
    walked = _walk(reader, resource, _by_shown(resource) if order is _by_shown else OrderBy())
    model: Any = resource.model
    visible = {
        row.id
        for row in database.run(select(model.id).where(reader.visibility(resource).visible(resource.model)))
    }
    ids = [row["id"] for row in database.world.rows(resource.name)]
    assert visible == union, (who, resource.name)
    assert len(walked) == len(set(walked)), "a row came twice"
    assert set(walked) == union, (who, resource.name)
    assert reader.count(resource) == len(union), (who, resource.name)
    permitted = reader.permitted(resource, ids)
    assert permitted == {
        row_id: [action for action in resource.actions if row_id in by_action[action]] for row_id in ids
    }
    return walked


def _walk(reader: Reader, resource: Resource, order: OrderBy) -> list[str]:
    """All ids of a list, two by two."""
    columns = frozenset({_shown(resource)})
    found: list[str] = []
    window = Window(2)
    while True:
        page = reader.page(resource, ListQuery(columns, window, order=order))
        found += [record.id for record in page.records]
        if not page.more_after:
            return found
        window = Window(2, after=page.records[-1].position)


@pytest.mark.parametrize("examples", [1, pytest.param(150, marks=pytest.mark.long)])
def test_explanations_agree_with_decisions(engines: list[Engine], policy: Policy, examples: int) -> None:
    @asked(examples, repeatable=examples < 150)
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        world = data.draw(worlds())
        people = data.draw(principals(world))
        who = data.draw(st.sampled_from(people))
        with stored(engines[:1], policy, world) as (database,):
            for resource in STORED:
                for action in resource.actions:
                    _explained(database, who, action, resource)

    agree()


def _explained(database: Stored, who: Principal, action: Action, resource: Resource) -> None:
    policy = database.policy
    grants = policy.grants(who, action, resource)
    restrictions = policy.restrictions(who, action, resource)
    for row in database.world.rows(resource.name):
        facts = database.facts(resource, row["id"], who)
        verdict = policy.check(who, action, facts)
        granted = any(not failures(item.conditions, facts) for item in grants)
        hit = {item.name for item in restrictions if not failures(item.conditions, facts)}
        assert hit == set(verdict.reasons)
        assert (granted and not hit) == verdict.allowed
        explanation = explain(policy, who, action, resource, facts)
        assert explanation.allowed == verdict.allowed
        assert {item.code for item in explanation.restrictions} == set(verdict.reasons)
        assert explanation.grants or not explanation.allowed
        assert all(rule.line > 0 for grant in explanation.grants for rule in grant.rules)


def test_every_resource_that_is_stored_has_a_degree_of_reading() -> None:
    assert [resource.name for resource in STORED if not set(resource.reads) & set(READS)] == []
