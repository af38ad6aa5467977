"""No decision differs that a comparison does not tell: tried with one row and one role more than it tries.

The records are drawn by a program that knows neither the search nor its bounds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from multichannel.domain.tenants import PartnerType, TenantKind
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import OTHER_MARKET, OWN_TENANT, all_principals, roles_of
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar
from multichannel.policy.schema.vocabulary import Principal
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.diff.changes import Direction, PolicyDiff
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion
from tests.workbench.mutants.operators import mutants

SEED, RECORDS = 20261129, 150
IDS = (OWN_TENANT, OWN_TENANT, "another", "a_third", "a_fourth")
KINDS = ("Customer", "Subscription", "Transfer", "User", "ResellerRelationship", "SupportCase", "Partner")
SOURCE = PolicySource.read(SHIPPED_POLICIES)
STATUSES = ("active", "requested", "removed", "ended_by_customer")


@cache
def shipped() -> Policy:
    return Policy(SOURCE)


@cache
def version() -> PolicyVersion:
    return PolicyVersion(shipped())


def generated(draw: random.Random) -> tuple[str, PolicySource]:
    """An edit: a mutant of a rule, or a rule more, which asks for up to three rows and two roles."""
    if draw.random() < 0.5:
        mutant = draw.choice(_mutants())
        return str(mutant), mutant.source
    names = [f"r{number}" for number in range(draw.randint(1, 3))]
    conditions = [
        f"p.type = {_word(draw.choice(list(PartnerType)))}" if draw.random() < 0.3 else "p.kind = p.kind"
    ]
    for name in names:
        conditions.append(f"{name} in c.relationships and {name}.status = {_word(draw.choice(STATUSES))}")
        column = draw.choice(("partner_id", "associated_partner_id"))
        conditions.append(f"{name}.{column} {draw.choice(('=', '=', '!='))} p.tenant_id")
    conditions += [
        f"{one}.partner_id != {other}.partner_id" for one, other in pairwise(names) if draw.random() < 0.5
    ]
    for role in draw.sample(roles_of(TenantKind.PARTNER), draw.randint(0, 2)):
        conditions.append(f"{_word(role)} in p.roles")
    heads = (
        'has_standing(p: Principal, "relationship_holder", c: Customer)',
        'has_standing(p: Principal, "attached_reseller", c: Customer)',
        'forbid("DIFFERENT_MARKET", p: Principal, "update", c: Customer)',
        'forbid("CLOSED", p: Principal, "read", c: Customer)',
    )
    rule = f"{draw.choice(heads)} if\n  {' and '.join(conditions)};\n"
    texts = dict(SOURCE.texts)
    texts["customer.polar"] += f"\n# A rule more.\n{rule}"
    return rule, PolicySource(tuple(sorted(texts.items())))


def _word(text: str) -> str:
    return f'"{text}"'


@cache
def _mutants() -> tuple[Any, ...]:
    """Of single kinds of records; a grant that asks for grants may ask for itself without end."""
    return tuple(each for each in mutants(SOURCE) if each.kind in KINDS and each.text.count("grant(") < 2)


class Drawing:
    """Principals and whole records, drawn from the words that facts can have."""

    def __init__(self, draw: random.Random, rows: int) -> None:
        self._draw, self._rows = draw, rows

    def principal(self, roles: int) -> Principal:
        """Somebody with up to so many roles."""
        principal = self._draw.choice(_principals())
        known = roles_of(principal.kind)
        count = min(self._draw.randint(1, roles), len(known))
        return replace(principal, roles=tuple(self._draw.sample(known, count)))

    def record(self, resource: Resource, depth: int = 0, **known: Any) -> Any:
        """A record with up to so many rows in each relation."""
        values = {
            name: known.get(name, self._value(name, fact))
            for name, fact in resource.attributes.items()
            if isinstance(fact, Scalar)
        }
        related = {
            name: self._related(fact, values, depth)
            for name, fact in resource.attributes.items()
            if isinstance(fact, Relation)
        }
        return resource.facts(**values, **related)

    def _related(self, relation: Relation, values: dict[str, Any], depth: int) -> Any:
        target = RESOURCES[relation.target]
        if relation.many is None:
            known = {"id": values[relation.local]} if relation.local in values else {}
            return self.record(target, depth + 1, **known)
        count = 0 if depth > 1 else self._draw.randint(0, self._rows)
        known = {relation.many.column: values[relation.local]}
        known |= {relation.many.between: OWN_TENANT} if relation.many.between else {}
        return [self.record(target, depth + 1, **known) for _ in range(count)]

    def _value(self, name: str, fact: Scalar) -> Any:
        if fact.nullable and self._draw.random() < 0.2:
            return None
        if fact.words is not None:
            words = sorted(fact.words)
            return "public" if name == "cloud" and self._draw.random() < 0.8 else self._draw.choice(words)
        if fact.is_flag:
            return self._draw.random() < 0.5
        if name == "market":
            return self._draw.choice(("US", "CA", OTHER_MARKET))
        return self._draw.choice(IDS)


@cache
def _principals() -> tuple[Principal, ...]:
    """Mostly active partners of the public cloud, who are allowed something."""
    everybody = all_principals()
    usual = [each for each in everybody if each.cloud == "public" and each.status in {None, "active"}]
    return (*everybody, *usual * 8)


def told(diff: PolicyDiff) -> set[tuple[Direction, str, str]]:
    return {
        (change.direction, change.resource, action) for change in diff.changes for action in change.actions
    }


def differences(new: Policy, drawing: Drawing, kinds: list[str], roles: int) -> Iterator[tuple[Any, ...]]:
    """Decisions that the shipped policy and another one make differently."""
    for number in range(RECORDS):
        resource = RESOURCES[kinds[number % len(kinds)]]
        principal, record = drawing.principal(roles), drawing.record(resource)
        before, after = (each.verdicts(principal, record, [principal.roles]) for each in (shipped(), new))
        for action in resource.actions:
            verdicts = before[principal.roles][action].allowed, after[principal.roles][action].allowed
            if verdicts[0] != verdicts[1]:
                direction = Direction.ALLOWED if verdicts[1] else Direction.DENIED
                yield (direction, resource.name, str(action)), principal, record


@pytest.mark.parametrize(
    ("first", "count"), [(7, 1), *(pytest.param(at, 20, marks=pytest.mark.long) for at in range(0, 200, 20))]
)
def test_whatever_differs_is_told(first: int, count: int) -> None:
    tried = 0
    for number in range(first, first + count):
        draw = random.Random(SEED + number)  # noqa: S311  (nothing is secret)
        edit, source = generated(draw)
        try:
            new = Policy(source)
        except PolicyInvalid:
            continue
        diff = PolicyComparison(version(), PolicyVersion(new)).diff()
        assert diff.bounds.is_complete, edit
        known, kinds = told(diff), sorted(diff.bounds.principals) or ["Customer"]
        drawing = Drawing(draw, diff.bounds.rows + 1)
        most = max(diff.bounds.roles.values(), default=1) + 1
        for key, *witness in differences(new, drawing, kinds, most):
            assert key in known, (edit, witness)
        tried += 1
    assert tried > count // 3
