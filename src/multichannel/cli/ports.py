"""Where a server may listen."""

from __future__ import annotations

import errno
import os
import socket

from multichannel.errors import Refused


def free_port(host: str, port: int) -> int:
    """The port to listen on, found for 0; Refused where it is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listener:
            free: int = listener.getsockname()[1]
            return free
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise Refused(f"Port {port} is taken. Choose another with --port; 0 finds a free one.") from None
        reason = os.strerror(problem.errno or 0)
        raise Refused(f"Nothing can listen on {host}, port {port}: {reason}.") from None
