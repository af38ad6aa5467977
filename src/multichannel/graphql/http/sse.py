"""Server-sent events: GraphQL over SSE in distinct-connections mode, one HTTP response per operation."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from multichannel.errors import Unauthenticated
from multichannel.graphql.execution.executor import Responses, error_response, json_of
from multichannel.graphql.execution.interpreter import AnyResponse
from multichannel.graphql.execution.requests import EVENT_STREAM
from multichannel.graphql.http.connection_limits import ConnectionLimiter

COMPLETE = b"event: complete\ndata:\n\n"
HEARTBEAT = b":\n\n"


class EventStream(Response):
    """A `next` event per response, then `complete`.

    The stream ends without `complete` when the server stops, so that clients reconnect.
    """

    media_type = EVENT_STREAM
    charset = "utf-8"

    def __init__(self, responses: Responses, limiter: ConnectionLimiter, heartbeat: float) -> None:
        """`heartbeat` is the interval in seconds of the comments that keep the connection alive."""
        self.status_code = 200
        self.background = None
        self._responses = responses
        self._limiter = limiter
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
        """Send events until there are no more, the client disconnects or the server stops."""
        with self._limiter.acquire():
            async with aclosing(self._responses) as responses:
                await send(
                    {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                )
                await _run_until_first_done(
                    _send_responses(responses, send),
                    _send_heartbeats(send, self._heartbeat),
                    _disconnected(receive),
                    self._limiter.stopping.wait(),
                )
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _run_until_first_done(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Run all concurrently until one is done, then cancel the others."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _send_responses(responses: Responses, send: Send) -> None:
    try:
        async for response in responses:
            await _send(send, _next_event(response))
    except Unauthenticated as error:
        await _send(send, _next_event(error_response(error)))
    await _send(send, COMPLETE)


async def _send_heartbeats(send: Send, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        await _send(send, HEARTBEAT)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _next_event(response: AnyResponse) -> bytes:
    """A `next` event; JSON contains no line breaks, so one `data` line holds it."""
    return b"event: next\ndata: " + json_of(response) + b"\n\n"


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
