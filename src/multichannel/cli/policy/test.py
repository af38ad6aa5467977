"""`multichannel policy test`: run the cases beside the policy, and tell what they leave open."""

# ruff: noqa: PT028  (the command is called test, and is none of pytest's)
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multichannel.cli.policy.common import FINDINGS, PolicyFolder, console, folder_of, print_json, write
from multichannel.errors import BadInput
from multichannel.policy.decide.policy import Policy
from multichannel.policy.testing.case_files import read_suite
from multichannel.workbench import case_coverage as missing
from multichannel.workbench.findings import Finding, Level
from multichannel.workbench.formats import as_github, as_json, as_sarif, path_of
from multichannel.workbench.junit import junit
from multichannel.workbench.testing import FAILED, Result, by_file, explained, failure, run

COLOURS = {Level.ERROR: "bold red", Level.WARNING: "bold yellow"}
KINDS = {FAILED: "The policy says something else than a case expects.", **missing.KINDS}


MOST_EXPLAINED = 20
"""Failures that are explained; a change that breaks hundreds of cases breaks them for one reason or two."""


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


def test(
    policy: PolicyFolder = None,
    filter_text: Annotated[
        str | None,
        typer.Option(
            "--filter",
            metavar="TEXT",
            help="Only what has this in its file, principal, action, record or reason.",
        ),
    ] = None,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", dir_okay=False, help="Also write the results as JUnit XML.")
    ] = None,
    allow_gaps: Annotated[
        bool, typer.Option("--allow-gaps", help="What has no case is a warning, and does not fail.")
    ] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
) -> None:
    """Run the test cases of a policy and report what has no case.

    Each case is decided both as a check of one record and as the filter of a list. With --filter, missing
    cases are not reported. Exit codes: 0 all as expected, 1 otherwise, 3 the policy does not load.

    Example: multichannel policy test --filter alder_sales_agent
    """
    folder = folder_of(policy)
    loaded, suite = Policy.load(folder), read_suite(folder)
    results = run(loaded, suite)
    if filter_text is not None:
        results = tuple(result for result in results if result.mentions(filter_text))
        if not results:
            raise BadInput(f"No case of {folder} has `{filter_text}` in it.")
    gaps = [] if filter_text is not None else missing.gaps(loaded, suite)
    if allow_gaps:
        gaps = [replace(gap, level=Level.WARNING) for gap in gaps]
    if junit_file is not None:
        write(junit(results, gaps), junit_file)
    report = _Report(loaded, folder, results, gaps)
    report.print_as(output)
    if report.fails:
        raise typer.Exit(FINDINGS)


class _Report:
    """What was found, in one of the formats."""

    def __init__(
        self, policy: Policy, folder: Path, results: tuple[Result, ...], gaps: list[Finding]
    ) -> None:
        self._policy = policy
        self._folder = folder
        self._results = results
        self._failed = [result for result in results if not result.is_met]
        self._gaps = gaps

    @property
    def fails(self) -> bool:
        """Whether there is anything that must not ship."""
        return bool(self._failed) or any(gap.level is Level.ERROR for gap in self._gaps)

    def print_as(self, output: Format) -> None:
        """Print all of it."""
        findings = [*map(failure, self._failed), *self._gaps]
        if output is Format.TEXT:
            self._print_text(console())
        elif output is Format.JSON:
            print_json("test", self._policy.digest, self._body())
        elif output is Format.JUNIT:
            typer.echo(junit(self._results, self._gaps), nl=False)
        elif output is Format.GITHUB:
            typer.echo(as_github(findings, self._folder), nl=False)
        else:
            log = as_sarif(findings, self._folder, version=version("multichannel"), kinds=KINDS)
            typer.echo(json.dumps(log, indent=2, ensure_ascii=False))

    def _body(self) -> dict[str, Any]:
        return {
            "expectations": len(self._results),
            "failed": len(self._failed),
            "files": [
                {"file": file, "expectations": len(found), "failed": _failed(found)}
                for file, found in by_file(self._results).items()
            ],
            "failures": [self._failure(result, number) for number, result in enumerate(self._failed)],
            "gaps": as_json(self._gaps, self._folder),
        }

    def _failure(self, result: Result, number: int) -> dict[str, Any]:
        from multichannel.workbench.explain.explanation import reasons  # noqa: PLC0415  (needed where something fails)

        explanation = explained(self._policy, result) if number < MOST_EXPLAINED else None
        return {
            "path": path_of(failure(result), self._folder),
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

    def _print_text(self, page: Console) -> None:
        page.print(_files(self._results))
        for number, result in enumerate(self._failed):
            page.print()
            self._print_finding(page, failure(result))
            page.print(Padding(Text(f"The case says: {result.case.why}", "cyan"), (0, 0, 0, 2), expand=False))
            if number < MOST_EXPLAINED:
                self._explain(page, result)
        if len(self._failed) > MOST_EXPLAINED:
            page.print(
                f"\nThe first {MOST_EXPLAINED} are explained; to see others explained, choose with --filter."
            )
        if self._gaps:
            page.print()
        for gap in self._gaps:
            self._print_finding(page, gap)
        page.print()
        page.print(self._summary())

    def _print_finding(self, page: Console, found: Finding) -> None:
        place = f"{path_of(found, self._folder)}:{found.line}:{found.column}: "
        text = Text.assemble(
            (place, "bold"),
            (f"{found.level}: ", COLOURS[found.level]),
            f"{found.message} ",
            (f"[{found.code}]", "dim"),
        )
        # Editors look for the place, the message and the code in one line.
        page.print(text, soft_wrap=not page.is_terminal)
        if found.hint:
            page.print(Padding(Text(found.hint, "cyan"), (0, 0, 0, 2), expand=False))

    def _explain(self, page: Console, result: Result) -> None:
        from multichannel.workbench.explain.render_terminal import told  # noqa: PLC0415  (needed where something fails)

        explanation = explained(self._policy, result)
        if explanation is not None:
            page.print(Padding(told(explanation), (0, 0, 0, 2), expand=False))

    def _summary(self) -> Text:
        total, failed, gaps = len(self._results), len(self._failed), len(self._gaps)
        said = f"{total} expectations: {total - failed} met, {failed} not."
        if gaps:
            said += f" {gaps} without a case."
        return Text(said, "bold red" if self.fails else "bold yellow" if gaps else "bold green")


def _files(results: Iterable[Result]) -> Table:
    """How many expectations of each file are met."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    table.add_column(justify="right")
    for file, found in by_file(results).items():
        failed = _failed(found)
        not_met = Text(f"{failed} not met", "bold red") if failed else ""
        table.add_row(file, Text(f"{len(found) - failed} met", "green"), not_met)
    return table


def _failed(results: Iterable[Result]) -> int:
    return sum(not result.is_met for result in results)
