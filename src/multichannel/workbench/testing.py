"""Runs the test cases of a policy: each expectation as a check and as a list filter, and each list."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from multichannel.policy.decide.conditions import Predicate
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.explanation import Explanation, explain
from multichannel.policy.testing.case_files import CaseSuite
from multichannel.policy.testing.cases import (
    Case,
    Expectation,
    ExpectationResult,
    ListCase,
    expectation_results,
    holds,
)
from multichannel.workbench.findings import Finding

Known = dict[tuple[Predicate, int], bool]
"""Whether a list predicate holds for a record: many actions of many roles share one."""
FAILED = "unexpected-verdict"
DISAGREES = {
    True: "allowed by the check of the record, but missing from the list",
    False: "denied by the check of the record, but included in the list",
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One expectation of a case or a list, and the decision of the policy."""

    case: Case | ListCase
    who: str
    """Name of the principal."""
    action: str
    """The action; `see` for a list of records that can be read at any level."""
    what: str
    """Name of the record; for a list, its resource type."""
    expected: str
    found: str
    is_met: bool
    expectation: Expectation | None = None
    """None for a list."""

    def mentions(self, text: str) -> bool:
        """Whether file, principal, action, record or expectation contains a text."""
        texts = (self.case.file, self.who, self.action, self.what, self.expected)
        return any(text in each for each in texts)


def run(policy: Policy, suite: CaseSuite) -> tuple[CaseResult, ...]:
    """Decide every expectation, in the order of the files."""
    known: Known = {}
    results = [_check_outcome(policy, outcome, known) for outcome in expectation_results(policy, suite.cases)]
    results += [_check_listing(policy, listing) for listing in suite.listings]
    return tuple(sorted(results, key=lambda result: (result.case.file, result.case.line)))


def explain_result(policy: Policy, result: CaseResult) -> Explanation | None:
    """Explain the decision on a record; None for a list, or if the policy fails."""
    question = result.expectation
    if question is None:
        return None
    case = question.case
    with suppress(PolicyFault):
        return explain(policy, question.principal, question.action, case.resource, case.record)
    return None


def failure(result: CaseResult) -> Finding:
    """An unexpected result as a finding at its case."""
    case = result.case
    return Finding(
        file=case.file,
        line=case.line,
        code=FAILED,
        message=f"{result.who} {result.action} {result.what}: expected {result.expected}, got {result.found}",
    )


def by_file(results: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Results grouped by file, in order."""
    files: dict[str, list[CaseResult]] = {}
    for result in results:
        files.setdefault(result.case.file, []).append(result)
    return files


def _check_outcome(policy: Policy, outcome: ExpectationResult, known: Known) -> CaseResult:
    question, allowed = outcome.expectation, outcome.verdict.allowed
    case = question.case
    predicate = policy.predicate(question.principal, question.action, case.resource)
    key = predicate, id(case.record)
    if key not in known:
        known[key] = holds(predicate, case.record)
    agrees = known[key] is allowed
    return CaseResult(
        case,
        question.who,
        question.action,
        case.what,
        question.expected,
        outcome.actual if agrees else DISAGREES[allowed],
        agrees and outcome.is_met,
        question,
    )


def _check_listing(policy: Policy, listing: ListCase) -> CaseResult:
    names, sees = listing.found(policy), listing.sees
    what = f"every {listing.resource.name}"
    return CaseResult(
        listing, listing.who, listing.to or "see", what, _names(sees), _difference(sees, names), names == sees
    )


def _difference(expected: frozenset[str], result: frozenset[str]) -> str:
    """The records of the list; only the difference if some of the expected ones are in it."""
    more, missing = result - expected, expected - result
    if not expected & result or not more | missing:
        return _names(result)
    parts = (("all but", missing), ("also", more))
    return ", and ".join(f"{word} {_names(names)}" for word, names in parts if names)


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
