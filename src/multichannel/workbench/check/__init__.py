"""Checks of a policy: every error in its files, and the invariants that it violates.

`check` runs every check below; `codes.py` lists the kinds of findings. Imports `policy`, and `diff` for the
invariants. Start with `check_source`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import ANY_RESOURCE, PolicySource, Rule
from multichannel.policy.language.types import TypeInference
from multichannel.policy.language.vocabulary_check import word_faults
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.completeness import check_cases, check_completeness
from multichannel.workbench.check.constructs import check_constructs
from multichannel.workbench.check.duplicates import check_contradictions, check_duplicates
from multichannel.workbench.check.grants import check_allow, check_grants
from multichannel.workbench.check.invariants import check_invariants
from multichannel.workbench.check.loading import check_loading, load, read_files
from multichannel.workbench.check.names import check_names
from multichannel.workbench.check.reachability import check_reach
from multichannel.workbench.check.reading import check_reading
from multichannel.workbench.check.syntax import read_statements
from multichannel.workbench.findings import Finding, Level, in_order

MISSING_AT_NAME = {"unknown-standing", "unused-standing", "unknown-rule", "unreachable-rule"}
"""Findings that something is missing for the name they point to."""
MISSING_IN_MESSAGE = {
    "no-allow",
    "missing-resource",
    "missing-cross-cloud",
    "ungranted-action",
    "idle-restriction",
}
"""Findings that something is missing for a name in their message."""
KNOWN = {"allow", *RESOURCES, *map(str, Action)}
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class PolicyCheck:
    """The result of a check: findings by file and position, and the policy if it loads."""

    folder: Path
    source: PolicySource
    findings: tuple[Finding, ...]
    statements: int
    policy: Policy | None

    @property
    def loads(self) -> bool:
        """Whether the service would load the policy."""
        return self.policy is not None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that must not ship."""
        return tuple(found for found in self.findings if found.level is Level.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The others."""
        return tuple(found for found in self.findings if found.level is Level.WARNING)


def check(folder: Path) -> PolicyCheck:
    """Check all policy files of a folder, and whether the policy holds its invariants."""
    source, unread = read_files(folder)
    checked = check_source(source, folder, unread)
    if checked.policy is None:
        return checked
    findings = (
        *checked.findings,
        *check_invariants(checked.policy, folder),
        *check_reading(checked.policy),
    )
    return replace(checked, findings=tuple(in_order(findings)))


def check_source(source: PolicySource, folder: Path, unread: Sequence[Finding] = ()) -> PolicyCheck:
    """Check a policy that has been read; `folder` is where its cases are."""
    read = list(read_statements(source))
    statements = [each for each in read if isinstance(each, Rule)]
    findings = [*unread, *(each for each in read if isinstance(each, Finding))]
    loaded = None if findings else load(source)
    if source.texts:
        findings += _without_consequences(_findings(statements, source, folder), findings, source)
    if isinstance(loaded, str):
        findings += check_loading(loaded, source, statements, findings)
    policy = loaded if isinstance(loaded, Policy) else None
    return PolicyCheck(folder, source, tuple(in_order(_without_redundant(findings))), len(statements), policy)


def _findings(statements: Sequence[Rule], source: PolicySource, folder: Path) -> Iterator[Finding]:
    types = TypeInference(statements)
    yield from check_names(statements)
    for fault in word_faults(statements, types):
        yield finding(fault.rule, fault.code, fault.span, fault.message, fault.hint)
    yield from check_constructs(statements)
    yield from check_duplicates(statements)
    yield from check_contradictions(statements)
    yield from check_reach(statements, types)
    yield from check_grants(statements)
    yield from check_allow(statements)
    yield from check_completeness(statements, source)
    yield from check_cases(folder, statements)


def _without_redundant(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings without those that another one at the same position includes."""
    superfluous = {found.position for found in findings if found.code in {"duplicate-rule", "subsumed-rule"}}
    return (
        found for found in findings if found.code != "redundant-grant" or found.position not in superfluous
    )


def _without_consequences(
    findings: Iterable[Finding], unread: Sequence[Finding], source: PolicySource
) -> list[Finding]:
    """The findings without those that follow from unreadable statements or files."""
    files = {found.file for found in unread}
    words = {word for found in unread for word in WORD.findall(found.rule)}
    words |= RESOURCES.keys() if ANY_RESOURCE in words else set()
    is_file_unread = any(not found.rule for found in unread)
    lines = {name: text.split("\n") for name, text in source.texts}

    def follows(found: Finding) -> bool:
        if found.code in MISSING_AT_NAME:
            line = lines[found.file][found.line - 1]
            return is_file_unread or not words.isdisjoint(WORD.findall(line[found.column - 1 :])[:1])
        if found.code in MISSING_IN_MESSAGE:
            return is_file_unread or not words.isdisjoint(KNOWN & set(WORD.findall(found.message)))
        return found.code == "uncommented-restriction" and found.file in files

    return [found for found in findings if not follows(found)]
