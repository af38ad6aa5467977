"""`multichannel db`: the schema of the database."""

from __future__ import annotations

from pathlib import Path

import typer

from multichannel.cli.options import DatabaseUrl
from multichannel.errors import Refused
from multichannel.server.bootstrap import driver_url
from multichannel.settings import load_settings
from multichannel.store import migrations

app = typer.Typer(no_args_is_help=True, help="The schema of the database.")


@app.command()
def upgrade(database_url: DatabaseUrl = None) -> None:
    """Bring the database up to this version. Example: multichannel db upgrade."""
    settings = load_settings(database_url=database_url)
    if settings.database_url.get_backend_name() == "sqlite" and settings.database_url.database:
        # So that the first command in an empty folder works.
        Path(settings.database_url.database).parent.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(driver_url(settings))
    typer.echo(f"{settings.database_url} is at {migrations.head()}")


@app.command()
def current(database_url: DatabaseUrl = None) -> None:
    """Print the version the database is at. Example: multichannel db current."""
    typer.echo(migrations.current(driver_url(load_settings(database_url=database_url))) or "no version")


@app.command()
def check(database_url: DatabaseUrl = None) -> None:
    """Exit 1 unless the database is at this version. Example: multichannel db check."""
    settings = load_settings(database_url=database_url)
    found = migrations.current(driver_url(settings))
    if found != migrations.head():
        raise Refused(f"{settings.database_url} is at {found or 'no version'}; run: multichannel db upgrade")
    typer.echo(f"{settings.database_url} is at {found}, as it should be")
