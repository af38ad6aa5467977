"""Static checks of a policy: every error in its files, without evaluating any decision.

`check` runs every check below; `codes.py` lists the kinds of findings. Imports `policy`. Start with
`check_source`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.language.types import TypeInference
from multichannel.policy.language.vocabulary_check import word_faults
from multichannel.workbench.check.cascades import without_consequences
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.completeness import check_cases, check_completeness
from multichannel.workbench.check.constructs import check_constructs
from multichannel.workbench.check.duplicates import check_contradictions, check_duplicates
from multichannel.workbench.check.files import read_files
from multichannel.workbench.check.grant_rules import check_grants
from multichannel.workbench.check.loading import check_loading, load
from multichannel.workbench.check.names import check_names
from multichannel.workbench.check.parse import read_statements
from multichannel.workbench.check.reachability import check_reach
from multichannel.workbench.check.reason_codes import check_reason_codes
from multichannel.workbench.findings import Finding, Level, in_order


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
    """Check all policy files of a folder."""
    files = read_files(folder)
    return check_source(files.source, folder, files.findings)


def check_source(source: PolicySource, folder: Path, unread: Sequence[Finding] = ()) -> PolicyCheck:
    """Check a policy that has been read; `folder` is where its cases are."""
    read = list(read_statements(source))
    statements = [each for each in read if isinstance(each, Rule)]
    findings = [*unread, *(each for each in read if isinstance(each, Finding))]
    is_whole = not findings
    if source.texts:
        found = _findings(statements, source, folder)
        findings += found if is_whole else list(without_consequences(found, findings, source))
    policy = None
    if is_whole:
        loaded = load(source)
        policy = loaded if isinstance(loaded, Policy) else None
        if isinstance(loaded, str):
            findings += check_loading(loaded, source, statements, findings)
    return PolicyCheck(folder, source, tuple(in_order(_without_redundant(findings))), len(statements), policy)


def _without_redundant(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings without those that another one at the same position includes."""
    superfluous = {found.position for found in findings if found.code in {"duplicate-rule", "subsumed-rule"}}
    return (
        found for found in findings if found.code != "redundant-grant" or found.position not in superfluous
    )


def _findings(statements: Sequence[Rule], source: PolicySource, folder: Path) -> Iterator[Finding]:
    types = TypeInference(statements)
    yield from check_names(statements)
    for fault in word_faults(statements, types):
        yield finding(fault.rule, fault.code, fault.span, fault.message, fault.hint)
    yield from check_reason_codes(statements)
    yield from check_constructs(statements)
    yield from check_duplicates(statements)
    yield from check_contradictions(statements)
    yield from check_reach(statements, types)
    yield from check_grants(statements)
    yield from check_completeness(statements, source)
    yield from check_cases(folder, statements)
