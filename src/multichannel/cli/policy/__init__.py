"""`multichannel policy`: the workbench of policy reviewers, one module per command."""

from __future__ import annotations

import typer

from multichannel.cli.groups import LazyGroup


class _Commands(LazyGroup):
    places = {  # noqa: RUF012  (declared as a class variable above)
        name: f"multichannel.cli.policy.{name}:{name}"
        for name in ("check", "test", "explain", "coverage", "matrix", "diff", "replay", "rollback")
    }


app = typer.Typer(cls=_Commands, no_args_is_help=True)


@app.callback()
def policy() -> None:
    """The policy workbench: change a rule, and know what it changes."""
