"""`multichannel sweep`: what time has done, written down once."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from multichannel.cli.options import DatabaseUrl
from multichannel.server.bootstrap import open_store
from multichannel.services.expiry import sweep
from multichannel.settings import load_settings


def sweep_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Write down what has expired, ended or been renewed; a running service does so each minute.

    Example: multichannel sweep
    """
    with open_store(load_settings(database_url=database_url)) as store:
        changed = sweep(store)
    if as_json:
        typer.echo(json.dumps(changed, indent=2))
    else:
        typer.echo(", ".join(f"{count} of {name}" for name, count in changed.items()) + " changed")
