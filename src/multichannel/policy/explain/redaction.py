"""Near misses for somebody who may not read all of a record: they do not depend on the rest.

The rules are walked over a record that lacks what is not told. What a tenant is to a record is told by the
engine, from all facts: that is its own to know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from multichannel.policy.explain.explanation import NearMiss, near_misses, roles_of, steps
from multichannel.policy.explain.interpreter import attempts
from multichannel.policy.schema.resources import Relation, Resource

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.explain.derivation import Ways
    from multichannel.policy.language.source import Rule
    from multichannel.policy.schema.vocabulary import Action, Principal


class _Untold:
    """In the place of a fact: it equals nothing, and has no facts of its own."""

    __slots__ = ()


UNTOLD = _Untold()


def told(record: Any, resource: Resource, readable: Collection[str], own: str) -> Any:
    """The record with the readable fields alone; of the others that they hold one's own id, if they do."""
    held = {name: getattr(record, name) for name in resource.attributes}
    shown = {
        name: held[name]
        for name, attribute in resource.attributes.items()
        if not isinstance(attribute, Relation) and (name in readable or held[name] == own)
    }
    return resource.facts(**{**dict.fromkeys(held, UNTOLD), **shown})


def near_misses_told(
    policy: Policy, principal: Principal, action: Action, record: Any, shown: Any
) -> list[tuple[NearMiss, bool]]:
    """What came near on a record of which no more than `shown` is told, and whether the standing is held."""
    standings: dict[str, dict[Rule, None]] = {}
    for standing, rules in policy.standings(principal, record):
        standings.setdefault(standing, {}).update(dict.fromkeys(rules))
    held = [
        (miss, True)
        for standing, rules in standings.items()
        for miss in _at(policy, standing, rules, principal, action, shown)
    ]
    ways = attempts(policy.source, "allow", principal, action.value, shown)
    return held + [(miss, miss.held) for miss in near_misses(ways) if miss.standing not in standings]


def _at(  # noqa: PLR0913, PLR0917  (who, what, and where)
    policy: Policy, standing: str, rules: Iterable[Rule], principal: Principal, action: Action, shown: Any
) -> Iterator[NearMiss]:
    """What is missing at a standing that is held: a role, or what a grant asks besides."""
    alike: dict[object, Ways] = {}
    for way in attempts(policy.source, "grant", None, standing, action.value, shown):
        alike.setdefault(steps(way.failed), []).append(way)
    for ways in alike.values():
        having = [way for way in ways if way.word("grant", 0) in principal.roles]
        granting = [rule for way in having or ways for rule in way.rules]
        yield NearMiss(
            standing=standing,
            rules=tuple(dict.fromkeys([*rules, *granting])),
            conditions=(having or ways)[0].tried,
            roles_needed=() if having else roles_of(ways),
        )
