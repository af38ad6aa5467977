"""`multichannel sweep`: one run of the expiry job."""

from __future__ import annotations

import json

import typer

from multichannel.cli.options import AsJson, DatabaseUrl
from multichannel.server.bootstrap import open_store
from multichannel.services.expiry import sweep
from multichannel.settings import load_settings


def sweep_command(as_json: AsJson = False, database_url: DatabaseUrl = None) -> None:
    """Persist status changes that are due (expiry, term end, renewal).

    A running service does this every minute.

    Example: multichannel sweep
    """
    with open_store(load_settings(database_url=database_url)) as store:
        changed = sweep(store)
    if as_json:
        typer.echo(json.dumps(changed, indent=2))
    else:
        typer.echo("Changed rows: " + ", ".join(f"{name} {count}" for name, count in changed.items()))
