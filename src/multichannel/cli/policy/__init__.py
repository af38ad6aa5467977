"""`multichannel policy`: the workbench of policy reviewers, one module per command."""

from __future__ import annotations

import os

import typer

from multichannel.cli.groups import LazyGroup


class _Commands(LazyGroup):
    places = {  # noqa: RUF012  (declared as a class variable above)
        name: f"multichannel.cli.policy.{name}:{name}"
        for name in ("check", "test", "explain", "coverage", "matrix", "diff", "replay", "rollback")
    }


PATIENCE = "20000"
"""Milliseconds for one question to the engine: nobody waits for an answer as clients of a server do."""

os.environ.setdefault("POLAR_TIMEOUT_MS", PATIENCE)  # before a command, and with it the engine, is imported

app = typer.Typer(cls=_Commands, no_args_is_help=True)


@app.callback()
def policy() -> None:
    """The policy workbench: change a rule, and know what it changes."""
