"""WebSockets: the subprotocol `graphql-transport-ws`, in which operations share one connection."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from multichannel.errors import Unauthenticated
from multichannel.graphql.execution.errors import fault
from multichannel.graphql.execution.executor import Audience, Bodies, Execution, Pace, failure
from multichannel.graphql.execution.requests import GraphQLRequest, Malformed, read_request
from multichannel.graphql.http.websocket_auth import same_origin, token_of

SUBPROTOCOL = "graphql-transport-ws"
MOST_OPERATIONS = 20
"""At once on one connection."""
MOST_WAITING = 16
"""Messages that wait to be sent on one connection; operations with more wait themselves."""
LONGEST_ID = 128
LONGEST_REASON = 123
"""Bytes that fit into the frame that closes a connection."""


class Closing(Exception):
    """The connection must end, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep what the client is told; a reason that is too long is cut."""
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:LONGEST_REASON].decode(errors="ignore")


class TransportWS:
    """Answers WebSockets to `/graphql`."""

    def __init__(self, execution: Execution, audience: Audience, pace: Pace | None = None) -> None:
        """`audience` bounds how many sockets are open at once."""
        self._execution = execution
        self._audience = audience
        self._pace = pace or Pace()

    async def serve(self, socket: WebSocket) -> None:
        """Serve one socket until it is closed."""
        if not same_origin(socket.headers):
            refusal = PlainTextResponse("Open this socket from a page of this very host.", 403)
            await socket.send_denial_response(refusal)
            return
        if self._audience.full:
            await socket.send_denial_response(PlainTextResponse("Too many sockets are open.", 503))
            return
        with self._audience.seat():
            if SUBPROTOCOL in socket.scope["subprotocols"]:
                await socket.accept(SUBPROTOCOL)
                closing = await Connection(socket, self._execution, self._pace).run()
            else:
                await socket.accept()
                closing = Closing(4406, "Subprotocol not acceptable")
            if closing is not None:
                await self._close(socket, closing)

    async def _close(self, socket: WebSocket, closing: Closing) -> None:
        """Say why, if the client takes it; else the server cuts the connection."""
        try:
            async with asyncio.timeout(self._pace.parting):
                await socket.close(closing.code, closing.reason)
        except (TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
            pass


class Connection:
    """One socket from its acceptance to its end."""

    def __init__(self, socket: WebSocket, execution: Execution, pace: Pace) -> None:
        """`socket` has been accepted."""
        self._socket = socket
        self._execution = execution
        self._pace = pace
        self._token: str | None = None
        self._outgoing = asyncio.Queue[str](MOST_WAITING)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> Closing | None:
        """Serve until either side ends it: what to close with, or None when the client has gone.

        Every subscription is closed then. What a thread has begun it finishes, for nobody to hear of.
        """
        closing: Closing | None = None
        try:
            async with self._tasks:
                self._tasks.create_task(self._send_all())
                await self._begin()
                while True:
                    await self._handle(await self._receive())
        except* Closing as found:
            closing = next(each for each in found.exceptions if isinstance(each, Closing))
        except* WebSocketDisconnect:
            pass
        except* Exception as found:  # noqa: BLE001  (a fault of this service; the client is told that it is one)
            fault(found)
            closing = Closing(4500, "Internal server error")
        return closing

    async def _begin(self) -> None:
        """Wait for the `connection_init`, and acknowledge it if its token is good."""
        try:
            async with asyncio.timeout(self._pace.init):
                message = await self._receive()
                while message["type"] != "connection_init":
                    if message["type"] == "subscribe":
                        raise Closing(4401, "Unauthorized")
                    await self._handle(message)
                    message = await self._receive()
        except TimeoutError:
            raise Closing(4408, "Connection initialisation timeout") from None
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise Closing(4400, "`payload` must be an object.")
        try:
            self._token = token_of(self._socket.headers, payload or {})
            if self._token is not None:
                await self._execution.check_token(self._token)
        except Unauthenticated:
            raise Closing(4403, "Forbidden") from None
        await self._put({"type": "connection_ack"})

    async def _receive(self) -> dict[str, Any]:
        """The next message, which is an object with a type."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        try:
            message = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError:
            raise Closing(4400, "A message must be JSON, in a text frame.") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Closing(4400, "A message must be an object with a `type`.")
        return message

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "subscribe":
                self._subscribe(message)
            case "complete":
                if task := self._operations.pop(_id(message), None):
                    task.cancel()
            case "ping":
                payload = {"payload": message["payload"]} if message.get("payload") is not None else {}
                await self._put({"type": "pong", **payload})
            case "pong":
                pass
            case "connection_init":
                raise Closing(4429, "Too many initialisation requests")
            case _:
                raise Closing(4400, "There is no message of this `type`.")

    def _subscribe(self, message: dict[str, Any]) -> None:
        """Begin an operation."""
        name = _id(message)
        payload = message.get("payload")
        try:
            asked = read_request(payload if isinstance(payload, dict) else {})
        except Malformed as error:
            raise Closing(4400, error.message) from None
        if name in self._operations:
            raise Closing(4409, f"Subscriber for {name} already exists")
        if len(self._operations) >= MOST_OPERATIONS:
            raise Closing(4429, f"Too many operations: {MOST_OPERATIONS} at once is the most")
        self._operations[name] = self._tasks.create_task(self._operate(name, asked))

    async def _operate(self, name: str, asked: GraphQLRequest) -> None:
        """Send the results of one operation, and that there are no more."""
        last: dict[str, Any] = {"id": name, "type": "complete"}
        async with aclosing(self._bodies(asked)) as bodies:
            async for body in bodies:
                if "data" not in body:
                    last = {"id": name, "type": "error", "payload": body["errors"]}
                    break
                await self._put({"id": name, "type": "next", "payload": body})
        # Whoever hears that it has ended may use its id again.
        if self._operations.get(name) is asyncio.current_task():
            del self._operations[name]
        await self._put(last)

    async def _bodies(self, asked: GraphQLRequest) -> Bodies:
        """The responses to one request, come what may."""
        try:
            results = await self._execution.results(asked, self._token)
            async with aclosing(results.bodies) as bodies:
                async for body in bodies:
                    yield body
        except Unauthenticated as error:
            if self._token is not None:
                raise Closing(4403, "Forbidden") from None
            yield failure(error)
        except Exception as cause:  # noqa: BLE001  (whatever it is, the client gets a GraphQL answer)
            yield failure(cause)

    async def _put(self, message: dict[str, Any]) -> None:
        """Have a message sent. A client that does not make room for it in time is too slow."""
        try:
            async with asyncio.timeout(self._pace.slow):
                await self._outgoing.put(orjson.dumps(message).decode())
        except TimeoutError:
            raise Closing(4408, "Too slow") from None

    async def _send_all(self) -> None:
        while True:
            await self._socket.send_text(await self._outgoing.get())


def _id(message: dict[str, Any]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= LONGEST_ID:
        raise Closing(4400, f"`id` must be a string of 1 to {LONGEST_ID} characters.")
    return found
