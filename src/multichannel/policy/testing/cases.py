"""Test cases of a policy, written beside its rules: what principals may do to a record, or see in a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.conditions import Predicate, failures
from multichannel.policy.decide.derivations import Roles
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy, Verdict, Verdicts
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, Principal

_About: TypeAlias = tuple[Principal, int]
"""A principal without its roles, and a record."""

ALLOWED = "allowed"
DENIED = "denied"
"""The expectation of a denial for any reason."""
NOT_GRANTED = "NOT_GRANTED"
"""The expectation where no grant covers the action and no restriction applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCase:
    """What a case of either form has: its place, a principal, a resource type, and the reason."""

    file: str
    line: int
    who: str
    principal: Principal
    resource: Resource
    why: str

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    @contextmanager
    def decided(self) -> Iterator[None]:
        """PolicyInvalid with the place of the case if the policy fails to decide it."""
        try:
            yield
        except PolicyFault as fault:
            raise PolicyInvalid(f"{self.position}: the policy fails on this case: {fault}") from fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(WrittenCase):
    """What a principal may and may not do to one record, with the reasons."""

    what: str
    record: Any
    may: tuple[Action, ...]
    may_not: Mapping[Action, str]
    roles: Mapping[Action, frozenset[str]] | None

    def expectations(self) -> Iterator[Expectation]:
        """All expectations of the case, in source order."""
        for action in self.may:
            yield Expectation(self, self.who, self.principal, action, ALLOWED)
        for action, reason in self.may_not.items():
            yield Expectation(self, self.who, self.principal, action, reason)
        if self.roles is not None:
            yield from self._by_role(self.roles)

    def _by_role(self, roles: Mapping[Action, frozenset[str]]) -> Iterator[Expectation]:
        for role in ROLES:
            principal = replace(self.principal, roles=(role.value,))
            for action in self.resource.actions:
                expected = ALLOWED if role in roles.get(action, ()) else DENIED
                yield Expectation(self, f"{self.who}_{role}", principal, action, expected)


@dataclass(frozen=True, slots=True)
class Expectation:
    """The expected verdict for one principal and action: ALLOWED, DENIED, or a reason code."""

    case: Case
    who: str
    principal: Principal
    action: Action
    expected: str


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """An expectation with the verdict of the policy."""

    expectation: Expectation
    verdict: Verdict

    @property
    def is_met(self) -> bool:
        """Whether the verdict is as expected."""
        expected, allowed = self.expectation.expected, self.verdict.allowed
        if expected in {ALLOWED, DENIED}:
            return allowed is (expected == ALLOWED)
        return not allowed and expected in (self.verdict.reasons or (NOT_GRANTED,))

    @property
    def actual(self) -> str:
        """What the policy decided: ALLOWED, or the reasons."""
        return ALLOWED if self.verdict.allowed else " and ".join(self.verdict.reasons) or NOT_GRANTED

    def __str__(self) -> str:
        """One line with position, principal, action, record, expected and actual verdict."""
        expectation, case = self.expectation, self.expectation.case
        return (
            f"{case.position}: {expectation.who} {expectation.action} {case.what}: "
            f"expected {expectation.expected}, the policy says {self.actual}"
        )


def expectation_results(policy: Policy, cases: Iterable[Case]) -> Iterator[ExpectationResult]:
    """The verdicts of the policy for all expectations, in the order of the cases.

    Expectations of one tenant on one record are evaluated together.
    """
    pairs = tuple((case, tuple(case.expectations())) for case in cases)
    roles: dict[_About, dict[Roles, None]] = defaultdict(dict)
    for case, expectations in pairs:
        roles[_about(case)].update(dict.fromkeys(each.principal.roles for each in expectations))
    known: dict[_About, dict[Roles, Verdicts]] = {}
    for case, expectations in pairs:
        about = _about(case)
        if about not in known:
            with case.decided():
                known[about] = policy.verdicts(case.principal, case.record, roles[about])
        for each in expectations:
            yield ExpectationResult(each, known[about][each.principal.roles][each.action])


def _about(case: Case) -> _About:
    return replace(case.principal, roles=()), id(case.record)


def run_cases(policy: Policy, cases: Iterable[Case]) -> tuple[ExpectationResult, ...]:
    """The results that are not as expected, in the order of the cases."""
    return tuple(outcome for outcome in expectation_results(policy, cases) if not outcome.is_met)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCase(WrittenCase):
    """The records of a resource type in a file that a principal sees in a list: `sees`, and no others.

    Without `to` these are the records that may be read to any degree.
    """

    records: Mapping[str, Any]
    sees: frozenset[str]
    to: Action | None

    def found(self, policy: Policy) -> frozenset[str]:
        """The names of the records that the list predicates select."""
        actions = (self.to,) if self.to else self.resource.reads
        with self.decided():
            predicates = [policy.predicate(self.principal, action, self.resource) for action in actions]
        return frozenset(
            name
            for name, record in self.records.items()
            if any(holds(predicate, record) for predicate in predicates)
        )


def holds(predicate: Predicate, record: Any) -> bool:
    """Whether a predicate holds for a record."""
    if not any(not failures(branch, record) for branch in predicate.allowed):
        return False
    return all(failures(branch, record) for branch in predicate.restricted)
