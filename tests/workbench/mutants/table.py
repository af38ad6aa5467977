"""Which command notices which fault: the policy with the fault, put through what each command runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.testing.case_files import CaseSuite, read_suite
from multichannel.workbench.check import check_source
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.differ import PolicyComparison
from multichannel.workbench.diff.policy_version import PolicyVersion
from multichannel.workbench.matrix.markdown import matrix_markdown
from multichannel.workbench.matrix.matrix import matrix_of
from multichannel.workbench.testing import run
from tests.workbench.mutants.fault import Fault

PASSED = "-"
UNASKED = "does not load"
UNFINISHED = "out of time"
"""What the engine gives up; by the clock, so a busy machine sees it more often."""
TOLD = {Direction.ALLOWED: "more", Direction.DENIED: "less", Direction.REASON: "reason"}


@dataclass(frozen=True, slots=True)
class Row:
    """What each command says of one fault; PASSED if it notices nothing."""

    name: str
    check: str
    test: str
    matrix: str
    diff: str

    @property
    def is_caught(self) -> bool:
        """Whether it cannot ship: the check has an error, or a case fails."""
        return self.check != PASSED or self.test not in {PASSED, UNASKED}


@dataclass(frozen=True)
class Workbench:
    """The commands, over a policy folder."""

    folder: Path

    @cached_property
    def source(self) -> PolicySource:
        """The policy without a fault."""
        return PolicySource.read(self.folder)

    def row(self, fault: Fault) -> Row:
        """What the commands say of a fault."""
        return self.said(fault.name, fault.put_into(self.source), fault.file)

    def said(self, name: str, source: PolicySource, file: str) -> Row:
        """What they say of a policy that differs from the shipped one in one file."""
        checked = check_source(source, self.folder)
        found = ", ".join(dict.fromkeys(error.code for error in checked.errors)) or PASSED
        if checked.policy is None:
            return Row(name, found, UNASKED, UNASKED, UNASKED)
        kinds = self._kinds(source, file)
        stale = _matrix(self._policy, kinds) != _matrix(checked.policy, kinds)
        return Row(
            name,
            found,
            self._failing(checked.policy, kinds),
            "stale" if stale else PASSED,
            self._difference(checked.policy),
        )

    def _kinds(self, source: PolicySource, file: str) -> tuple[str, ...]:
        """What an edit of this file can be about."""
        about = {rule.about for rule in (*source.rules, *self.source.rules) if rule.file == file}
        return tuple(RESOURCES) if None in about else tuple(kind for kind in RESOURCES if kind in about)

    def _failing(self, policy: Policy, kinds: tuple[str, ...]) -> str:
        """Where the first case stands that fails."""
        asked = (case for case in self._suite.cases if case.resource.name in kinds)
        results = (result for case in asked for result in run(policy, CaseSuite((case,), ())))
        return next((result.case.position for result in results if not result.is_met), PASSED)

    def _difference(self, policy: Policy) -> str:
        try:
            found = PolicyComparison(self._version, PolicyVersion(policy)).diff()
        except PolicyFault:
            return UNFINISHED
        told = (f"{len(found.of(way))} {word}" for way, word in TOLD.items() if found.of(way))
        return ", ".join(told) or PASSED

    @cached_property
    def _policy(self) -> Policy:
        return Policy(self.source)

    @cached_property
    def _version(self) -> PolicyVersion:
        return PolicyVersion(self._policy)

    @cached_property
    def _suite(self) -> CaseSuite:
        return read_suite(self.folder)


def _matrix(policy: Policy, kinds: tuple[str, ...]) -> str:
    """What `matrix --check` compares, of these kinds of records."""
    return matrix_markdown(matrix_of(policy, kinds))


def lines(rows: list[Row]) -> Iterator[str]:
    """The table, as text."""
    heads = Row("fault", "check", "test", "matrix --check", "diff")
    cells = [[row.name, row.check, row.test, row.matrix, row.diff] for row in (heads, *rows)]
    widths = [max(len(cell[column]) for cell in cells) for column in range(len(cells[0]))]
    for cell in cells:
        yield "  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)).rstrip()
