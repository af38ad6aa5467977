"""All commands in one application."""

from __future__ import annotations

import typer

from multichannel.cli import audit, database, demo, directory, importing, schema, serving, sweeping

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(database.app, name="db")
app.add_typer(directory.partners, name="partner")
app.add_typer(directory.users, name="user")
app.add_typer(schema.app, name="schema")
app.command("serve")(serving.serve_command)
app.command("demo")(demo.demo)
app.command("token")(demo.token)
app.add_typer(importing.app, name="import")
app.add_typer(audit.app, name="audit")
app.command("sweep")(sweeping.sweep_command)
