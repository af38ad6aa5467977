"""Cases: what a policy is expected to say, written for people next to the rules, and run against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multichannel.policy.vocabulary import Action, Principal

if TYPE_CHECKING:
    from multichannel.policy.policy import Policy, Verdict
    from multichannel.policy.resources import Resource

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
    why: str

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Unexpected:
    """One expectation of a case that the policy does not meet."""

    case: Case
    action: Action
    expected: str
    found: str

    def __str__(self) -> str:
        """One line that says where, who, what, what was expected and what came."""
        return (
            f"{self.case.position}: {self.case.who} {self.action} {self.case.what}: "
            f"expected {self.expected}, the policy says {self.found}"
        )


def run_cases(policy: Policy, cases: Iterable[Case]) -> tuple[Unexpected, ...]:
    """Every expectation that the policy does not meet, in the order of the cases."""
    return tuple(unexpected for case in cases for unexpected in _run(policy, case))


def _run(policy: Policy, case: Case) -> Iterator[Unexpected]:
    for action in case.may:
        verdict = policy.check(case.principal, action, case.record)
        if not verdict.allowed:
            yield Unexpected(case, action, "allowed", _words(verdict))
    for action, reason in case.may_not.items():
        verdict = policy.check(case.principal, action, case.record)
        if verdict.allowed or reason not in (verdict.reasons or (NOT_GRANTED,)):
            yield Unexpected(case, action, reason, _words(verdict))


def _words(verdict: Verdict) -> str:
    if verdict.allowed:
        return "allowed"
    return " and ".join(verdict.reasons) or NOT_GRANTED
