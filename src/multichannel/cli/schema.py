"""`multichannel schema`: the GraphQL schema as SDL."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from multichannel.errors import Refused
from multichannel.graphql.schema import sdl

app = typer.Typer(no_args_is_help=True, help="Print or check the GraphQL schema.")


@app.command("print")
def print_() -> None:
    """Print the schema in GraphQL's schema definition language.

    Example: multichannel schema print > schema.graphql
    """
    typer.echo(sdl(), nl=False)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="File to compare with the schema.")] = Path("schema.graphql"),
) -> None:
    """Compare a file with the schema; exit 1 and print the differences if they differ.

    Example: multichannel schema check
    """
    try:
        committed = file.read_text("utf-8")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from None
    current = sdl()
    if committed != current:
        lines = difflib.unified_diff(
            committed.splitlines(), current.splitlines(), str(file), "current schema", lineterm=""
        )
        typer.echo("\n".join(lines))
        raise Refused(f"{file} is out of date. Run: multichannel schema print > {file}")
    typer.echo(f"{file} is up to date.")
