"""`multichannel serve`: the service for production."""

from __future__ import annotations

import errno
import os
import socket

from multichannel.cli.options import DatabaseUrl, Host, Port, Shadow, Workers
from multichannel.errors import Refused
from multichannel.server.bootstrap import open_policy, require_current
from multichannel.settings import check_serving, load_settings


def serve_command(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    database_url: DatabaseUrl = None,
    shadow: Shadow = None,
) -> None:
    """Serve the API.

    Accepts tokens of one issuer. Requires MULTICHANNEL_ISSUER, MULTICHANNEL_AUDIENCE and MULTICHANNEL_JWKS.

    Example: multichannel serve --workers 2
    """
    settings = load_settings(
        host=host, port=port, workers=workers, database_url=database_url, shadow_dir=shadow
    )
    check_serving(settings)
    require_current(settings)
    open_policy(settings)
    settings = settings.model_copy(update={"port": free_port(settings.host, settings.port)})
    from multichannel.server.run import serve  # noqa: PLC0415  (an error in the settings needs no server)

    serve(settings)


def free_port(host: str, port: int) -> int:
    """The port to listen on; for 0 one that is free. Refused if the port or the address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listener:
            free: int = listener.getsockname()[1]
            return free
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Refused(f"Port {port} is already in use. Choose another with --port.") from None
        reason = os.strerror(problem.errno or 0)
        raise Refused(f"Cannot listen on {host}, port {port}: {reason}.") from None
