"""Near misses for a principal that may not read all of a record: they do not depend on the unreadable fields.

The rules are interpreted on a redacted record. The standings of the principal come from the engine, which
reads all facts: the principal may know its own standings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from multichannel.policy.explain.explanation import NearMiss, condition_sites, near_misses, roles_of
from multichannel.policy.explain.interpreter import candidate_derivations
from multichannel.policy.schema.resources import Relation, Resource

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.explain.derivation import Candidates
    from multichannel.policy.language.source import Rule
    from multichannel.policy.schema.vocabulary import Action, Principal


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
