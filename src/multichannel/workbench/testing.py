"""Running what a policy folder expects: each expectation asked as a check and as a list, and each list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.explain.explanation import Explanation, explain
from multichannel.policy.testing.case_files import Suite
from multichannel.policy.testing.cases import ALLOWED, NOT_GRANTED, Case, Outcome, outcomes
from multichannel.policy.testing.list_cases import Listing, holds
from multichannel.workbench.findings import Finding

FAILED = "unexpected-verdict"
DISAGREES = {
    True: "allowed when asked of the record, but a list leaves it out",
    False: "denied when asked of the record, but a list shows it",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One expectation of a case or a list, and what the policy says to it."""

    of: Outcome | Listing
    expected: str
    found: str
    is_met: bool

    @property
    def case(self) -> Case | Listing:
        """Where it is written."""
        return self.of.expectation.case if isinstance(self.of, Outcome) else self.of

    @property
    def who(self) -> str:
        """The principal as a person would name it."""
        return self.of.expectation.who if isinstance(self.of, Outcome) else self.of.who

    @property
    def action(self) -> str:
        """The action; of a list that goes by any degree of reading, `see`."""
        if isinstance(self.of, Outcome):
            return self.of.expectation.action
        return self.of.to or "see"

    @property
    def what(self) -> str:
        """The record; of a list, its kind."""
        if isinstance(self.of, Outcome):
            return self.of.expectation.case.what
        return f"every {self.of.resource.name}"

    def mentions(self, text: str) -> bool:
        """Whether file, principal, action, record or what is expected contains a text."""
        told = (self.case.file, self.who, self.action, self.what, self.expected)
        return any(text in each for each in told)


def run(policy: Policy, suite: Suite) -> tuple[Result, ...]:
    """What the policy says to every expectation, in the order of the files."""
    found = [_told(policy, outcome) for outcome in outcomes(policy, suite.cases)]
    found += [_listed(policy, listing) for listing in suite.listings]
    return tuple(sorted(found, key=lambda result: (result.case.file, result.case.line)))


def explained(policy: Policy, result: Result) -> Explanation | None:
    """Why a verdict on one record is what it is; None for a list, or where the policy fails."""
    if isinstance(result.of, Listing):
        return None
    asked = result.of.expectation
    try:
        return explain(policy, asked.principal, asked.action, asked.case.resource, asked.case.record)
    except PolicyFault:
        return None


def failure(result: Result) -> Finding:
    """A result that is not what is expected, as a finding at its case."""
    case = result.case
    asked = f"{result.who} {result.action} {result.what}"
    return Finding(
        file=case.file,
        line=case.line,
        code=FAILED,
        message=f"{asked}: expected {result.expected}, found {result.found}",
    )


def by_file(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Results by the name of their file, in order."""
    files: dict[str, list[Result]] = {}
    for result in results:
        files.setdefault(result.case.file, []).append(result)
    return files


def _told(policy: Policy, outcome: Outcome) -> Result:
    asked = outcome.expectation
    predicate = policy.predicate(asked.principal, asked.action, asked.case.resource)
    allowed = outcome.verdict.allowed
    if holds(predicate, asked.case.record) is not allowed:
        return Result(outcome, asked.expected, DISAGREES[allowed], is_met=False)
    return Result(outcome, asked.expected, _words(outcome.verdict), outcome.is_met)


def _words(verdict: Verdict) -> str:
    return ALLOWED if verdict.allowed else " and ".join(verdict.reasons) or NOT_GRANTED


def _listed(policy: Policy, listing: Listing) -> Result:
    found = listing.found(policy)
    return Result(listing, _names(listing.sees), _difference(listing.sees, found), found == listing.sees)


def _difference(expected: frozenset[str], found: frozenset[str]) -> str:
    """What is found; if it is not all that is expected, and some of it is, only what is amiss."""
    more, missing = found - expected, expected - found
    if not expected & found or not more | missing:
        return _names(found)
    return " and ".join(
        text for text, names in ((f"{_names(more)} too", more), (f"no {_names(missing)}", missing)) if names
    )


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
