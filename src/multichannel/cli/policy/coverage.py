"""`multichannel policy coverage`: which rules and conditions came true in cases, and what stopped others."""

from __future__ import annotations

import io
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from multichannel.cli.policy.common import FINDINGS, PolicyFolder, console, folder_of, json_text, write
from multichannel.policy.decide.policy import Policy
from multichannel.policy.testing.case_files import read_cases
from multichannel.workbench.changed_lines import changed_lines
from multichannel.workbench.coverage.coverage import Coverage, State, cover
from multichannel.workbench.coverage.html import as_html
from multichannel.workbench.coverage.lcov import as_lcov
from multichannel.workbench.coverage.notes import as_body, notes
from multichannel.workbench.findings import Finding
from multichannel.workbench.formats import path_of

COLOURS = {"never-tried": "bold red", "never-true": "bold yellow", "partly": "cyan"}
WRITTEN_WIDTH = 120


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"
    LCOV = "lcov"
    HTML = "html"


def coverage(
    policy: PolicyFolder = None,
    threshold: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit 1 if fewer rules, in percent, are covered.")
    ] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Only rules with lines that are new since a git revision."),
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="Each word of each list counts, and is to be met in some case.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write it to this file.", dir_okay=False)
    ] = None,
) -> None:
    """Measure which rules and conditions the test cases cover.

    A rule is covered if each of its conditions, and each alternative of an `or`, was true in some case
    together with the conditions before it. Whether the cases pass is not checked: see
    `multichannel policy test`.

    Example: multichannel policy coverage --changed-since origin/main --threshold 100
    """
    folder = folder_of(policy)
    changed = None if changed_since is None else changed_lines(folder, changed_since)
    loaded = Policy.load(folder)
    found = cover(loaded.source, read_cases(folder), counts_items=items)
    if changed is not None:
        found = found.keeping(
            lambda rule: not changed.get(rule.rule.file, frozenset()).isdisjoint(rule.lines)
        )
    if output_format is Format.TEXT and output is None:
        _print_text(console(), found, folder)
    elif output is None:
        typer.echo(_written(found, folder, output_format), nl=False)
    else:
        write(_written(found, folder, output_format), output)
    if threshold is not None and found.percent() < threshold:
        typer.echo(
            f"{found.percent():.2f} % of the rules are covered, which is less than {threshold:g} %.", err=True
        )
        raise typer.Exit(FINDINGS)


def _written(found: Coverage, folder: Path, output_format: Format) -> str:
    if output_format is Format.JSON:
        return json_text("coverage", found.source.digest, as_body(found)) + "\n"
    if output_format is Format.LCOV:
        return as_lcov(found, folder)
    if output_format is Format.HTML:
        return as_html(found)
    text = io.StringIO()
    _print_text(Console(file=text, width=WRITTEN_WIDTH, highlight=False), found, folder)
    return text.getvalue()


def _print_text(page: Console, found: Coverage, folder: Path) -> None:
    for rule in found.rules:
        for note in notes(rule, items=True):
            _print_note(page, note, folder)
    table = Table("file", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("rules", *State, "percent"):
        table.add_column(name, justify="right")
    for file, _ in found.source.texts:
        if found.of_file(file):
            table.add_row(file, *_numbers(found, file))
    table.add_section()
    table.add_row("all", *_numbers(found, None), style="bold")
    page.print(table)


def _numbers(found: Coverage, file: str | None) -> list[str]:
    states = (str(found.of(state, file) or "") for state in State)
    return [str(len(found.of_file(file))), *states, f"{found.percent(file):.1f}"]


def _print_note(page: Console, note: Finding, folder: Path) -> None:
    text = Text.assemble(
        (f"{path_of(note, folder)}:{note.line}:{note.column}: ", "bold"),
        (note.code.replace("-", " "), COLOURS[note.code]),
        f": {note.message}",
    )
    page.print(text, soft_wrap=not page.is_terminal)
    page.print()
