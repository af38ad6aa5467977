"""Server-sent events: results over HTTP as GraphQL over SSE has them, a connection for each operation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from multichannel.errors import Unauthenticated
from multichannel.graphql.execution.executor import Audience, Bodies, Body, failure
from multichannel.graphql.execution.requests import EVENTS

COMPLETE = b"event: complete\ndata:\n\n"
HEARTBEAT = b":\n\n"


class EventStream(Response):
    """A `next` event for each response, and `complete` when there are no more.

    It ends without `complete` when the server stops, so that clients come back.
    """

    media_type = EVENTS
    charset = "utf-8"

    def __init__(self, bodies: Bodies, audience: Audience, heartbeat: float) -> None:
        """`heartbeat` is the seconds between comments that keep the connection alive."""
        self.status_code = 200
        self.background = None
        self._bodies = bodies
        self._audience = audience
        self._heartbeat = heartbeat
        self.init_headers(
            {
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
                "X-Content-Type-Options": "nosniff",
                "Vary": "Accept",
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  (ASGI's)
        """Send events until there are no more, the client has gone or the server stops."""
        with self._audience.seat():
            async with aclosing(self._bodies) as bodies:
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                await _until_the_first(
                    _results(bodies, send),
                    _alive(send, self._heartbeat),
                    _gone(receive),
                    self._audience.leaving.wait(),
                )
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_the_first(*doings: Coroutine[Any, Any, Any]) -> None:
    """Do all at once until one is done, and stop the others."""
    tasks = [asyncio.ensure_future(each) for each in doings]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _results(bodies: Bodies, send: Send) -> None:
    try:
        async for body in bodies:
            await _send(send, _next(body))
    except Unauthenticated as error:
        await _send(send, _next(failure(error)))
    await _send(send, COMPLETE)


async def _alive(send: Send, heartbeat: float) -> None:
    while True:
        await asyncio.sleep(heartbeat)
        await _send(send, HEARTBEAT)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _next(body: Body) -> bytes:
    """JSON has no line break in it, so that one line of data holds it."""
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
