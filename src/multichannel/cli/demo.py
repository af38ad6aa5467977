"""`multichannel demo` and `multichannel token`: a world to try the service in, and whom to act as there."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.ports import free_port
from multichannel.cli.serve import Shadow
from multichannel.demo import personas, world
from multichannel.demo.cast import PERSONAS
from multichannel.demo.issuer import FOLDER, DemoIssuer
from multichannel.errors import Refused
from multichannel.server.bootstrap import driver_url, now, open_policy, open_store
from multichannel.settings import Settings, load_settings
from multichannel.store import migrations

PLAIN_WIDTH = 120
EXAMPLE = "{ customers { nodes { companyName subscriptions { nodes { friendlyName } } } } }"


def demo(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on; 0 for any free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes serve.")] = None,
    database_url: DatabaseUrl = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start the world over.")] = False,
    shadow: Shadow = None,
) -> None:
    """Serve a world of invented companies, with a persona for every role.

    Example: multichannel demo --port 8001
    """
    settings = load_settings(
        demo=True, host=host, port=port, workers=workers, database_url=database_url, shadow_dir=shadow
    )
    settings = settings.model_copy(update={"port": free_port(settings.host, settings.port)})
    made = prepare(settings, fresh=fresh)
    open_policy(settings)
    _introduce(settings, made=made)
    from multichannel.server.run import serve  # noqa: PLC0415  (a token is printed without loading a server)

    serve(settings)


def token(
    persona: Annotated[str | None, typer.Option("--as", help="The persona to act as.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the personas.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="List them as JSON.")] = False,
) -> None:
    """Print a token to act as a persona of the demo for eight hours, and nothing else.

    Example: curl -H "Authorization: Bearer $(multichannel token --as alder-sales-agent)" ...
    """
    if listing == (persona is not None) or (as_json and not listing):
        raise typer.BadParameter("give either --as PERSONA, or --list and perhaps --json")
    issuer = personas.existing_issuer()
    if persona is not None:
        typer.echo(personas.token(issuer, personas.find_persona(persona), now()))
    elif as_json:
        typer.echo(json.dumps(personas.listed(), indent=2))
    else:
        _console().print(_table())


def prepare(settings: Settings, *, fresh: bool = False) -> bool:
    """Make the demo's key and world; True if the world is new. Refused, in one line, where that cannot be."""
    try:
        DemoIssuer(FOLDER)
        return _prepare_database(settings, fresh=fresh)
    except OSError as problem:
        raise Refused(f"The demo cannot keep its files in {FOLDER}/: {problem.strerror}.") from None


def _prepare_database(settings: Settings, *, fresh: bool) -> bool:
    url = driver_url(settings)
    version = migrations.current(url)
    if not migrations.is_known(version):
        raise Refused(
            f"The database {settings.database_url} was made by another version of multichannel ({version}). "
            "Use that version, or give the demo a database of its own: multichannel demo --database-url URL"
        )
    migrations.upgrade(url)
    with open_store(settings) as store:
        world.require_no_other_data(store)
        if fresh:
            store.engine.dispose()
            migrations.remove(url)
            migrations.upgrade(url)
        return world.seed(store)


def _introduce(settings: Settings, *, made: bool) -> None:
    command = "multichannel" if shutil.which("multichannel") else sys.argv[0]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}/graphql"
    console = _console()
    console.print(_table())
    console.print(f"{'Made' if made else 'Kept'} the demo world in {settings.database_url}", soft_wrap=True)
    console.print(f"Start it over: {command} demo --fresh", soft_wrap=True)
    console.print(f"Explorer: {url}", soft_wrap=True)
    console.print("Script it:", soft_wrap=True)
    console.print(_curl(command, url), soft_wrap=True, markup=False)


def _curl(command: str, url: str) -> str:
    return (
        f'  curl {url} -H "Authorization: Bearer $({command} token --as alder-sales-agent)" \\\n'
        f"    -H 'Content-Type: application/json' --data '{{\"query\": \"{EXAMPLE}\"}}'"
    )


def _console() -> Console:
    """Lines of their full length in a pipe, and of the terminal's width on one."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def _table() -> Table:
    table = Table("Persona", "Tenant", "Roles", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for persona in PERSONAS:
        table.add_row(persona.name, persona.organisation.name, ", ".join(persona.roles) or "none")
    return table
