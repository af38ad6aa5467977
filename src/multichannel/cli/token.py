"""`multichannel token`: access tokens for the personas of the demo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from multichannel.cli.options import AsJson
from multichannel.demo.cast import NEWCOMERS, PERSONAS, find_persona
from multichannel.demo.issuer import existing_issuer, token


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
    issuer = existing_issuer()
    if persona is not None:
        typer.echo(token(issuer, find_persona(persona), datetime.now(UTC)))
    elif as_json:
        typer.echo(json.dumps([each.as_json() for each in (*PERSONAS, *NEWCOMERS)], indent=2))
    else:
        typer.echo(persona_table())


def persona_table() -> str:
    """The personas with their tenants and roles, one per line."""
    rows = [("Persona", "Tenant", "Roles")]
    rows += [(each.name, each.organisation.name, ", ".join(each.roles) or "none") for each in PERSONAS]
    rows += [(each.name, each.organisation.name, "none until it redeems an invitation") for each in NEWCOMERS]
    name_width, tenant_width = (max(map(len, column)) for column in list(zip(*rows, strict=True))[:2])
    return "\n".join(f"{name:{name_width}}  {tenant:{tenant_width}}  {roles}" for name, tenant, roles in rows)
