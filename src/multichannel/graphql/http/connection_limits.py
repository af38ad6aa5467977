"""How many clients may hold a connection open, and how long the service waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STREAMS_PER_THREAD = 8
"""Open event streams and WebSockets per worker thread. The server counts them as busy connections: without
this limit they could use up all connections and keep other requests from being answered.
"""

CONNECTION_LIMITER = "connection_limiter"
"""Key of the ConnectionLimiter in the application's state, where the server's protocols look it up."""


@dataclass(frozen=True, slots=True)
class StreamTimeouts:
    """Timeouts in seconds of WebSockets and event streams."""

    connection_init: float = 10.0
    """From the opening of a WebSocket to its `connection_init`."""
    send: float = 10.0
    """For room in a WebSocket's send queue once it is full."""
    close: float = 5.0
    """For a WebSocket to take the close frame."""
    heartbeat: float = 12.0
    """Between two comments on an event stream; intermediaries drop streams that are silent for longer."""


class ConnectionLimiter:
    """Limits open event streams and WebSockets together, and ends event streams on shutdown."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self.stopping = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self._open >= self._limit

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Count one connection for the duration of the block."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def stop_streams(self) -> None:
        """End every event stream. The server itself closes WebSockets."""
        self.stopping.set()
