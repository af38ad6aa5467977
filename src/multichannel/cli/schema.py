"""`multichannel schema`: the GraphQL schema in its own language."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from multichannel.errors import Refused

app = typer.Typer(no_args_is_help=True, help="The GraphQL schema in its own language.")


@app.command("print")
def print_() -> None:
    """Print the schema. Example: multichannel schema print > schema.graphql."""
    typer.echo(_sdl(), nl=False)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The file that should hold the schema.")] = Path(
        "schema.graphql"
    ),
) -> None:
    """Exit 1 and show the difference unless a file holds the schema. Example: multichannel schema check."""
    try:
        held = file.read_text("utf-8")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    printed = _sdl()
    if held != printed:
        lines = difflib.unified_diff(
            held.splitlines(), printed.splitlines(), str(file), "the code", lineterm=""
        )
        typer.echo("\n".join(lines))
        raise Refused(f"{file} is not what the code prints. Run: multichannel schema print > {file}")
    typer.echo(f"{file} is what the code prints")


def _sdl() -> str:
    from multichannel.graphql.schema import sdl  # noqa: PLC0415  (other commands need no schema)

    return sdl()
