"""How connections end: in time when the server stops, and by force when nobody reads."""

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
"""Seconds in which a client that has much to read must read something."""


log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)


class _StallGuard(_Protocol):
    """Cuts off a client that stops reading; it would keep its connection and what waits for it for ever."""

    transport: asyncio.Transport
    _stalled: asyncio.TimerHandle | None = None

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
        self._stalled = loop.call_later(LONGEST_STALL, self._look, waiting)

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _look(self, waiting: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < waiting:
            self._watch(left)
        else:
            self.transport.abort()


class HttpProtocol(_StallGuard, HttpToolsProtocol):
    """HTTP; when the server stops, event streams end, which would last as long as their clients like."""

    def shutdown(self) -> None:
        """Begin to end this connection."""
        if (limiter := self.app_state.get(CONNECTION_LIMITER)) is not None:
            limiter.stop_streams()
        super().shutdown()


class WebSocketProtocol(_StallGuard, WebSocketsSansIOProtocol):
    """A WebSocket; when the server stops, it is closed with 1012.

    What uvicorn logs of each handshake is left out: as with requests, addresses may hold what is secret.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **options)
        self.logger = self.conn.logger = log

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application says."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # A handshake that was refused is over; else uvicorn would log each refusal as an error.
            self.handshake_complete = True
