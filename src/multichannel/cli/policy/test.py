"""`multichannel policy test`: the test cases of a policy, and what has no case."""

# ruff: noqa: PT028  (a command, not a test)
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multichannel.cli.options import write
from multichannel.cli.policy.common import (
    FINDINGS,
    FORMAT,
    Output,
    PolicyFolder,
    finding_formats,
    folder_of,
    print_finding,
    print_line,
)
from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.testing.case_files import read_suite
from multichannel.workbench import case_coverage
from multichannel.workbench.check.codes import FINDING_KINDS
from multichannel.workbench.check.invariants import check_invariants
from multichannel.workbench.findings import Finding, Level, count_of, findings_as_json, path_of
from multichannel.workbench.junit import junit
from multichannel.workbench.testing import FAILED, CaseResult, by_file, explain_result, failure, run

KINDS = {
    FAILED: "The decision differs from what a case expects.",
    **case_coverage.KINDS,
    **{code: text for code, text in FINDING_KINDS.items() if code.endswith(("-invariant", "-invariants"))},
}
MAX_EXPLAINED = 20
"""Failures that are explained: a change that breaks hundreds of cases does so for one or two reasons."""


def test(
    policy: PolicyFolder = None,
    filter_text: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="TEXT",
            help="Only cases with this text in their file, principal, action, record or reason.",
        ),
    ] = None,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", dir_okay=False, help="Also write JUnit XML to this file.")
    ] = None,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="Report missing cases as warnings that do not fail.")
    ] = False,
    output: Annotated[Literal["text", "json", "github", "sarif", "junit"], FORMAT] = "text",
) -> None:
    """Run the test cases of a policy, hold its invariants, and report what has no case.

    Each case is decided both as a check of one record and as the filter of a list. With --filter, invariants
    and missing cases are left out. Exit codes: 0 all as expected, 1 otherwise, 3 the policy does not load.

    Example: multichannel policy test --filter alder_sales_agent
    """
    folder = folder_of(policy)
    loaded, suite = Policy.load(folder), read_suite(folder)
    results = run(loaded, suite)
    if filter_text is not None:
        results = tuple(result for result in results if result.mentions(filter_text))
        if not results:
            raise BadInput(f"No case in {folder} contains `{filter_text}`.")
    gaps = [] if filter_text is not None else case_coverage.gaps(loaded, suite)
    if allow_gaps:
        gaps = [replace(gap, level=Level.WARNING) for gap in gaps]
    invariants = [] if filter_text is not None else list(check_invariants(loaded, folder))
    report = _Report(loaded, folder, results, tuple(gaps), tuple(invariants))
    xml = partial(junit, results, gaps)
    if junit_file is not None:
        write(xml(), junit_file)
    findings = [*map(failure, report.failed), *gaps, *invariants]
    formats = finding_formats(findings, folder, KINDS) | {"junit": xml}
    Output("test", loaded.digest, partial(_print, report), partial(_body, report), formats).show(output)
    if report.fails:
        raise typer.Exit(FINDINGS)


@dataclass(frozen=True)
class _Report:
    policy: Policy
    folder: Path
    results: tuple[CaseResult, ...]
    gaps: tuple[Finding, ...]
    invariants: tuple[Finding, ...]

    @property
    def fails(self) -> bool:
        """Whether anything of it must not ship."""
        return bool(self.failed) or any(each.level is Level.ERROR for each in (*self.gaps, *self.invariants))

    @property
    def failed(self) -> list[CaseResult]:
        return [result for result in self.results if not result.is_met]


def _body(report: _Report) -> dict[str, Any]:
    return {
        "expectations": len(report.results),
        "failed": len(report.failed),
        "files": [
            {"file": file, "expectations": len(results), "failed": _count_failed(results)}
            for file, results in by_file(report.results).items()
        ],
        "failures": [_failure(report, result, number) for number, result in enumerate(report.failed)],
        "gaps": findings_as_json(report.gaps, report.folder),
        "invariants": findings_as_json(report.invariants, report.folder),
    }


def _failure(report: _Report, result: CaseResult, number: int) -> dict[str, Any]:
    from multichannel.workbench.explain.explanation import reasons  # noqa: PLC0415  (needed only on failure)

    explanation = explain_result(report.policy, result) if number < MAX_EXPLAINED else None
    return {
        "path": path_of(failure(result), report.folder),
        "file": result.case.file,
        "line": result.case.line,
        "who": result.who,
        "action": result.action,
        "what": result.what,
        "expected": result.expected,
        "found": result.found,
        "why": result.case.why,
        "explanation": None if explanation is None else reasons(explanation),
    }


def _print(report: _Report, page: Console) -> None:
    page.print(_files(report.results))
    failed = report.failed
    for number, result in enumerate(failed):
        page.print()
        print_finding(page, failure(result), report.folder)
        print_line(page, f"Reason of the case: {result.case.why}", "cyan", indent=2)
        if number < MAX_EXPLAINED:
            _print_explanation(page, report.policy, result)
    if len(failed) > MAX_EXPLAINED:
        page.print(f"\nOnly the first {MAX_EXPLAINED} failures are explained; use --filter for others.")
    if report.gaps or report.invariants:
        page.print()
    for missing in (*report.gaps, *report.invariants):
        print_finding(page, missing, report.folder)
        if missing.hint:
            print_line(page, missing.hint, "cyan", indent=2)
    page.print()
    page.print(_summary(report))


def _print_explanation(page: Console, policy: Policy, result: CaseResult) -> None:
    from multichannel.workbench.explain.render_terminal import render_explanation  # noqa: PLC0415  (needed only on failure)

    explanation = explain_result(policy, result)
    if explanation is not None:
        page.print(Padding(render_explanation(explanation), (0, 0, 0, 2), expand=False))


def _summary(report: _Report) -> Text:
    failed, gaps = len(report.failed), len(report.gaps)
    text = f"{len(report.results)} expectations: {len(report.results) - failed} passed, {failed} failed."
    if gaps:
        text += f" {gaps} missing cases."
    if report.invariants:
        text += f" {count_of(len(report.invariants), 'finding')} about invariants."
    return Text(text, "bold red" if report.fails else "bold yellow" if gaps else "bold green")


def _files(results: Iterable[CaseResult]) -> Table:
    """How many expectations of each file pass."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(justify="right")
    for file, of_file in by_file(results).items():
        failed = _count_failed(of_file)
        passed = Text(f"{len(of_file) - failed} passed", "green")
        table.add_row(file, passed, Text(f"{failed} failed", "bold red") if failed else "")
    return table


def _count_failed(results: Iterable[CaseResult]) -> int:
    return sum(not result.is_met for result in results)
