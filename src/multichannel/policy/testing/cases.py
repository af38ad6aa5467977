"""Cases: what a policy is expected to say, written for people next to the rules, and run against them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from multichannel.policy.schema.vocabulary import ROLES, Action, Principal

if TYPE_CHECKING:
    from multichannel.policy.decide.derivations import Roles
    from multichannel.policy.decide.policy import Policy, Verdict, Verdicts
    from multichannel.policy.schema.resources import Resource

_About: TypeAlias = tuple[Principal, int]
"""A tenant's people, whatever their roles, and a record."""

ALLOWED = "allowed"
DENIED = "denied"
"""Expected where it does not matter why."""
NOT_GRANTED = "NOT_GRANTED"
"""Expected where no grant covers the action and no restriction hits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who may do what to one record and what not, with the reason, and why that is right."""

    file: str
    line: int
    who: str
    principal: Principal
    what: str
    resource: Resource
    record: Any
    may: tuple[Action, ...]
    may_not: Mapping[Action, str]
    roles: Mapping[Action, frozenset[str]] | None
    why: str

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def expectations(self) -> Iterator[Expectation]:
        """Everything the case expects, in the order in which it is written."""
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
    """That one principal gets a verdict on one action: ALLOWED, DENIED, or denied for a reason."""

    case: Case
    who: str
    principal: Principal
    action: Action
    expected: str

    def is_met(self, verdict: Verdict) -> bool:
        """Whether the verdict is the one that is expected."""
        if self.expected in {ALLOWED, DENIED}:
            return verdict.allowed is (self.expected == ALLOWED)
        return not verdict.allowed and self.expected in (verdict.reasons or (NOT_GRANTED,))


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """An expectation and what the policy says."""

    expectation: Expectation
    verdict: Verdict

    @property
    def is_met(self) -> bool:
        """Whether the policy says what is expected."""
        return self.expectation.is_met(self.verdict)

    def __str__(self) -> str:
        """One line that says where, who, what, what was expected and what came."""
        expectation, case = self.expectation, self.expectation.case
        return (
            f"{case.position}: {expectation.who} {expectation.action} {case.what}: "
            f"expected {expectation.expected}, the policy says {_words(self.verdict)}"
        )


def expectation_results(policy: Policy, cases: Iterable[Case]) -> Iterator[ExpectationResult]:
    """What the policy says to every expectation, in the order of the cases.

    What one tenant's people are expected to be told about one record is asked at once.
    """
    asked = tuple((case, tuple(case.expectations())) for case in cases)
    roles: dict[_About, dict[Roles, None]] = defaultdict(dict)
    for case, expectations in asked:
        roles[_about(case)].update(dict.fromkeys(each.principal.roles for each in expectations))
    known: dict[_About, dict[Roles, Verdicts]] = {}
    for case, expectations in asked:
        about = _about(case)
        if about not in known:
            known[about] = policy.verdicts(case.principal, case.record, roles[about])
        for each in expectations:
            yield ExpectationResult(each, known[about][each.principal.roles][each.action])


def _about(case: Case) -> _About:
    return replace(case.principal, roles=()), id(case.record)


def run_cases(policy: Policy, cases: Iterable[Case]) -> tuple[ExpectationResult, ...]:
    """Every expectation that the policy does not meet, in the order of the cases."""
    return tuple(outcome for outcome in expectation_results(policy, cases) if not outcome.is_met)


def _words(verdict: Verdict) -> str:
    if verdict.allowed:
        return ALLOWED
    return " and ".join(verdict.reasons) or NOT_GRANTED
