"""The command `multichannel`, and the group that imports a subcommand only when it is used."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class LazyGroup(TyperGroup):
    """A group that imports a subcommand only to run it, so that help and completion stay fast."""

    summaries: ClassVar[dict[str, tuple[str, str]]] = {}
    """By name of the subcommand: `module:attribute`, and the line that the help of the group shows for it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in self.summaries.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the subcommand that the arguments name."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.load(command.name or ""), rest

    def load(self, name: str) -> Any:
        """Import a subcommand."""
        module, _, attribute = self.summaries[name][0].partition(":")
        target = getattr(importlib.import_module(module), attribute)
        if isinstance(target, typer.Typer):
            command: Any = typer.main.get_group(target)
        else:
            single = typer.Typer(add_completion=False)
            single.command(name)(target)
            command = typer.main.get_command(single)
        command.name = name
        _reflow(command)
        return command


def _reflow(command: Any) -> None:
    """Join the lines of each paragraph of the help, so that it is wrapped to the width of the terminal."""
    command.help = "\n\n".join(" ".join(each.split()) for each in (command.help or "").split("\n\n"))
    for subcommand in getattr(command, "commands", {}).values():
        _reflow(subcommand)


class RootCommands(LazyGroup):
    """The subcommands of `multichannel`."""

    summaries = {  # noqa: RUF012  (declared as a class variable above)
        "db": ("multichannel.cli.database:app", "Manage the database schema."),
        "partner": ("multichannel.cli.directory:partners", "Manage partners."),
        "customer": ("multichannel.cli.directory:customers", "Manage customers."),
        "user": ("multichannel.cli.directory:users", "Manage users of partners and customers."),
        "tenant": ("multichannel.cli.directory:tenants", "List partners and customers."),
        "schema": ("multichannel.cli.schema:app", "Print or check the GraphQL schema."),
        "serve": ("multichannel.cli.serve:serve_command", "Serve the API."),
        "demo": (
            "multichannel.cli.demo:demo",
            "Serve a demo with invented companies and a persona for each role.",
        ),
        "token": ("multichannel.cli.token:token_command", "Print an access token for a persona of the demo."),
        "import": ("multichannel.cli.importing:app", "Import data from other systems."),
        "bulk": (
            "multichannel.cli.bulk:bulk_command",
            "Run a mutation for every line of a file, as the user of a token.",
        ),
        "export": (
            "multichannel.cli.exporting:export_command",
            "Export customers, subscriptions, relationships or audit records, as a user sees them.",
        ),
        "renewals": (
            "multichannel.cli.renewals:renewals_command",
            "List subscriptions whose term ends within some days, by partner, as a user sees them.",
        ),
        "policy": ("multichannel.cli.policy:app", "Check, test, explain and compare policies."),
        "audit": ("multichannel.cli.audit:app", "Verify, prove and prune the audit log."),
        "sweep": (
            "multichannel.cli.sweep:sweep_command",
            "Persist status changes that are due (expiry, term end, renewal).",
        ),
    }


app = typer.Typer(cls=RootCommands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(value: bool) -> None:  # noqa: FBT001  (the signature of an option's callback)
    if value:
        typer.echo(f"multichannel {version('multichannel')}")
        raise typer.Exit


@app.callback()
def multichannel(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Multichannel support for cloud resellers, with permissions decided by a readable policy."""
