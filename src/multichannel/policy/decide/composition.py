"""Predicates joined from standings, grants and roles: what `allow` as it ships says, for less of its time.

The engine is asked once for what a principal can be to a kind of record, once for what is forbidden to it,
and once for all grants, whoever asks. Where `allow` says anything else, or a grant looks at the record, the
engine has to be asked for `allow` itself, action by action.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

from polar import Variable

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.oso_engine import Engine
from multichannel.policy.decide.partial_results import conditions
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

CACHED = 2_000
ANY, REASON = Variable("resource"), Variable("reason")
ROLE, STANDING, ACTION = Variable("role"), Variable("standing"), Variable("action")
ALWAYS = Conditions()
COMPOSED = (
    "allow(principal: Principal, action: String, resource) if has_standing(principal, standing, resource) "
    "and grant(role, standing, action, resource) and role in principal.roles;"
)
"""`allow` as it ships."""

LOOKS_AT_ROLES = re.compile(r"\broles\b")

Roles = tuple[str, ...]
Grants = dict[Action, frozenset[tuple[str, str]]]
"""By action the roles and standings that are granted it."""


def is_composed(source: PolicySource) -> bool:
    """Whether `allow` is as it ships."""
    return [" ".join(rule.text.split()) for rule in source.rules if rule.name == "allow"] == [COMPOSED]


def looks_at_roles(source: PolicySource) -> bool:
    """Whether more than `allow` depends on the principal's roles."""
    return any(LOOKS_AT_ROLES.search(rule.text) for rule in source.rules if rule.name != "allow")


class Composition:
    """The parts of one policy that can be joined."""

    def __init__(self, engine: Engine) -> None:
        """Ask for all grants. PolicyFault when the policy fails, PolicyInvalid where it means nothing."""
        self._engine = engine
        self._ways = lru_cache(CACHED)(self._find_ways)
        self._bars = lru_cache(CACHED)(self._find_bars)
        self._grants: dict[str, Grants] = {}
        self._roles_decide = looks_at_roles(engine.source)
        if is_composed(engine.source):
            every = ((name, self._find_grants(resource)) for name, resource in RESOURCES.items())
            self._grants = {name: grants for name, grants in every if grants is not None}

    def covers(self, resource: Resource) -> bool:
        """Whether predicates over this kind of record can be joined."""
        return resource.name in self._grants

    def standings(self, principal: Principal, action: Action, resource: Resource) -> frozenset[str]:
        """At which standings a role of the principal is granted an action."""
        grants = self._grants[resource.name][action]
        return frozenset(standing for role, standing in grants if role in principal.roles)

    def granted(
        self, principal: Principal, standings: frozenset[str], resource: Resource
    ) -> Iterator[Conditions]:
        """Each way in which a principal has one of some standings."""
        ways = self._ways(self.of_any_role(principal), resource)
        return (where for standing, where in ways if standing in standings)

    def forbidden(self, principal: Principal, action: Action, resource: Resource) -> Iterator[Conditions]:
        """Each way in which it is forbidden."""
        bars = self._bars(self.of_any_role(principal), resource)
        return (where for barred, where in bars if barred in {None, action.value})

    def of_any_role(self, principal: Principal) -> Principal:
        """Who shares standings and restrictions with this principal."""
        return principal if self._roles_decide else replace(principal, roles=())

    def verdicts(
        self, principal: Principal, resource: Resource, record: Any, roles: Iterable[Roles]
    ) -> dict[Roles, dict[Action, tuple[bool, tuple[str, ...]]]]:
        """By roles and action whether it is granted on one record, and which restrictions hit."""
        if self._roles_decide:
            return {
                each: self._verdicts(replace(principal, roles=each), resource, record, [each])[each]
                for each in roles
            }
        return self._verdicts(principal, resource, record, roles)

    def _verdicts(
        self, principal: Principal, resource: Resource, record: Any, roles: Iterable[Roles]
    ) -> dict[Roles, dict[Action, tuple[bool, tuple[str, ...]]]]:
        asked = self._engine.ask("has_standing", principal, STANDING, record)
        standings = {answer.bindings["standing"] for answer in asked}
        hits: dict[str | None, set[str]] = defaultdict(set)
        for answer in self._engine.ask("forbid", REASON, principal, ACTION, record):
            action = answer.bindings["action"]
            hits[action if type(action) is str else None].add(answer.bindings["reason"])
        reasons = {action: tuple(sorted(hits[None] | hits[action.value])) for action in resource.actions}
        granted = {
            action: {role for role, standing in pairs if standing in standings}
            for action, pairs in self._grants[resource.name].items()
        }
        return {
            each: {
                action: (not granted[action].isdisjoint(each), reasons[action]) for action in resource.actions
            }
            for each in roles
        }

    def _find_grants(self, resource: Resource) -> Grants | None:
        """None if a grant depends on more than role, standing and action."""
        granted: dict[Action, set[tuple[str, str]]] = {action: set() for action in resource.actions}
        for answer in self._engine.ask_in_part("grant", ROLE, STANDING, ACTION, ANY, kind=resource.name):
            role, standing, action = (answer.bindings[name] for name in ("role", "standing", "action"))
            if not type(role) is type(standing) is type(action) is str:
                return None
            if conditions(answer.bindings["resource"], resource) != ALWAYS:
                return None
            if action in granted:
                granted[Action(action)].add((role, standing))
        return {action: frozenset(pairs) for action, pairs in granted.items()}

    def _find_ways(self, principal: Principal, resource: Resource) -> tuple[tuple[str, Conditions], ...]:
        """What a principal can be to records of a kind, and where."""
        answers = self._engine.ask_in_part("has_standing", principal, STANDING, ANY, kind=resource.name)
        return tuple(
            (answer.bindings["standing"], conditions(answer.bindings["resource"], resource))
            for answer in answers
        )

    def _find_bars(
        self, principal: Principal, resource: Resource
    ) -> tuple[tuple[str | None, Conditions], ...]:
        """What is forbidden to a principal, and where; None stands for every action."""
        answers = self._engine.ask_in_part("forbid", REASON, principal, ACTION, ANY, kind=resource.name)
        found = ((answer.bindings["action"], answer.bindings["resource"]) for answer in answers)
        return tuple(
            (action if type(action) is str else None, conditions(where, resource)) for action, where in found
        )
