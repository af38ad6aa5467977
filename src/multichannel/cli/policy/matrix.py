"""`multichannel policy matrix`: which role at which standing is granted which action, as tables."""

from __future__ import annotations

import difflib
import io
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from multichannel.cli.policy.common import (
    FINDINGS,
    SHIPPED,
    PolicyFolder,
    console,
    folder_of,
    json_text,
    print_json,
    write,
)
from multichannel.cli.policy.matrix_text import print_matrix
from multichannel.errors import Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import ROLES
from multichannel.workbench.matrix.html import as_page
from multichannel.workbench.matrix.markdown import as_markdown
from multichannel.workbench.matrix.matrix import Matrix, matrix_of
from multichannel.workbench.matrix.tables import as_body, as_csv

COMMITTED = "MATRIX.md"
WRITTEN_WIDTH = 120
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    MARKDOWN = "markdown"
    CSV = "csv"
    HTML = "html"
    JSON = "json"


def _kind(name: str) -> str:
    return _one_of(name, {kind.casefold(): kind for kind in RESOURCES}, "kind of record")


def _role(name: str) -> str:
    return _one_of(name, {role.value: role.value for role in ROLES}, "role")


def _one_of(name: str, known: dict[str, str], what: str) -> str:
    if name.casefold() in known:
        return known[name.casefold()]
    near = difflib.get_close_matches(name.casefold(), known, 1)
    guess = f"did you mean {known[near[0]]}?" if near else f"there are {', '.join(known.values())}."
    raise typer.BadParameter(f"There is no {what} called {name}; {guess}")


def matrix(
    file: Annotated[
        Path | None,
        typer.Argument(help=f"With --check: the file to compare; {COMMITTED} beside the policy by default."),
    ] = None,
    policy: PolicyFolder = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TEXT,
    resource: Annotated[
        list[str] | None,
        typer.Option("--resource", parser=_kind, metavar="NAME", help="Only this kind; repeatable."),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", parser=_role, metavar="ROLE", help="Only this role."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write it to this file.", dir_okay=False)
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit 1 if the committed file differs, and say how."),
    ] = False,
) -> None:
    """Print which role at which standing is granted which action.

    Restrictions and conditions are listed with the grants they apply to.

    Example: multichannel policy matrix --resource Subscription --role sales_agent
    """
    folder = folder_of(policy)
    if file is not None and not check:
        raise typer.BadParameter("a file is for --check; to write one, use --output")
    if check:
        if resource or role or output or output_format not in {Format.TEXT, Format.JSON}:
            raise typer.BadParameter("--check is about the whole matrix, and prints text or json")
        _check(Policy.load(folder), folder, _from_here(file or folder / COMMITTED), output_format)
        return
    found = matrix_of(Policy.load(folder), tuple(resource or RESOURCES), role)
    if output is not None:
        write(_written(found, output_format), output)
    elif output_format is Format.TEXT and (screen := console()).is_terminal:
        print_matrix(screen, found)
    else:
        typer.echo(_written(found, output_format, console().width), nl=False)


def _written(found: Matrix, output_format: Format, width: int = WRITTEN_WIDTH) -> str:
    """What goes into a file, or to a program."""
    if output_format is Format.TEXT:
        page = io.StringIO()
        print_matrix(Console(file=page, width=width, highlight=False, force_terminal=False), found)
        return "".join(f"{line.rstrip()}\n" for line in page.getvalue().lstrip("\n").splitlines())
    if output_format is Format.JSON:
        return json_text("matrix", found.digest, as_body(found)) + "\n"
    return {Format.MARKDOWN: as_markdown, Format.CSV: as_csv, Format.HTML: as_page}[output_format](found)


def _check(policy: Policy, folder: Path, path: Path, output_format: Format) -> None:
    """Say how the file differs from what the policy says now, and exit 1 if it does, or is not there."""
    try:
        committed = path.read_text("utf-8")
    except FileNotFoundError:
        committed = ""
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path} cannot be read: it is no UTF-8 text") from None
    now = as_markdown(matrix_of(policy))
    names = (f"{path.name} as it is", f"{path.name} as the policy says")
    differing = list(difflib.unified_diff(committed.splitlines(), now.splitlines(), *names, lineterm=""))
    renewal = _renewal(folder, path)
    if output_format is Format.JSON:
        body = {"file": str(path), "stale": bool(differing), "diff": differing, "renew": renewal}
        print_json("matrix", policy.digest, body)
    elif not committed:
        console().print(f"{path} holds no matrix. Write it: {renewal}", soft_wrap=True, markup=False)
    elif differing:
        _tell(differing, f"{path} is stale. If the change is meant, renew it: {renewal}")
    else:
        console().print(f"{path} says what the policy says.", soft_wrap=True, markup=False)
    if differing:
        raise typer.Exit(FINDINGS)


def _from_here(path: Path) -> Path:
    """The same file, by its way from this folder if it is in it."""
    here, whole = Path.cwd(), path.resolve()
    return whole.relative_to(here) if whole.is_relative_to(here) else path


def _tell(differing: list[str], sentence: str) -> None:
    screen = console()
    for line in differing:
        screen.print(Text(line, style=COLOURS.get(line[0], "")), soft_wrap=True)
    screen.print(sentence, soft_wrap=True, markup=False)


def _renewal(folder: Path, path: Path) -> str:
    """The command that writes the file anew."""
    chosen = [] if folder == SHIPPED else ["--policy", str(folder)]
    words = ["multichannel", "policy", "matrix", *chosen, "--format", "markdown", "--output", str(path)]
    return shlex.join(words)
