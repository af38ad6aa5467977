"""`multichannel policy matrix`: the grants of a policy as tables."""

from __future__ import annotations

import difflib
import shlex
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

from multichannel.cli.policy.common import (
    FINDINGS,
    FORMAT,
    SHIPPED,
    Output,
    OutputFile,
    PolicyFolder,
    folder_of,
    one_of,
    resource_name,
)
from multichannel.cli.policy.matrix_text import print_matrix
from multichannel.errors import Misconfigured
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import ROLES
from multichannel.workbench.matrix.html import matrix_page
from multichannel.workbench.matrix.markdown import matrix_markdown
from multichannel.workbench.matrix.matrix import matrix_of
from multichannel.workbench.matrix.tables import as_csv, matrix_as_json

COMMITTED = "MATRIX.md"
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def _role(name: str) -> str:
    return one_of(name, {role.value: role.value for role in ROLES}, "role")


def matrix(
    file: Annotated[
        Path | None,
        typer.Argument(help=f"With --check: the file to compare. Default: {COMMITTED} in the policy folder."),
    ] = None,
    policy: PolicyFolder = None,
    output_format: Annotated[Literal["text", "markdown", "csv", "html", "json"], FORMAT] = "text",
    resource: Annotated[
        list[str] | None,
        typer.Option(
            "--resource", parser=resource_name, metavar="NAME", help="Only this resource type; repeatable."
        ),
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", parser=_role, metavar="ROLE", help="Only this role.")
    ] = None,
    output: OutputFile = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 and print the differences if the committed file differs.")
    ] = False,
) -> None:
    """Print which role at which standing is granted which action.

    Restrictions and conditions are listed with the grants they apply to.

    Example: multichannel policy matrix --resource Subscription --role sales_agent
    """
    folder = folder_of(policy)
    if file is not None and not check:
        raise typer.BadParameter("FILE requires --check; to write a file, use --output")
    if check:
        if resource or role or output or output_format not in {"text", "json"}:
            raise typer.BadParameter(
                "--check compares the whole matrix: it takes no --resource, --role or --output, and prints "
                "text or json"
            )
        _check(Policy.load(folder), folder, _relative(file or folder / COMMITTED), output_format)
        return
    table = matrix_of(Policy.load(folder), tuple(resource or RESOURCES), role)
    Output(
        "matrix",
        table.digest,
        partial(print_matrix, table),
        partial(matrix_as_json, table),
        {
            "markdown": partial(matrix_markdown, table),
            "csv": partial(as_csv, table),
            "html": partial(matrix_page, table),
        },
    ).show(output_format, output)


def _check(policy: Policy, folder: Path, path: Path, output_format: str) -> None:
    """Print how the file differs from the matrix of the policy; exit 1 if it does, or does not exist."""
    try:
        committed = path.read_text("utf-8")
    except FileNotFoundError:
        committed = ""
    except OSError as error:
        raise Misconfigured(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path} cannot be read: not valid UTF-8") from None
    current = matrix_markdown(matrix_of(policy))
    names = (f"{path.name} (committed)", f"{path.name} (current policy)")
    diff = list(difflib.unified_diff(committed.splitlines(), current.splitlines(), *names, lineterm=""))
    command = _update_command(folder, path)
    if not committed:
        message, lines = f"{path} does not contain a matrix. Create it: {command}", []
    elif diff:
        message, lines = f"{path} is out of date. If the change is intended, update it: {command}", diff
    else:
        message, lines = f"{path} is up to date.", []
    body = {"file": str(path), "stale": bool(diff), "diff": diff, "renew": command}
    Output("matrix", policy.digest, partial(_print_check, lines, message), lambda: body).show(output_format)
    if diff:
        raise typer.Exit(FINDINGS)


def _print_check(lines: list[str], message: str, page: Console) -> None:
    for line in lines:
        page.print(Text(line, style=COLOURS.get(line[0], "")), soft_wrap=True)
    page.print(message, soft_wrap=True, markup=False)


def _relative(path: Path) -> Path:
    """The path relative to the working directory, if the file is inside it."""
    here, whole = Path.cwd(), path.resolve()
    return whole.relative_to(here) if whole.is_relative_to(here) else path


def _update_command(folder: Path, path: Path) -> str:
    """The command that writes the file."""
    chosen = [] if folder == SHIPPED else ["--policy", str(folder)]
    words = ["multichannel", "policy", "matrix", *chosen, "--format", "markdown", "--output", str(path)]
    return shlex.join(words)
