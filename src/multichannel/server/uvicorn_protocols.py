"""Uvicorn protocols that end connections: in time when the server stops, and when a client stops reading."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from multichannel.graphql.http.connection_limits import CONNECTION_LIMITER

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

    _Protocol = asyncio.Protocol
else:
    _Protocol = object

LONGEST_STALL = 30.0
"""Seconds in which a client with unread data must read some of it."""

log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)


class _StallGuard(_Protocol):
    """Disconnects a client that stops reading, which would hold its connection and its data for ever."""

    transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self, waiting: int) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(LONGEST_STALL, self._check, waiting)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self, waiting: int) -> None:
        still_waiting = self.transport.get_write_buffer_size()
        if still_waiting < waiting:
            self._watch(still_waiting)
        else:
            self.transport.abort()


class HttpProtocol(_StallGuard, HttpToolsProtocol):
    """HTTP. When the server stops, event streams end, which would otherwise last as long as their clients."""

    def shutdown(self) -> None:
        """End the event streams, then the connection."""
        if (limiter := self.app_state.get(CONNECTION_LIMITER)) is not None:
            limiter.stop_streams()
        super().shutdown()


class WebSocketProtocol(_StallGuard, WebSocketsSansIOProtocol):
    """A WebSocket, closed with 1012 when the server stops.

    Handshakes are not logged: as with requests, a URL may contain a secret.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = self.conn.logger = log

    async def send(self, message: ASGISendEvent) -> None:
        """Send, and mark a refused handshake as complete."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # The refused handshake is complete; else uvicorn would log each refusal as an error.
            self.handshake_complete = True
