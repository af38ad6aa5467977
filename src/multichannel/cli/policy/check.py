"""`multichannel policy check`: mistakes in policy files, found without deciding anything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any, Literal

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from multichannel.cli import NO_POLICY
from multichannel.cli.policy.common import (
    COLOURS,
    FINDINGS,
    FORMAT,
    Output,
    PolicyFolder,
    finding_formats,
    folder_of,
    print_finding,
    print_line,
)
from multichannel.workbench.check import PolicyCheck
from multichannel.workbench.check import check as check_folder
from multichannel.workbench.check.codes import FINDING_KINDS
from multichannel.workbench.findings import Finding, Level, count_of, findings_as_json

GUTTER = "      | "
TAB = 4
"""Displayed width of a tab, which is one character in the column of a finding."""
MIN_WIDTH = 20
CONTROL = 32
DELETE = 127


def check(
    policy: PolicyFolder = None,
    output: Annotated[Literal["text", "json", "sarif", "github"], FORMAT] = "text",
    fail_level: Annotated[
        Level, typer.Option(help="Lowest level of findings that fail the check.")
    ] = Level.ERROR,
) -> None:
    """Find mistakes in policy files.

    Checks syntax, names and words, rules without effect, and missing tenant or cloud isolation. Exit codes:
    0 no findings that fail, 1 findings, 3 the policy does not load.

    Example: multichannel policy check --policy policies --format sarif
    """
    checked = check_folder(folder_of(policy))
    Output(
        "check",
        checked.source.digest,
        partial(_print, checked),
        partial(_body, checked),
        finding_formats(checked.findings, checked.folder, FINDING_KINDS),
    ).show(output)
    if not checked.loads:
        raise typer.Exit(NO_POLICY)
    if checked.errors or (checked.warnings and fail_level is Level.WARNING):
        raise typer.Exit(FINDINGS)


def _body(checked: PolicyCheck) -> dict[str, Any]:
    return {
        "loads": checked.loads,
        "files": [name for name, _ in checked.source.texts],
        "statements": checked.statements,
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "findings": findings_as_json(checked.findings, checked.folder),
    }


def _print(checked: PolicyCheck, page: Console) -> None:
    texts = dict(checked.source.texts)
    for finding in checked.findings:
        print_finding(page, finding, checked.folder)
        _print_source(page, finding, texts.get(finding.file, ""))
        if finding.hint:
            print_line(page, finding.hint, "cyan", indent=len(GUTTER))
        page.print()
    page.print(_summary(checked))


def _print_source(page: Console, finding: Finding, text: str) -> None:
    """The line of the finding, with marks below it."""
    gutter = f"{finding.line:>5} | "
    for number, (source, marks) in enumerate(code_frame(text, finding, page.width - len(gutter))):
        page.print(Text.assemble((GUTTER if number else gutter, "dim"), source), soft_wrap=True)
        if marks:
            page.print(Text.assemble((GUTTER, "dim"), (marks, COLOURS[finding.level])), soft_wrap=True)


def code_frame(text: str, finding: Finding, width: int) -> tuple[tuple[str, str], ...]:
    """The source line of a finding wrapped to a width, each part with the marks to print below it.

    Nothing if the line is empty.
    """
    lines = text.split("\n")
    line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
    if not line.strip():
        return ()
    return tuple(_wrapped(line, finding, max(width, MIN_WIDTH)))


def _wrapped(line: str, finding: Finding, width: int) -> Iterator[tuple[str, str]]:
    source = marks = ""
    first, last = finding.column - 1, finding.column - 1 + max(finding.length, 1)
    # A finding may point behind the last character, where something is missing.
    padded = line + " " * (finding.column > len(line))
    used = 0
    for place, character in enumerate(padded):
        text = _printable(character)
        cells = cell_len(text)
        if used + cells > width:
            yield source.rstrip(), marks.rstrip()
            source, marks, used = "", "", 0
        source += text
        used += cells
        mark = "^" if place == first else "~"
        marks += (mark + "~" * (cells - 1) if cells else "") if first <= place < last else " " * cells
    yield source.rstrip(), marks.rstrip()


def _printable(character: str) -> str:
    if character == "\t":
        return " " * TAB
    code = ord(character)
    return "\N{REPLACEMENT CHARACTER}" if code < CONTROL or code == DELETE else character


def _summary(checked: PolicyCheck) -> Text:
    errors, warnings = len(checked.errors), len(checked.warnings)
    colour = "bold red" if errors else "bold yellow" if warnings else "bold green"
    return Text.assemble(
        f"{count_of(len(checked.source.texts), 'file')}, {count_of(checked.statements, 'statement')}: ",
        (f"{count_of(errors, 'error')}, {count_of(warnings, 'warning')}.", colour),
        ("" if checked.loads else " The policy does not load.", "bold red"),
    )
