"""Explanations of decisions: the rules that allowed or denied, or the nearest misses.

The engine decides and names the rules of each derivation. Their conditions, with the values they met,
come from a walk over the same rules (`interpreter.py`). For a principal that may not read all of a record,
it is a redacted record that is walked, so that near misses do not depend on the unreadable fields. The
principal's standings come from the engine, which reads all facts: the principal may know its own standings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.derivation import (
    CandidateDerivation,
    Candidates,
    EvaluatedCondition,
    distance,
)
from multichannel.policy.explain.interpreter import candidate_derivations
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Relation, Resource
from multichannel.policy.schema.vocabulary import Action, Principal


@dataclass(frozen=True, slots=True)
class Grant:
    """A derivation: roles with the action at a standing, the rules, and their conditions, which hold."""

    roles: tuple[str, ...]
    standing: str
    rules: tuple[Rule, ...]
    conditions: tuple[EvaluatedCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction that applies: its code, its rules, and their conditions, which hold."""

    code: str
    rules: tuple[Rule, ...]
    conditions: tuple[EvaluatedCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A derivation that does not hold, with its conditions except those on roles.

    `roles_needed` are the roles of which one would do, empty if the principal has one. `held` means that only
    the role is missing.
    """

    standing: str
    rules: tuple[Rule, ...]
    conditions: tuple[EvaluatedCondition, ...]
    roles_needed: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[EvaluatedCondition, ...]:
        """The conditions that do not hold."""
        return tuple(each for each in self.conditions if not each.holds)

    @property
    def held(self) -> bool:
        """Whether only a role is missing."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons; without a grant, the near misses, nearest first."""

    allowed: bool
    grants: tuple[Grant, ...]
    restrictions: tuple[Restriction, ...]
    near_misses: tuple[NearMiss, ...]


def explain(
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any
) -> Explanation:
    """Explain the decision on one record of facts. Raises PolicyFault when the policy fails."""
    derivations = policy.grant_derivations(principal, action, record)
    distinct = {_marks(rules): rules for rules in derivations}
    hits = policy.restriction_hits(principal, action, record)
    candidates = candidate_derivations(policy.source, "allow", principal, action.value, record)
    restrictions = (
        candidate_derivations(policy.source, "forbid", None, principal, action.value, record) if hits else []
    )
    return Explanation(
        allowed=policy.check(principal, action, record).allowed,
        grants=tuple(grant for rules in distinct.values() for grant in _grants(rules, candidates)),
        restrictions=tuple(_restriction(code, rules, restrictions) for code, rules in hits),
        near_misses=() if derivations or action not in resource.actions else tuple(near_misses(candidates)),
    )


def _marks(rules: Iterable[Rule]) -> frozenset[str]:
    return frozenset(rule.mark for rule in rules)


def _grants(rules: tuple[Rule, ...], candidates: Iterable[CandidateDerivation]) -> list[Grant]:
    """A derivation with its conditions: one grant for each set of them that holds."""
    found: dict[object, list[CandidateDerivation]] = {}
    for candidate in candidates:
        if not candidate.failed and _marks(candidate.rules) == _marks(rules):
            found.setdefault(condition_sites(candidate.conditions), []).append(candidate)
    if not found:
        return [Grant((), "", rules)]
    return [
        Grant(roles_of(alike), alike[0].word("has_standing", 1), alike[0].rules, alike[0].conditions)
        for alike in found.values()
    ]


def _restriction(
    code: str, rules: tuple[Rule, ...], restrictions: Iterable[CandidateDerivation]
) -> Restriction:
    found = next(
        (each for each in restrictions if not each.failed and _marks(each.rules) == _marks(rules)), None
    )
    return Restriction(code, found.rules, found.conditions) if found else Restriction(code, rules)


def near_misses(candidates: Iterable[CandidateDerivation]) -> list[NearMiss]:
    """The candidates that fail, nearest first; those that differ only in the role are one.

    A standing that is held in several ways is as many near misses, each with the conditions of its own rules.
    """
    alike: dict[object, list[CandidateDerivation]] = {}
    for candidate in candidates:
        lacking = (each for each in candidate.failed if not each.is_about_roles)
        giving = (each for each in candidate.conditions if each.rule.name == "has_standing")
        key = (candidate.word("has_standing", 1), condition_sites(giving), condition_sites(lacking))
        alike.setdefault(key, []).append(candidate)
    return sorted((_near_miss(each) for each in alike.values()), key=_distance)


def _near_miss(alike: list[CandidateDerivation]) -> NearMiss:
    """What these candidates have in common, with a role that the principal has, if any."""
    having = [candidate for candidate in alike if not any(each.is_about_roles for each in candidate.failed)]
    conditions = tuple(each for each in (having or alike)[0].conditions if having or not each.is_about_roles)
    return NearMiss(
        standing=alike[0].word("has_standing", 1),
        rules=tuple(dict.fromkeys(rule for candidate in having or alike for rule in candidate.rules)),
        conditions=conditions,
        roles_needed=() if having else roles_of(alike),
    )


def _distance(miss: NearMiss) -> tuple[int, int, str, list[tuple[str, int]]]:
    lacking, strange = distance(miss.failed)
    places = [(rule.file, rule.line) for rule in miss.rules]
    return lacking + bool(miss.roles_needed), strange, miss.standing, places


def roles_of(candidates: Iterable[CandidateDerivation]) -> tuple[str, ...]:
    """The roles of the grants."""
    return tuple(dict.fromkeys(role for candidate in candidates if (role := candidate.word("grant", 0))))


def condition_sites(conditions: Iterable[EvaluatedCondition]) -> tuple[tuple[str, int], ...]:
    """What tells conditions apart."""
    return tuple(dict.fromkeys((each.rule.mark, each.at) for each in conditions))


class _Redacted:
    """Replaces a fact: it equals nothing, and has no facts of its own."""

    __slots__ = ()


REDACTED = _Redacted()


def redact(record: Any, resource: Resource, readable: Collection[str], own: str) -> Any:
    """The record with its readable fields, and of the others those that hold the principal's tenant id."""
    held = {name: getattr(record, name) for name in resource.attributes}
    redacted = {
        name: held[name]
        for name, attribute in resource.attributes.items()
        if not isinstance(attribute, Relation) and (name in readable or held[name] == own)
    }
    return resource.facts(**{**dict.fromkeys(held, REDACTED), **redacted})


def redacted_near_misses(
    policy: Policy, principal: Principal, action: Action, record: Any, redacted: Any
) -> list[tuple[NearMiss, bool]]:
    """The near misses on a redacted record; with each, whether its standing is held."""
    standings: dict[str, dict[Rule, None]] = {}
    for standing, rules in policy.standings(principal, record):
        standings.setdefault(standing, {}).update(dict.fromkeys(rules))
    held = [
        (miss, True)
        for standing, rules in standings.items()
        for miss in _at(policy, standing, rules, principal, action, redacted)
    ]
    candidates = candidate_derivations(policy.source, "allow", principal, action.value, redacted)
    return held + [(miss, miss.held) for miss in near_misses(candidates) if miss.standing not in standings]


def _at(  # noqa: PLR0913, PLR0917  (a decision and its standing)
    policy: Policy, standing: str, rules: Iterable[Rule], principal: Principal, action: Action, redacted: Any
) -> Iterator[NearMiss]:
    """What is missing at a standing that is held: a role, or a condition of the grant."""
    alike: dict[object, Candidates] = {}
    for candidate in candidate_derivations(policy.source, "grant", None, standing, action.value, redacted):
        alike.setdefault(condition_sites(candidate.failed), []).append(candidate)
    for candidates in alike.values():
        having = [candidate for candidate in candidates if candidate.word("grant", 0) in principal.roles]
        granting = [rule for candidate in having or candidates for rule in candidate.rules]
        yield NearMiss(
            standing=standing,
            rules=tuple(dict.fromkeys([*rules, *granting])),
            conditions=(having or candidates)[0].conditions,
            roles_needed=() if having else roles_of(candidates),
        )
