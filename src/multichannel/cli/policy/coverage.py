"""`multichannel policy coverage`: the rules and conditions that test cases cover."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.policy.common import (
    FINDINGS,
    FORMAT,
    Output,
    OutputFile,
    PolicyFolder,
    folder_of,
    print_at,
)
from multichannel.policy.decide.policy import Policy
from multichannel.policy.testing.case_files import read_cases
from multichannel.workbench.coverage.coverage import Coverage, CoverageState, cover
from multichannel.workbench.coverage.html import coverage_page
from multichannel.workbench.coverage.notes import notes
from multichannel.workbench.coverage.tables import as_lcov, coverage_as_json
from multichannel.workbench.revisions import changed_lines

COLOURS = {"never-tried": "bold red", "never-true": "bold yellow", "partly": "cyan"}


def coverage(
    policy: PolicyFolder = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Exit 1 if a lower percentage of the rules is covered."),
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Only rules with lines changed since this git revision."),
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="Also require a case for each word of each list.")
    ] = False,
    output_format: Annotated[Literal["text", "json", "lcov", "html"], FORMAT] = "text",
    output: OutputFile = None,
) -> None:
    """Measure which rules and conditions the test cases cover.

    A rule is covered if each of its conditions, and each alternative of an `or`, was true in some case
    together with the conditions before it. Whether the cases pass is not checked: see
    `multichannel policy test`.

    Example: multichannel policy coverage --changed-since origin/main --threshold 100
    """
    folder = folder_of(policy)
    changed = None if changed_since is None else changed_lines(folder, changed_since)
    result = cover(Policy.load(folder).source, read_cases(folder), counts_items=items)
    if changed is not None:
        result = result.keeping(lambda rule: not changed.get(rule.rule.file, set()).isdisjoint(rule.lines))
    Output(
        "coverage",
        result.source.digest,
        partial(_print, result, folder),
        partial(coverage_as_json, result),
        {"lcov": partial(as_lcov, result, folder), "html": partial(coverage_page, result)},
    ).show(output_format, output)
    if threshold is not None and result.percent() < threshold:
        typer.echo(f"{result.percent():.2f} % of the rules are covered; required: {threshold:g} %.", err=True)
        raise typer.Exit(FINDINGS)


def _print(result: Coverage, folder: Path, page: Console) -> None:
    for rule in result.rules:
        for note in notes(rule, items=True):
            label = (note.code.replace("-", " "), COLOURS[note.code])
            print_at(page, note, folder, label, f": {note.message}")
            page.print()
    table = Table("file", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("rules", *CoverageState, "percent"):
        table.add_column(name, justify="right")
    for file, _ in result.source.texts:
        if result.of_file(file):
            table.add_row(file, *_numbers(result, file))
    table.add_section()
    table.add_row("all", *_numbers(result, None), style="bold")
    page.print(table)


def _numbers(result: Coverage, file: str | None) -> list[str]:
    states = (str(result.of(state, file) or "") for state in CoverageState)
    return [str(len(result.of_file(file))), *states, f"{result.percent(file):.1f}"]
