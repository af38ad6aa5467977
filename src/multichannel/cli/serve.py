"""`multichannel serve`: the service for production."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from multichannel.cli.options import DatabaseUrl
from multichannel.cli.ports import free_port
from multichannel.server.bootstrap import open_policy, require_current
from multichannel.settings import check_serving, load_settings

Shadow = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A candidate policy; where it would decide otherwise is logged."),
]
"""The option of commands that serve."""


def serve_command(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes.")] = None,
    database_url: DatabaseUrl = None,
    shadow: Shadow = None,
) -> None:
    """Serve the API, trusting the issuer of the settings.

    Needs MULTICHANNEL_ISSUER, MULTICHANNEL_AUDIENCE and MULTICHANNEL_JWKS.
    Example: multichannel serve --workers 2
    """
    settings = load_settings(
        host=host, port=port, workers=workers, database_url=database_url, shadow_dir=shadow
    )
    check_serving(settings)
    require_current(settings)
    open_policy(settings)
    settings = settings.model_copy(update={"port": free_port(settings.host, settings.port)})
    from multichannel.server.run import serve  # noqa: PLC0415  (other commands need no server)

    serve(settings)
