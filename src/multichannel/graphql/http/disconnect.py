"""Clients that leave while their operation runs: nobody waits for it any more, so it is cancelled."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PATIENCE = 0.2
"""Seconds before anybody listens whether the client is still there: most operations have ended by then."""


class DisconnectWatch:
    """Cancels the current task when the client of its request leaves, until `stop` is called."""

    def __init__(self, receive: Receive) -> None:
        """`receive` has given the whole request."""
        self.has_left = False
        self._receive, self._task = receive, asyncio.current_task()
        self._listener: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._listen)

    def stop(self) -> None:
        """Stop listening."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def _listen(self) -> None:
        self._listener = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        if self._task is not None:
            self._task.cancel()


class NoResponse(Response):
    """For a client that has left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""
