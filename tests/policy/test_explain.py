"""Explanations are right: what they name is what decides, and nothing else is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.explanation import Explanation, explain
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.engines import WRITING, execution_options, open_database
from multichannel.store.facts import facts_of
from multichannel.store.session import GuardedSession
from tests.policy.changing import given_what_it_lacks
from tests.policy.variants import Variants
from tests.policy.worlds import principals, store, worlds
from tests.policy.worlds.plain import KINDS

WITH_ACTIONS = {name: each for name, each in RESOURCES.items() if each.actions}
STEPS = 4
"""A record has to be there before its facts can be as they are wanted."""


@dataclass(frozen=True)
class Decision:
    """One thing to explain."""

    who: Principal
    action: Action
    resource: Resource
    record: Any


@pytest.fixture(scope="module")
def variants(policy: Policy) -> Variants:
    return Variants(policy.source)


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    opened = open_database(sqlite_url, connections=1)
    yield opened
    opened.dispose()


def decisions(engine: Engine, policy: Policy, count: int) -> list[tuple[Decision, bool]]:
    """So many decisions of generated worlds with their verdicts, half of them allowed."""
    found: dict[tuple[str, Action, bool], list[Decision]] = {}
    examples = 5 if count < 500 else 16 * (count // 500)

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def gather(data: st.DataObject) -> None:
        world = data.draw(worlds(data.draw(st.sampled_from(KINDS))))
        people = data.draw(principals(world))
        with engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            store(connection, world)
            session = GuardedSession(connection)
            for decision in _all_of(world, people, session):
                who, roles = decision.who, decision.who.roles
                verdicts = policy.verdicts(who, decision.record, [roles])[roles]
                for action, verdict in verdicts.items():
                    kept = found.setdefault((decision.resource.name, action, verdict.allowed), [])
                    kept.append(replace(decision, action=action))

    gather()
    return [*_drawn(found, count // 2, allowed=True), *_drawn(found, count - count // 2, allowed=False)]


def _all_of(world: Any, people: list[Principal], session: GuardedSession) -> Iterator[Decision]:
    """Everybody before every record; the action is yet to be filled in."""

    def run(statement: Any) -> Any:
        return session.decided(statement, now=world.now).all()

    @cache
    def facts(resource: Resource, row_id: str, tenant_id: str) -> Any:
        return facts_of(run, resource, row_id, tenant_id=tenant_id)

    for resource in WITH_ACTIONS.values():
        rows = world.rows(resource.name) if resource.model else []
        for who in people:
            if resource.model is None:
                yield Decision(who, resource.actions[0], resource, ServiceFacts(id="service"))
            for row in rows:
                # Only of a partner's links is it a matter of who asks which of them are facts.
                asking = who.tenant_id if resource.name == "Partner" else ""
                yield Decision(who, resource.actions[0], resource, facts(resource, row["id"], asking))


def _drawn(
    found: dict[tuple[str, Action, bool], list[Decision]], count: int, *, allowed: bool
) -> Iterator[tuple[Decision, bool]]:
    """Some of each resource and action in turn, so that the rare ones are among them."""
    chance = random.Random(count)  # noqa: S311  (it picks examples)
    of_resource: Counter[str] = Counter()
    piles = []
    for key, pile in sorted(found.items()):
        if key[2] is allowed:
            of_resource[key[0]] += 1
            piles.append((of_resource[key[0]], chance.sample(pile, len(pile))))
    piles.sort(key=itemgetter(0))  # one action of each resource, then another
    drawn = 0
    while drawn < count:
        for _, pile in piles:
            if pile and drawn < count:
                yield pile.pop(), allowed
                drawn += 1


@pytest.mark.parametrize(
    "count", [30, pytest.param(500, marks=pytest.mark.long), pytest.param(5000, marks=pytest.mark.long)]
)
def test_what_an_explanation_names_is_what_decides(
    engine: Engine, policy: Policy, variants: Variants, count: int
) -> None:
    tally: Counter[tuple[str, bool]] = Counter()
    for decision, allowed in decisions(engine, policy, count):
        found = explain(policy, decision.who, decision.action, decision.resource, decision.record)
        assert found.allowed is allowed
        _restrictions_are_those_that_hit(variants, decision, found)
        _derivations_are_those_there_are(variants, decision, found)
        if not found.allowed:
            _ways_lead_to_a_grant(policy, variants, decision, found)
        tally[decision.resource.name, allowed] += 1
    assert sum(tally.values()) == count
    assert {name for name, _ in tally} == set(WITH_ACTIONS)
    assert all(tally[name, True] and tally[name, False] for name in WITH_ACTIONS), tally


def _restrictions_are_those_that_hit(variants: Variants, decision: Decision, found: Explanation) -> None:
    """Each named one hits when it stands alone, no other does, and without those named none hits."""
    named = _named(found.restrictions, "forbid")
    asked = decision.who, decision.action, decision.record
    assert not variants.restricts(*asked, without=named)
    for rule in variants.rules("forbid", decision.resource.name) if named else ():
        alone = variants.all_but(rule, decision.action, decision.record)
        assert variants.restricts(*asked, without=alone) is (rule in named), (rule.position, decision)
    assert all(each.holds for item in found.restrictions for each in item.conditions)
    assert all(item.conditions or " if" not in item.rules[0].text for item in found.restrictions)


def _derivations_are_those_there_are(variants: Variants, decision: Decision, found: Explanation) -> None:
    """A standing or grant leads there alone if it is named, and only then; without them none does."""
    asked = decision.who, decision.action, decision.record
    for name in ("has_standing", "grant"):
        named = _named(found.grants, name)
        assert not variants.grants(*asked, without=named)
        for rule in variants.rules(name, decision.resource.name) if named else ():
            if rule.about is not None:
                alone = {
                    each
                    for each in variants.all_but(rule, decision.action, decision.record)
                    if each.about is not None
                }
                assert variants.grants(*asked, without=alone) is (rule in named), (rule.position, decision)
    assert all(each.holds for item in found.grants for each in item.conditions)
    assert all(item.conditions and item.roles and item.standing for item in found.grants)


def _ways_lead_to_a_grant(policy: Policy, variants: Variants, decision: Decision, found: Explanation) -> None:
    """With what the nearest way lacks given to it, and the restrictions named then lifted, it is allowed."""
    who, record = decision.who, decision.record
    if not found.grants:
        assert found.near_misses, decision
        wanted = _standing(found.near_misses[0])
        for _ in range(STEPS):
            miss = next(each for each in found.near_misses if _standing(each) == wanted)
            who, record = given_what_it_lacks(miss, who, record)
            found = explain(policy, who, decision.action, decision.resource, record)
            if found.grants:
                break
        assert any(_standing(each) == wanted for each in found.grants), decision
    lifted = _named(found.restrictions, "forbid")
    assert variants.grants(who, decision.action, record)
    assert not variants.restricts(who, decision.action, record, without=lifted)


def _named(items: Any, name: str) -> frozenset[Rule]:
    return frozenset(rule for item in items for rule in item.rules if rule.name == name)


def _standing(item: Any) -> frozenset[Rule]:
    return _named([item], "has_standing")
