"""Clients that leave while their operation runs: nobody waits for it any more, so it is cancelled."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PATIENCE = 0.2
"""Seconds before anybody listens whether the client is still there: most operations have ended by then."""


class DisconnectWatch:
    """Cancels the current task when the client of its request leaves, until it is stopped."""

    __slots__ = ("_listener", "_receive", "_task", "has_left")

    def __init__(self, receive: Receive) -> None:
        """`receive` has given the whole request."""
        self.has_left = False
        self._receive, self._task = receive, asyncio.current_task()
        self._listener: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Begin to listen whether the client is still there."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._wait())

    def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.has_left = True
        if self._task is not None:
            self._task.cancel()


class DisconnectWatches:
    """Those of the requests that run. One timer serves them all: most requests end before it is due."""

    def __init__(self) -> None:
        self._running: set[DisconnectWatch] = set()
        self._earlier: set[DisconnectWatch] = set()
        """Those that ran when the timer was last due."""
        self._loop: asyncio.AbstractEventLoop | None = None
        """Has the timer, while requests run."""

    def start(self, receive: Receive) -> DisconnectWatch:
        """Watch the current task's request, of which `receive` has given the whole."""
        watch, loop = DisconnectWatch(receive), asyncio.get_running_loop()
        self._running.add(watch)
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(PATIENCE, self._listen, loop)
        return watch

    def stop(self, watch: DisconnectWatch) -> None:
        """Its request has ended."""
        self._running.discard(watch)
        watch.stop()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen to the clients of the requests that have been running for the time of the timer."""
        for watch in self._earlier & self._running:
            watch.listen()
        self._earlier = set(self._running)
        self._loop = loop if self._running else None
        if self._running:
            loop.call_later(PATIENCE, self._listen, loop)


class NoResponse(Response):
    """For a client that has left."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""
