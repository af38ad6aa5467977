"""Groups of commands of which each is imported when it is used: most need only a part of the service."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class LazyGroup(TyperGroup):
    """A group whose commands are named by the places of their functions, or of groups of their own."""

    places: ClassVar[dict[str, str]] = {}
    """By name: `module:attribute`, in the order of the help."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  (typer's own signature)
        """The names of all commands."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  (typer's own signature)
        """One command, imported; None if there is none of that name."""
        if cmd_name not in self.places:
            return None
        module, _, attribute = self.places[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command
