"""A loaded policy: its derivations for a principal, its predicates over all records, its word on one.

The decision is what `allow` grants and no `forbid` takes away. What cannot be decided is denied.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from polar import Expression, Variable

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.composition import Composition, Roles
from multichannel.policy.decide.conditions import NEVER, Conditions, Predicate, merged
from multichannel.policy.decide.oso_engine import Answer, Engine, PolicyFault, kind_of
from multichannel.policy.decide.partial_results import conditions
from multichannel.policy.decide.role_grants import Given, given
from multichannel.policy.decide.translatability import prove, prove_whole
from multichannel.policy.decide.visibility import Sight
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

log = logging.getLogger(__name__)

ANY = Variable("resource")
REASON = Variable("reason")
CACHED_PREDICATES, CACHED_SIGHTS = 20_000, 2_000
"""A predicate is a few kilobytes, a sight with its SQL some tens; those unused longest go first."""


@dataclass(frozen=True)
class Derivation:
    """One way in which a verdict comes about: the rules, and what they ask of the resource."""

    rules: tuple[Rule, ...]
    conditions: Conditions
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that is granted an action at a standing, with the rules that say so."""

    role: str
    standing: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word on one record: allowed, and the codes of the restrictions that hit."""

    allowed: bool
    reasons: tuple[str, ...] = ()


DENIED = Verdict(allowed=False)
Verdicts = Mapping[Action, Verdict]


class Policy:
    """One version of the policy files. Equal principals get equal answers, so answers are kept."""

    def __init__(self, source: PolicySource) -> None:
        """Load and prove that each action of each resource can be asked as a list; or raise PolicyInvalid."""
        self.source = source
        self._engine = Engine(source)
        self.translated = lru_cache(CACHED_PREDICATES)(self._translate)
        """Where a principal may do an action, over all records of a kind. Raises when the policy fails."""
        self._joined = lru_cache(CACHED_PREDICATES)(self._join)
        """The same by standings: roles that are granted an action at the same standings share a predicate."""
        self._seen = lru_cache(CACHED_SIGHTS)(self._see)
        self.grants = lru_cache(CACHED_SIGHTS)(self._grants)
        """Every way in which an action could be allowed to a principal, with its rules."""
        self.restrictions = lru_cache(CACHED_SIGHTS)(self._restrictions)
        """Every way in which it could be forbidden, with its rules and reasons."""
        self.roles_granted = lru_cache(CACHED_SIGHTS)(self._roles_granted)
        """What the policy grants an action to, whoever asks."""
        try:
            self._composition = Composition(self._engine)
        except PolicyFault as fault:
            raise PolicyInvalid(f"the grants cannot be told: {fault}") from fault
        prove(source)
        asked = [resource for resource in RESOURCES.values() if not self._composition.covers(resource)]
        prove_whole(self._engine, asked)

    @classmethod
    def load(cls, folder: Path) -> Policy:
        """The policy in a folder of `.polar` files."""
        return cls(PolicySource.read(folder))

    @property
    def digest(self) -> str:
        """Names this version of the policy."""
        return self.source.digest

    def predicate(self, principal: Principal, action: Action, resource: Resource) -> Predicate:
        """Where a principal may do an action, over all records of a kind; nowhere while the policy fails."""
        try:
            return self.translated(principal, action, resource)
        except (PolicyFault, PolicyInvalid):
            log.exception("the policy failed on %s of any %s", action, resource.name)
            return NEVER

    def sight(self, principal: Principal, resource: Resource) -> Sight:
        """What a principal sees of a kind of resource; nothing while the policy fails."""
        try:
            return self._seen(principal, resource)
        except (PolicyFault, PolicyInvalid):
            log.exception("the policy failed on reading any %s", resource.name)
            return Sight(resource, dict.fromkeys(resource.reads, NEVER))

    def check(self, principal: Principal, action: Action, record: Any) -> Verdict:
        """The verdict on one record of facts."""
        try:
            return self.judged(principal, action, record)
        except PolicyFault:
            log.exception("the policy failed on %s of a %s", action, type(record).__name__)
            return DENIED

    def judged(self, principal: Principal, action: Action, record: Any) -> Verdict:
        """The verdict on one record of facts; PolicyFault where `check` denies because the policy fails."""
        reasons = self._reasons(principal, action, record)
        if reasons:
            return Verdict(allowed=False, reasons=reasons)
        granted = next(self._engine.ask("allow", principal, action.value, record), None)
        return Verdict(allowed=granted is not None)

    def verdicts(self, principal: Principal, record: Any, roles: Iterable[Roles]) -> dict[Roles, Verdicts]:
        """By roles the principal might have: the verdict on every action on one record of facts.

        It is what `check` says, for less of its time.
        """
        resource, roles = RESOURCES[kind_of(record)], tuple(roles)
        if not self._composition.covers(resource):
            return {each: self._checked(replace(principal, roles=each), resource, record) for each in roles}
        try:
            found = self._composition.verdicts(principal, resource, record, roles)
        except PolicyFault:
            log.exception("the policy failed on a %s", resource.name)
            return {each: dict.fromkeys(resource.actions, DENIED) for each in roles}
        return {
            each: {action: Verdict(granted and not why, why) for action, (granted, why) in verdicts.items()}
            for each, verdicts in found.items()
        }

    def _checked(self, principal: Principal, resource: Resource, record: Any) -> Verdicts:
        return {action: self.check(principal, action, record) for action in resource.actions}

    def _grants(self, principal: Principal, action: Action, resource: Resource) -> tuple[Derivation, ...]:
        answers = self._engine.ask_in_part(
            "allow", principal, action.value, ANY, kind=resource.name, trace=True
        )
        return tuple(dict.fromkeys(_derivation(answer, resource) for answer in answers))

    def standings(self, principal: Principal, record: Any) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
        """What the principal's tenant is to one record of facts, with the rules that say so."""
        standing = Variable("standing")
        answers = self._engine.ask("has_standing", principal, standing, record, trace=True)
        return tuple((answer.bindings["standing"], answer.rules) for answer in answers)

    def proofs(self, principal: Principal, action: Action, record: Any) -> tuple[tuple[Rule, ...], ...]:
        """The rules of every derivation that grants an action on one record, restrictions aside."""
        answers = self._engine.ask("allow", principal, action.value, record, trace=True)
        return tuple(dict.fromkeys(answer.rules for answer in answers))

    def hits(
        self, principal: Principal, action: Action, record: Any
    ) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
        """The code of every restriction that hits an action on one record, with the rules that say so."""
        answers = self._engine.ask("forbid", REASON, principal, action.value, record, trace=True)
        return tuple(dict.fromkeys((answer.bindings["reason"], answer.rules) for answer in answers))

    def _restrictions(
        self, principal: Principal, action: Action, resource: Resource
    ) -> tuple[Derivation, ...]:
        arguments = (REASON, principal, action.value, ANY)
        answers = self._engine.ask_in_part("forbid", *arguments, kind=resource.name, trace=True)
        return tuple(_derivation(answer, resource) for answer in answers)

    def _roles_granted(self, action: Action, resource: Resource) -> tuple[RoleGrant, ...]:
        role, standing = Variable("role"), Variable("standing")
        answers = self._engine.ask_in_part(
            "grant", role, standing, action.value, ANY, kind=resource.name, trace=True
        )
        found = (RoleGrant(item.bindings["role"], item.bindings["standing"], item.rules) for item in answers)
        named = (item for item in found if not isinstance(item.role, Variable | Expression))
        return tuple(dict.fromkeys(named))

    def given(self, action: Action, resource: Resource, standings: Iterable[str]) -> tuple[Given, ...]:
        """Every way in which an action is granted on a kind of record, whoever asks, with its conditions."""
        return given(self._engine, action, resource, standings)

    def _reasons(self, principal: Principal, action: Action, record: Any) -> tuple[str, ...]:
        answers = self._engine.ask("forbid", REASON, principal, action.value, record)
        return tuple(sorted({answer.bindings["reason"] for answer in answers}))

    def _see(self, principal: Principal, resource: Resource) -> Sight:
        reads = {action: self.translated(principal, action, resource) for action in resource.reads}
        return Sight(resource, reads)

    def _translate(self, principal: Principal, action: Action, resource: Resource) -> Predicate:
        if not self._composition.covers(resource):
            return self._asked(principal, action, resource)
        standings = self._composition.standings(principal, action, resource)
        return self._joined(self._composition.of_any_role(principal), standings, action, resource)

    def _join(
        self, principal: Principal, standings: frozenset[str], action: Action, resource: Resource
    ) -> Predicate:
        branches = merged(self._composition.granted(principal, standings, resource))
        if not branches:
            return NEVER
        return Predicate(branches, merged(self._composition.forbidden(principal, action, resource)))

    def _asked(self, principal: Principal, action: Action, resource: Resource) -> Predicate:
        """The predicate as the engine works it out, for whatever `allow` says."""
        allowed = self._engine.ask_in_part("allow", principal, action.value, ANY, kind=resource.name)
        branches = merged(conditions(answer.bindings["resource"], resource) for answer in allowed)
        if not branches:
            return NEVER
        forbidden = self._engine.ask_in_part(
            "forbid", REASON, principal, action.value, ANY, kind=resource.name
        )
        return Predicate(
            branches, merged(conditions(answer.bindings["resource"], resource) for answer in forbidden)
        )


def _derivation(answer: Answer, resource: Resource) -> Derivation:
    asked = conditions(answer.bindings["resource"], resource)
    return Derivation(answer.rules, asked, answer.bindings.get("reason"))
