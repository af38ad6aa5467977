"""A loaded policy: its derivations for a principal, its predicates over all records, its verdict on one.

The decision is what `allow` grants and no `forbid` takes away. Where the policy fails there is no decision:
PolicyFault is raised, and the operation ends with an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from polar import Variable

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.conditions import NEVER, Predicate, merge_branches
from multichannel.policy.decide.derivations import Derivation, Derivations, Derived, Roles
from multichannel.policy.decide.oso_engine import Engine, PolicyFault, kind_of
from multichannel.policy.decide.translatability import check_translatable
from multichannel.policy.decide.visibility import Visibility
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

REASON, STANDING = Variable("reason"), Variable("standing")
CACHED_PREDICATES, CACHED_VISIBILITY = 20_000, 2_000
"""A predicate is a few kilobytes, a visibility filter with its SQL some tens; the least used go first."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one record: allowed, and the codes of the restrictions that hit."""

    allowed: bool
    reasons: tuple[str, ...] = ()


Verdicts = Mapping[Action, Verdict]
Rules = tuple[Rule, ...]
Names = tuple[tuple[str, Rules], ...]
"""Standings, or the codes of restrictions, each with the rules that it follows from."""


class Policy:
    """One version of the policy files. Equal principals get equal answers, so answers are kept."""

    def __init__(self, source: PolicySource) -> None:
        """Load and check that each action can be evaluated over lists; or raise PolicyInvalid."""
        self.source = source
        self._engine = Engine(source)
        self.translate = lru_cache(CACHED_PREDICATES)(self._translate)
        """Where a principal may do an action, over all records of a kind. Raises when the policy fails."""
        self._joined = lru_cache(CACHED_PREDICATES)(self._join)
        """The same by standings: roles that are granted an action at the same standings share a predicate."""
        self._visible = lru_cache(CACHED_VISIBILITY)(self._see)
        self.derivations = Derivations(self._engine)
        """What its rules derive, for any principal."""
        try:
            # Also asks for the grants now, so that no request waits for them or meets a fault in them.
            not_joined = tuple(each for each in RESOURCES.values() if not self.derivations.is_joined(each))
        except PolicyFault as fault:
            raise PolicyInvalid(f"the grants cannot be evaluated: {fault}") from fault
        check_translatable(source, not_joined)

    @classmethod
    def load(cls, folder: Path) -> Policy:
        """The policy in a folder of `.polar` files."""
        return cls(PolicySource.read(folder))

    @property
    def digest(self) -> str:
        """Names this version of the policy."""
        return self.source.digest

    def predicate(self, principal: Principal, action: Action, resource: Resource) -> Predicate:
        """Where a principal may do an action, over all records of a kind. PolicyFault if the policy fails."""
        with _asking(f"{action} on any {resource.name}"):
            return self.translate(principal, action, resource)

    def visibility(self, principal: Principal, resource: Resource) -> Visibility:
        """What a principal sees of a resource type. PolicyFault if the policy fails."""
        with _asking(f"which {resource.name} records are visible"):
            return self._visible(principal, resource)

    def check(self, principal: Principal, action: Action, record: Any) -> Verdict:
        """The verdict on one record of facts. PolicyFault if the policy fails."""
        with _asking(f"{action} on a {type(record).__name__}"):
            return self.decide(principal, action, record)

    def decide(self, principal: Principal, action: Action, record: Any) -> Verdict:
        """What `check` returns; its faults do not say what was asked."""
        answers = self._engine.ask("forbid", REASON, principal, action.value, record)
        reasons = tuple(sorted({answer.bindings["reason"] for answer in answers}))
        if reasons:
            return Verdict(allowed=False, reasons=reasons)
        granted = next(self._engine.ask("allow", principal, action.value, record), None)
        return Verdict(allowed=granted is not None)

    def verdicts(self, principal: Principal, record: Any, roles: Iterable[Roles]) -> dict[Roles, Verdicts]:
        """By roles the principal might have: the verdict on every action on one record of facts.

        It is what `check` says, for less of its time.
        """
        resource, roles = RESOURCES[kind_of(record)], tuple(roles)
        if not self.derivations.is_joined(resource):
            return {each: self._checked(replace(principal, roles=each), resource, record) for each in roles}
        with _asking(f"all actions on a {resource.name}"):
            by_roles = self.derivations.verdicts(principal, resource, record, roles)
        return {
            each: {action: Verdict(granted and not why, why) for action, (granted, why) in verdicts.items()}
            for each, verdicts in by_roles.items()
        }

    def _checked(self, principal: Principal, resource: Resource, record: Any) -> Verdicts:
        return {action: self.check(principal, action, record) for action in resource.actions}

    def grants(self, principal: Principal, action: Action, resource: Resource) -> Derived:
        """The derivations by which an action could be allowed to a principal, restrictions aside."""
        derivations = self.derivations.allowed(principal, resource, trace=True)
        return tuple(each for each in derivations if each.concerns(action))

    def restrictions(self, principal: Principal, action: Action, resource: Resource) -> Derived:
        """The derivations by which it could be forbidden."""
        derivations = self.derivations.restrictions(principal, resource, trace=True)
        return tuple(each for each in derivations if each.concerns(action))

    def standings(self, principal: Principal, record: Any) -> Names:
        """What the principal's tenant is to one record of facts, with the rules that say so."""
        answers = self._engine.ask("has_standing", principal, STANDING, record, trace=True)
        return tuple((answer.bindings["standing"], answer.rules) for answer in answers)

    def grant_derivations(self, principal: Principal, action: Action, record: Any) -> tuple[Rules, ...]:
        """The rules of every derivation that grants an action on one record, restrictions aside."""
        answers = self._engine.ask("allow", principal, action.value, record, trace=True)
        return tuple(dict.fromkeys(answer.rules for answer in answers))

    def restriction_hits(self, principal: Principal, action: Action, record: Any) -> Names:
        """The code of every restriction that hits an action on one record, with the rules that say so."""
        answers = self._engine.ask("forbid", REASON, principal, action.value, record, trace=True)
        return tuple(dict.fromkeys((answer.bindings["reason"], answer.rules) for answer in answers))

    def _see(self, principal: Principal, resource: Resource) -> Visibility:
        reads = {action: self.translate(principal, action, resource) for action in resource.reads}
        return Visibility(resource, reads)

    def _translate(self, principal: Principal, action: Action, resource: Resource) -> Predicate:
        if not self.derivations.is_joined(resource):
            allowed = self.derivations.allowed(principal, resource)
            return self._predicate(allowed, principal, action, resource)
        standings = self.derivations.granted_standings(principal, action, resource)
        return self._joined(self.derivations.of_any_role(principal), standings, action, resource)

    def _join(
        self, principal: Principal, standings: frozenset[str], action: Action, resource: Resource
    ) -> Predicate:
        held = self.derivations.standings(principal, resource) if standings else ()
        return self._predicate((each for each in held if each.name in standings), principal, action, resource)

    def _predicate(
        self, allowed: Iterable[Derivation], principal: Principal, action: Action, resource: Resource
    ) -> Predicate:
        branches = merge_branches(each.conditions for each in allowed if each.concerns(action))
        if not branches:
            return NEVER
        restrictions = self.derivations.restrictions(principal, resource)
        return Predicate(
            branches, merge_branches(each.conditions for each in restrictions if each.concerns(action))
        )


@contextmanager
def _asking(question: str) -> Iterator[None]:
    """Say in faults what was asked; a condition that no list can be filtered by is one, too."""
    try:
        yield
    except (PolicyFault, PolicyInvalid) as failure:
        raise PolicyFault(f"it failed to decide {question}: {failure}") from failure
