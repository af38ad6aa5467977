"""`multichannel token`: access tokens for the personas of the demo."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.options import AsJson
from multichannel.demo import personas
from multichannel.demo.cast import PERSONAS

PLAIN_WIDTH = 120


def token_command(
    persona: Annotated[str | None, typer.Option("--as", help="Name of the persona.")] = None,
    list_personas: Annotated[bool, typer.Option("--list", help="List the personas.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print an access token for a persona of the demo.

    The token is valid for eight hours.

    Example: curl -H "Authorization: Bearer $(multichannel token --as alder-sales-agent)" ...
    """
    if list_personas == (persona is not None) or (as_json and not list_personas):
        raise typer.BadParameter("use either --as PERSONA or --list; --json requires --list")
    issuer = personas.existing_issuer()
    if persona is not None:
        typer.echo(personas.token(issuer, personas.find_persona(persona), datetime.now(UTC)))
    elif as_json:
        typer.echo(json.dumps(personas.list_personas(), indent=2))
    else:
        plain_console().print(persona_table())


def plain_console() -> Console:
    """A console as wide as the terminal, or of a fixed width in a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def persona_table() -> Table:
    """The personas with their tenants and roles."""
    table = Table("Persona", "Tenant", "Roles", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for persona in PERSONAS:
        table.add_row(persona.name, persona.organisation.name, ", ".join(persona.roles) or "none")
    return table
