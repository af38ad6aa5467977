"""`multichannel db`: the database schema."""

from __future__ import annotations

from pathlib import Path

import typer

from multichannel.cli.options import DatabaseUrl
from multichannel.errors import Refused
from multichannel.server.bootstrap import driver_url
from multichannel.settings import load_settings
from multichannel.store import migrations

app = typer.Typer(no_args_is_help=True, help="Manage the database schema.")


@app.command()
def upgrade(database_url: DatabaseUrl = None) -> None:
    """Create the database schema, or migrate it to this release.

    Example: multichannel db upgrade
    """
    settings = load_settings(database_url=database_url)
    if settings.database_url.get_backend_name() == "sqlite" and settings.database_url.database:
        # So that the first command in an empty folder works.
        Path(settings.database_url.database).parent.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(driver_url(settings))
    typer.echo(f"{settings.database_url} is at schema version {migrations.head()}.")


@app.command()
def current(database_url: DatabaseUrl = None) -> None:
    """Print the schema version of the database.

    Example: multichannel db current
    """
    typer.echo(migrations.current(driver_url(load_settings(database_url=database_url))) or "no version")


@app.command()
def check(database_url: DatabaseUrl = None) -> None:
    """Exit 1 unless the database has the schema version of this release.

    Example: multichannel db check
    """
    settings = load_settings(database_url=database_url)
    version, expected = migrations.current(driver_url(settings)), migrations.head()
    if version != expected:
        raise Refused(
            f"{settings.database_url} has schema version {version or 'none'}, expected {expected}. "
            "Run: multichannel db upgrade"
        )
    typer.echo(f"{settings.database_url} is up to date (schema version {version}).")
