"""Why a decision is what it is: the rules that made it, or what came nearest to making it otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multichannel.policy.conditions import Conditions
from multichannel.policy.evaluation import Failure, failures

if TYPE_CHECKING:
    from multichannel.policy.policy import Derivation, Policy, RoleGrant
    from multichannel.policy.resources import Resource
    from multichannel.policy.source import Rule
    from multichannel.policy.vocabulary import Action, Principal


ALWAYS = Conditions()


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles granted the action at a standing, and the rules that say so."""

    roles: tuple[str, ...]
    standing: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction that hit: its code, and the rules that say so."""

    code: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A way in which it could have been granted, and what was missing: conditions, roles or the standing."""

    standing: str
    rules: tuple[Rule, ...]
    failed: tuple[Failure, ...]
    conditions: Conditions = ALWAYS
    roles_needed: tuple[str, ...] = ()
    held: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons. Denied, it names restrictions, or else near misses, the nearest first."""

    allowed: bool
    grants: tuple[Grant, ...]
    restrictions: tuple[Restriction, ...]
    near_misses: tuple[NearMiss, ...]


def explain(
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any
) -> Explanation:
    """Explain the decision on one record of facts. Raises PolicyFault when the policy fails."""
    ways = [
        (derivation, failures(derivation.conditions, record))
        for derivation in policy.grants(principal, action, resource)
    ]
    hit = [
        item
        for item in policy.restrictions(principal, action, resource)
        if not failures(item.conditions, record)
    ]
    grants = tuple(_distinct(_grant(principal, item) for item, failed in ways if not failed))
    restrictions = tuple(_distinct(Restriction(item.reason or "", item.rules) for item in hit))
    missed: list[NearMiss] = []
    if not grants:
        missed = [NearMiss(_standing(item), item.rules, failed, item.conditions) for item, failed in ways]
        asked = {miss.standing for miss in missed}
        others = _granted_elsewhere(policy, principal, action, resource, record)
        missed += [miss for miss in others if miss.standing not in asked]
        missed.sort(key=lambda miss: len(miss.failed) + bool(miss.roles_needed) + 2 * (not miss.held))
    return Explanation(bool(grants) and not restrictions, grants, restrictions, tuple(_distinct(missed)))


def _grant(principal: Principal, derivation: Derivation) -> Grant:
    mentioned = frozenset[str]().union(*(rule.words for rule in derivation.rules if rule.name == "grant"))
    return Grant(
        tuple(role for role in principal.roles if role in mentioned), _standing(derivation), derivation.rules
    )


def _standing(derivation: Derivation) -> str:
    """The standing a derivation rests on, as the head of its rule names it."""
    heads = (rule.text.partition(",")[2] for rule in derivation.rules if rule.name == "has_standing")
    return next((head.split('"')[1] for head in heads if '"' in head), "")


def _granted_elsewhere(
    policy: Policy, principal: Principal, action: Action, resource: Resource, record: Any
) -> list[NearMiss]:
    """Where the policy does grant the action: at standings held, to other roles; at others, to whom."""
    held = dict(policy.standings(principal, record))
    granted: dict[str, list[RoleGrant]] = {}
    for item in policy.roles_granted(action, resource):
        granted.setdefault(item.standing, []).append(item)
    return [
        NearMiss(
            standing,
            tuple(_distinct((*held.get(standing, ()), *(rule for item in items for rule in item.rules)))),
            (),
            roles_needed=tuple(_distinct(item.role for item in items)),
            held=standing in held,
        )
        for standing, items in granted.items()
    ]


def _distinct(items: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(items))
