"""Invariants as findings: what `check` and `test` report, and what a service refuses to put in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.derivations import standing_names
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import INVARIANTS
from multichannel.workbench.check.codes import file_finding
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.diff.report import violation_lines
from multichannel.workbench.diff.violations import InvariantChecker
from multichannel.workbench.findings import Finding
from multichannel.workbench.invariants import Invariant, read

MISSING = "no-invariants"


def check_invariants(policy: Policy, folder: Path) -> Iterator[Finding]:
    """What is wrong with the invariants of a folder, and which of them the policy violates."""
    path = folder / INVARIANTS
    hint = "Write down what no edit may ever allow."
    if not path.is_file():
        first_file = policy.source.texts[0][0]
        yield file_finding(first_file, MISSING, f"there is no {INVARIANTS}", hint)
        return
    try:
        invariants = read(path)
    except PolicyInvalid as error:
        yield _unreadable(error.message)
        return
    if not invariants:
        yield file_finding(INVARIANTS, MISSING, f"{INVARIANTS} has no invariants", hint)
    checker = InvariantChecker(PolicyVersion(policy))
    try:
        yield from _vacuous(policy, checker, invariants)
        yield from _violated(checker, invariants)
    except PolicyFault as fault:
        yield file_finding(INVARIANTS, "unchecked-invariant", f"the policy failed: {fault}")
    for rule in checker.unclear:
        message = "the rule reads the list of roles in another way than `role in principal.roles`"
        yield _at(rule.file, rule.line, "unchecked-invariant", f"invariants are not checked: {message}")
    if checker.given_up:
        message = f"{checker.given_up} searches took too long, or need more rows than are tried"
        yield file_finding(INVARIANTS, "unchecked-invariant", f"invariants are not checked: {message}")


def _vacuous(
    policy: Policy, checker: InvariantChecker, invariants: tuple[Invariant, ...]
) -> Iterator[Finding]:
    """Invariants that no policy could violate."""
    for invariant in invariants:
        kinds = ", ".join(
            resource.name for resource in invariant.resources if checker.is_vacuous(invariant, resource)
        )
        known = {
            name for resource in invariant.resources for name in standing_names(policy.source, resource.name)
        }
        unknown = ", ".join(standing for standing in invariant.standings if standing not in known)
        if unknown:
            message = f"no rule gives the standing {unknown}, so the invariant holds whatever rules say"
        elif kinds:
            message = f"the invariant is about no {kinds} at all, so it holds whatever rules say"
        else:
            continue
        yield _at(INVARIANTS, invariant.line, "vacuous-invariant", f"never: {invariant.never}: {message}")


def _violated(checker: InvariantChecker, invariants: tuple[Invariant, ...]) -> Iterator[Finding]:
    for violation in checker.violations(invariants):
        details = "; ".join(violation_lines(violation))
        message = f"never: {violation.invariant.never}: {details}"
        yield _at(INVARIANTS, violation.invariant.line, "violated-invariant", message)


def _unreadable(message: str) -> Finding:
    """A finding at the line that a message begins with."""
    file, _, rest = message.partition(":")
    line, _, text = rest.partition(":")
    if file != INVARIANTS or not line.isdigit():
        return file_finding(INVARIANTS, "invalid-invariant", message)
    return _at(INVARIANTS, int(line), "invalid-invariant", text.strip())


def _at(file: str, line: int, code: str, message: str) -> Finding:
    return Finding(file=file, line=line, code=code, message=message)
