"""All commands in one application."""

from __future__ import annotations

import typer

from multichannel.cli import database, directory

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(database.app, name="db")
app.add_typer(directory.partners, name="partner")
app.add_typer(directory.users, name="user")
