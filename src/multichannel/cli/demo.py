"""`multichannel demo`: the service with a world of invented companies."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from multichannel.cli.options import DatabaseUrl, Host, Port, Shadow, Workers
from multichannel.cli.serve import free_port
from multichannel.cli.token import persona_table
from multichannel.demo import world
from multichannel.demo.issuer import FOLDER, DemoIssuer
from multichannel.errors import Refused
from multichannel.server.bootstrap import driver_url, open_policy, open_store
from multichannel.settings import Settings, load_settings
from multichannel.store import migrations

EXAMPLE = "{ customers { nodes { companyName subscriptions { nodes { friendlyName } } } } }"


def demo(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    database_url: DatabaseUrl = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the demo data and create it again.")] = False,
    shadow: Shadow = None,
) -> None:
    """Serve a demo with invented companies and a persona for each role.

    Example: multichannel demo --port 8001
    """
    settings = load_settings(
        demo=True, host=host, port=port, workers=workers, database_url=database_url, shadow_dir=shadow
    )
    settings = settings.model_copy(update={"port": free_port(settings.host, settings.port)})
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": _own_url(settings)})
    created = prepare(settings, fresh=fresh)
    open_policy(settings)
    _introduce(settings, created=created)
    from multichannel.server.run import serve  # noqa: PLC0415  (an error in the settings needs no server)

    serve(settings)


def prepare(settings: Settings, *, fresh: bool = False) -> bool:
    """Create the demo's key and data; False if the data already exists. Refused if that is not possible."""
    try:
        DemoIssuer(FOLDER)
        return _prepare_database(settings, fresh=fresh)
    except OSError as problem:
        raise Refused(f"The demo cannot write its files in {FOLDER}/: {problem.strerror}.") from None


def _prepare_database(settings: Settings, *, fresh: bool) -> bool:
    url = driver_url(settings)
    version = migrations.current(url)
    if not migrations.is_known(version):
        raise Refused(
            f"The database {settings.database_url} was created by another version of multichannel "
            f"({version}). Use that version, or another database for the demo with --database-url."
        )
    migrations.upgrade(url)
    with open_store(settings) as store:
        world.require_no_other_data(store)
        if fresh:
            store.engine.dispose()
            migrations.remove(url)
            migrations.upgrade(url)
        return world.seed(store)


def _own_url(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _introduce(settings: Settings, *, created: bool) -> None:
    command = "multichannel" if shutil.which("multichannel") else sys.argv[0]
    url = f"{_own_url(settings)}/graphql"
    typer.echo(
        f"""\
{persona_table()}
{"Created demo data" if created else "Using the existing demo data"} in {settings.database_url}
Create it again: {command} demo --fresh
Explorer: {url}
Example request:
  curl {url} -H "Authorization: Bearer $({command} token --as alder-sales-agent)" \\
    -H 'Content-Type: application/json' --data '{{"query": "{EXAMPLE}"}}'"""
    )
