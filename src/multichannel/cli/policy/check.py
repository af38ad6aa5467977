"""`multichannel policy check`: everything that is wrong with policy files, before they decide anything."""

from __future__ import annotations

import json
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from multichannel.cli import NO_POLICY
from multichannel.cli.policy.common import FINDINGS, PolicyFolder, console, folder_of, print_json
from multichannel.workbench.check import Checked
from multichannel.workbench.check import check as check_folder
from multichannel.workbench.check.codes import KINDS
from multichannel.workbench.code_frame import excerpt
from multichannel.workbench.explain.indented import Indented
from multichannel.workbench.findings import Finding, Level
from multichannel.workbench.formats import as_github, as_json, as_sarif, path_of

COLOURS = {Level.ERROR: "bold red", Level.WARNING: "bold yellow"}


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


def check(
    policy: PolicyFolder = None,
    output: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    fail_level: Annotated[Level, typer.Option(help="From which level on findings fail.")] = Level.ERROR,
) -> None:
    """Find mistakes in policy files.

    Checks syntax, names and words, rules without effect, and missing tenant or cloud isolation. Exit codes:
    0 no findings that fail, 1 findings, 3 the policy does not load.

    Example: multichannel policy check --policy policies --format sarif
    """
    checked = check_folder(folder_of(policy))
    _print(checked, output)
    if not checked.loads:
        raise typer.Exit(NO_POLICY)
    if checked.errors or (checked.warnings and fail_level is Level.WARNING):
        raise typer.Exit(FINDINGS)


def _print(checked: Checked, output: Format) -> None:
    if output is Format.TEXT:
        _print_text(checked, console())
    elif output is Format.GITHUB:
        typer.echo(as_github(checked.findings, checked.folder), nl=False)
    elif output is Format.SARIF:
        kinds = {code: kind.says for code, kind in KINDS.items()}
        log = as_sarif(checked.findings, checked.folder, version=version("multichannel"), kinds=kinds)
        typer.echo(json.dumps(log, indent=2, ensure_ascii=False))
    else:
        body = {
            "loads": checked.loads,
            "files": [name for name, _ in checked.source.texts],
            "statements": checked.statements,
            "errors": len(checked.errors),
            "warnings": len(checked.warnings),
            "findings": as_json(checked.findings, checked.folder),
        }
        print_json("check", checked.source.digest, body)


def _print_text(checked: Checked, out: Console) -> None:
    texts = dict(checked.source.texts)
    for found in checked.findings:
        _print_finding(found, path_of(found, checked.folder), texts.get(found.file, ""), out)
    out.print(_summary(checked))


def _print_finding(found: Finding, path: str, text: str, out: Console) -> None:
    """The line that editors read, the source with marks, and what to do."""
    first = Text.assemble(
        (f"{path}:{found.line}:{found.column}: ", "bold"),
        (f"{found.level}: ", COLOURS[found.level]),
        f"{found.message} ",
        (f"[{found.code}]", "dim"),
    )
    # Editors look for the place, the message and the code in one line, however narrow their terminals are.
    out.print(first, soft_wrap=not out.is_terminal)
    gutter = f"{found.line:>5} | "
    for place, piece in enumerate(excerpt(text, found, out.width - len(gutter))):
        out.print(Text.assemble((gutter if place == 0 else "      | ", "dim"), piece.source), soft_wrap=True)
        if piece.marks:
            out.print(Text.assemble(("      | ", "dim"), (piece.marks, COLOURS[found.level])), soft_wrap=True)
    if found.hint:
        out.print(Indented(Text(found.hint, "cyan"), len("      | ")))
    out.print()


def _summary(checked: Checked) -> Text:
    files = len(checked.source.texts)
    looked_at = f"{_counted(files, 'file')}, {_counted(checked.statements, 'statement')}: "
    found = f"{_counted(len(checked.errors), 'error')}, {_counted(len(checked.warnings), 'warning')}."
    loads = "" if checked.loads else " The policy does not load."
    colour = "bold red" if checked.errors else "bold yellow" if checked.warnings else "bold green"
    return Text.assemble(looked_at, (found, colour), (loads, "bold red"))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
