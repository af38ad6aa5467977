"""What the commands of the workbench share: options, output in every format, exit codes."""

from __future__ import annotations

import difflib
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

import multichannel
from multichannel.cli.options import write
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.findings import Finding, Level, findings_as_github, findings_as_sarif, path_of

SCHEMA_VERSION = 1
FINDINGS = 1
PIPE_WIDTH = 240
"""What reads a pipe wraps for itself."""
FILE_WIDTH = 120
SHIPPED = Path(multichannel.__file__).parent / "policies"
COLOURS = {Level.ERROR: "bold red", Level.WARNING: "bold yellow"}

FORMAT = typer.Option("--format", help="Output format.")
TextOrJson = Annotated[Literal["text", "json"], FORMAT]
OutputFile = Annotated[
    Path | None, typer.Option("--output", help="Write the output to this file.", dir_okay=False)
]
PolicyFolder = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        help="Folder of .polar files. Default: MULTICHANNEL_POLICY_DIR, else the shipped policies.",
        exists=True,
        file_okay=False,
    ),
]


def folder_of(policy: Path | None) -> Path:
    """The folder a command works on."""
    return policy or Path(os.environ.get("MULTICHANNEL_POLICY_DIR") or SHIPPED)


def resource_name(name: str) -> str:
    """The resource type that an argument names, in any case."""
    return one_of(name, {kind.casefold(): kind for kind in RESOURCES}, "resource type")


def one_of(name: str, known: dict[str, str], what: str) -> str:
    """The known word that an argument means; a usage error with the nearest one if there is none."""
    if name.casefold() in known:
        return known[name.casefold()]
    near = difflib.get_close_matches(name.casefold(), known, 1)
    hint = f"Did you mean {known[near[0]]}?" if near else f"Choose from: {', '.join(known.values())}."
    raise typer.BadParameter(f"Unknown {what}: {name}. {hint}")


@dataclass(frozen=True)
class Output:
    """The result of a command, rendered in the requested format."""

    command: str
    digest: str
    text: Callable[[Console], None]
    body: Callable[[], Mapping[str, Any]]
    """The JSON of this command, without what all commands print."""
    others: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """By format, what renders it."""

    def show(self, output_format: str, path: Path | None = None) -> None:
        """Write to a file, or to standard output: coloured on a terminal, plain in a pipe."""
        screen = console()
        if path is not None:
            write(self._render(output_format, FILE_WIDTH), path)
        elif output_format == "text" and screen.is_terminal:
            self.text(screen)
        elif output_format == "text":
            # Not echo, which writes UTF-8 to a stream that asks for ASCII.
            sys.stdout.write(self._render(output_format, screen.width))
        else:
            typer.echo(self._render(output_format, screen.width), nl=False)

    def _render(self, output_format: str, width: int) -> str:
        if output_format == "json":
            head = {
                "schema_version": SCHEMA_VERSION,
                "command": f"policy {self.command}",
                "policy_sha256": self.digest,
                "engine": f"oso {version('oso')}",
            }
            return json.dumps({**head, **self.body()}, indent=2, ensure_ascii=False) + "\n"
        if output_format == "text":
            page = io.StringIO()
            self.text(Console(file=page, width=width, highlight=False, force_terminal=False))
            return "".join(f"{line.rstrip()}\n" for line in page.getvalue().split("\n")[:-1])
        return self.others[output_format]()


def finding_formats(
    findings: Sequence[Finding], folder: Path, kinds: Mapping[str, str]
) -> dict[str, Callable[[], str]]:
    """What renders findings for code hosts; `kinds` describes each code of a finding."""

    def sarif() -> str:
        log = findings_as_sarif(findings, folder, version=version("multichannel"), kinds=kinds)
        return json.dumps(log, indent=2, ensure_ascii=False) + "\n"

    return {"github": partial(findings_as_github, findings, folder), "sarif": sarif}


def console() -> Console:
    """Standard output, with a fixed width in a pipe."""
    screen = Console(highlight=False, soft_wrap=False)
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = max(screen.width, PIPE_WIDTH)
    return screen


def print_line(page: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """Print a text, wrapped and indented."""
    page.print(Padding.indent(Text(text, style), indent))


def print_finding(page: Console, finding: Finding, folder: Path) -> None:
    """Print the line of a finding that editors recognise: place, level, message and code."""
    print_at(
        page,
        finding,
        folder,
        (f"{finding.level}: ", COLOURS[finding.level]),
        f"{finding.message} ",
        (f"[{finding.code}]", "dim"),
    )


def print_at(page: Console, finding: Finding, folder: Path, *parts: str | tuple[str, str]) -> None:
    """Print text after the place of a finding, on one line in a pipe however narrow that is."""
    place = f"{path_of(finding, folder)}:{finding.line}:{finding.column}: "
    page.print(Text.assemble((place, "bold"), *parts), soft_wrap=not page.is_terminal)
