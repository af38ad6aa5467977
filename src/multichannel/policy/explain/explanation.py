"""Why a decision is what it is: the rules that made it, or what came nearest to making it otherwise.

The engine decides and names the rules of each derivation. The conditions on the way, with what they met, are
told by a walk over the same rules (`attempts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multichannel.policy.explain.derivation import lack
from multichannel.policy.explain.interpreter import attempts

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.explain.derivation import Attempt
    from multichannel.policy.explain.evaluated_condition import Tried
    from multichannel.policy.language.source import Rule
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal


@dataclass(frozen=True, slots=True)
class Grant:
    """A derivation: roles granted the action at a standing, the rules, and the conditions, which all hold."""

    roles: tuple[str, ...]
    standing: str
    rules: tuple[Rule, ...]
    conditions: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction that hit: its code, the rules that say so, and the conditions, which all hold."""

    code: str
    rules: tuple[Rule, ...]
    conditions: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A way in which it could have been granted, with the conditions on it, roles apart.

    `roles_needed` are those of which one would do; it is empty where the principal has one. `held` says that
    only the role is missing.
    """

    standing: str
    rules: tuple[Rule, ...]
    conditions: tuple[Tried, ...]
    roles_needed: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Tried, ...]:
        """The conditions that do not hold."""
        return tuple(each for each in self.conditions if not each.holds)

    @property
    def held(self) -> bool:
        """Whether nothing but a role is missing."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons. Where nothing grants it, it names near misses, the nearest first."""

    allowed: bool
    grants: tuple[Grant, ...]
    restrictions: tuple[Restriction, ...]
    near_misses: tuple[NearMiss, ...]


def explain(
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any
) -> Explanation:
    """Explain the decision on one record of facts. Raises PolicyFault when the policy fails."""
    proofs = policy.grant_derivations(principal, action, record)
    hits = policy.restriction_hits(principal, action, record)
    ways = attempts(policy.source, "allow", principal, action.value, record)
    bars = attempts(policy.source, "forbid", None, principal, action.value, record) if hits else []
    return Explanation(
        allowed=policy.check(principal, action, record).allowed,
        grants=tuple(grant for proof in _by_rules(proofs) for grant in _grants(proof, ways)),
        restrictions=tuple(_restriction(code, rules, bars) for code, rules in hits),
        near_misses=() if proofs or action not in resource.actions else tuple(near_misses(ways)),
    )


def _marks(rules: Iterable[Rule]) -> frozenset[str]:
    return frozenset(rule.mark for rule in rules)


def _by_rules(proofs: Iterable[tuple[Rule, ...]]) -> list[tuple[Rule, ...]]:
    """The derivations that differ in their rules."""
    return list({_marks(rules): rules for rules in proofs}.values())


def _grants(proof: tuple[Rule, ...], ways: Iterable[Attempt]) -> list[Grant]:
    """A derivation with its conditions: once for each set of them that holds."""
    found: dict[object, list[Attempt]] = {}
    for way in ways:
        if not way.failed and _marks(way.rules) == _marks(proof):
            found.setdefault(steps(way.tried), []).append(way)
    if not found:
        return [Grant((), "", proof)]
    return [
        Grant(roles_of(alike), alike[0].word("has_standing", 1), alike[0].rules, alike[0].tried)
        for alike in found.values()
    ]


def _restriction(code: str, rules: tuple[Rule, ...], bars: Iterable[Attempt]) -> Restriction:
    found = next((each for each in bars if not each.failed and _marks(each.rules) == _marks(rules)), None)
    return Restriction(code, found.rules, found.tried) if found else Restriction(code, rules)


def near_misses(ways: Iterable[Attempt]) -> list[NearMiss]:
    """The ways that fail, the nearest first; those that differ in nothing but the role are one."""
    alike: dict[object, list[Attempt]] = {}
    for way in ways:
        lacking = (each for each in way.failed if not each.is_about_roles)
        key = (way.word("has_standing", 1), steps(lacking))
        alike.setdefault(key, []).append(way)
    return sorted((_near_miss(each) for each in alike.values()), key=_distance)


def _near_miss(alike: list[Attempt]) -> NearMiss:
    """What these ways have in common; with a role, if any of them has it."""
    having = [way for way in alike if not any(each.is_about_roles for each in way.failed)]
    conditions = tuple(each for each in (having or alike)[0].tried if having or not each.is_about_roles)
    return NearMiss(
        standing=alike[0].word("has_standing", 1),
        rules=tuple(dict.fromkeys(rule for way in having or alike for rule in way.rules)),
        conditions=conditions,
        roles_needed=() if having else roles_of(alike),
    )


def _distance(miss: NearMiss) -> tuple[int, int, str, list[tuple[str, int]]]:
    lacking, strange = lack(miss.failed)
    places = [(rule.file, rule.line) for rule in miss.rules]
    return lacking + bool(miss.roles_needed), strange, miss.standing, places


def roles_of(ways: Iterable[Attempt]) -> tuple[str, ...]:
    """The roles that a grant was found for."""
    return tuple(dict.fromkeys(role for way in ways if (role := way.word("grant", 0))))


def steps(tried: Iterable[Tried]) -> tuple[tuple[str, int], ...]:
    """Which conditions they are."""
    return tuple(dict.fromkeys((each.rule.mark, each.at) for each in tried))
