"""All commands in one application."""

from __future__ import annotations

import typer

from multichannel.cli.groups import LazyGroup


class _Commands(LazyGroup):
    places = {  # noqa: RUF012  (declared as a class variable above)
        "db": "multichannel.cli.database:app",
        "partner": "multichannel.cli.directory:partners",
        "user": "multichannel.cli.directory:users",
        "schema": "multichannel.cli.schema:app",
        "serve": "multichannel.cli.serve:serve_command",
        "demo": "multichannel.cli.demo:demo",
        "token": "multichannel.cli.demo:token",
        "import": "multichannel.cli.importing:app",
        "policy": "multichannel.cli.policy:app",
        "audit": "multichannel.cli.audit:app",
        "sweep": "multichannel.cli.sweep:sweep_command",
    }


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def multichannel() -> None:
    """Multichannel support for cloud resellers, under a policy that people can read."""
