"""GraphQL over WebSocket: the subprotocol `graphql-transport-ws`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from multichannel.errors import Unauthenticated, Unavailable
from multichannel.graphql.execution.errors import internal_error
from multichannel.graphql.execution.executor import Execution, Responses, error_response, json_of
from multichannel.graphql.execution.requests import GraphQLRequest, InvalidRequest, read_request
from multichannel.graphql.http.connection_limits import ConnectionLimiter, StreamTimeouts
from multichannel.identity.tokens import bearer_token

SUBPROTOCOL = "graphql-transport-ws"
MAX_OPERATIONS = 20
"""Concurrent operations per connection."""
MAX_QUEUED = 16
"""Messages in the send queue of a connection; operations with more wait for room."""
MAX_ID_LENGTH = 128
MAX_REASON_BYTES = 123
"""The most that fits into a close frame (RFC 6455)."""


class CloseConnection(Exception):
    """The connection must be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


class WebSocketView:
    """Serves WebSockets to `/graphql`."""

    def __init__(
        self, execution: Execution, limiter: ConnectionLimiter, timeouts: StreamTimeouts | None = None
    ) -> None:
        self._execution = execution
        self._limiter = limiter
        self._timeouts = timeouts or StreamTimeouts()

    async def serve(self, socket: WebSocket) -> None:
        """Serve one WebSocket until it is closed."""
        if not _same_origin(socket.headers):
            await socket.send_denial_response(PlainTextResponse("Cross-origin WebSocket not allowed.", 403))
            return
        if self._limiter.full:
            await socket.send_denial_response(PlainTextResponse("Too many open WebSockets.", 503))
            return
        with self._limiter.acquire():
            if SUBPROTOCOL in socket.scope["subprotocols"]:
                await socket.accept(SUBPROTOCOL)
                close = await WebSocketConnection(socket, self._execution, self._timeouts).run()
            else:
                await socket.accept()
                close = CloseConnection(4406, "Subprotocol not acceptable")
            if close is not None:
                await self._close(socket, close)

    async def _close(self, socket: WebSocket, close: CloseConnection) -> None:
        """Send the close frame; if the client does not take it, the server drops the connection."""
        try:
            async with asyncio.timeout(self._timeouts.close):
                await socket.close(close.code, close.reason)
        except (TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
            pass


class WebSocketConnection:
    """One accepted WebSocket."""

    def __init__(self, socket: WebSocket, execution: Execution, timeouts: StreamTimeouts) -> None:
        self._socket = socket
        self._execution = execution
        self._timeouts = timeouts
        self._token: str | None = None
        self._outgoing = asyncio.Queue[str](MAX_QUEUED)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> CloseConnection | None:
        """Serve until either side ends the connection; None when the client has disconnected.

        All subscriptions and queries are ended then. A mutation that has started is executed to its end.
        """
        close: CloseConnection | None = None
        try:
            async with self._tasks:
                self._tasks.create_task(self._send_all())
                await self._initialise()
                while True:
                    await self._handle(await self._receive())
        except* CloseConnection as group:
            close = next(each for each in group.exceptions if isinstance(each, CloseConnection))
        except* WebSocketDisconnect:
            pass
        except* Exception as group:  # noqa: BLE001  (every fault must close the connection with 4500)
            internal_error(group)
            close = CloseConnection(4500, "Internal server error")
        return close

    async def _initialise(self) -> None:
        """Wait for `connection_init`, and acknowledge it if its token is valid."""
        try:
            async with asyncio.timeout(self._timeouts.connection_init):
                message = await self._receive()
                while message["type"] != "connection_init":
                    if message["type"] == "subscribe":
                        raise CloseConnection(4401, "Unauthorized")
                    await self._handle(message)
                    message = await self._receive()
        except TimeoutError:
            raise CloseConnection(4408, "Connection initialisation timeout") from None
        payload = message.get("payload")
        if payload is not None and not isinstance(payload, dict):
            raise CloseConnection(4400, "`payload` must be an object.")
        try:
            self._token = _connection_token(self._socket.headers, payload or {})
            if self._token is not None:
                await self._execution.check_token(self._token)
        except Unauthenticated:
            raise CloseConnection(4403, "Forbidden") from None
        except Unavailable:
            raise CloseConnection(1013, "Try again later") from None
        await self._put({"type": "connection_ack"})

    async def _receive(self) -> dict[str, Any]:
        """The next message: an object with a type."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received["code"])
        try:
            message = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError:
            raise CloseConnection(4400, "Messages must be JSON in text frames.") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise CloseConnection(4400, "Messages must be objects with a `type`.")
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
                raise CloseConnection(4429, "Too many initialisation requests")
            case _:
                raise CloseConnection(4400, "Unknown message type.")

    def _subscribe(self, message: dict[str, Any]) -> None:
        """Start an operation."""
        operation_id = _id(message)
        payload = message.get("payload")
        try:
            request = read_request(payload if isinstance(payload, dict) else {})
        except InvalidRequest as error:
            raise CloseConnection(4400, error.message) from None
        if operation_id in self._operations:
            raise CloseConnection(4409, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            raise CloseConnection(4429, f"Too many concurrent operations; the limit is {MAX_OPERATIONS}")
        self._operations[operation_id] = self._tasks.create_task(self._execute(operation_id, request))

    async def _execute(self, operation_id: str, request: GraphQLRequest) -> None:
        """Send the responses of one operation, then `complete` or `error`."""
        last: dict[str, Any] = {"id": operation_id, "type": "complete"}
        async with aclosing(self._responses(request)) as responses:
            async for response in responses:
                if isinstance(response, dict) and "data" not in response:
                    last = {"id": operation_id, "type": "error", "payload": response["errors"]}
                    break
                await self._put(
                    {"id": operation_id, "type": "next", "payload": orjson.Fragment(json_of(response))}
                )
        # Before the last message: a client that has received it may use the id again.
        if self._operations.get(operation_id) is asyncio.current_task():
            del self._operations[operation_id]
        await self._put(last)

    async def _responses(self, request: GraphQLRequest) -> Responses:
        """The responses to one request, errors included."""
        try:
            result = await self._execution.execute(request, self._token)
            async with aclosing(result.responses) as responses:
                async for response in responses:
                    yield response
        except Unauthenticated as error:
            if self._token is not None:
                raise CloseConnection(4403, "Forbidden") from None
            yield error_response(error)
        except Exception as cause:  # noqa: BLE001  (every fault must reach the client as a GraphQL error)
            yield error_response(cause)

    async def _put(self, message: dict[str, Any]) -> None:
        """Queue a message. A client that does not make room for it in time is too slow."""
        try:
            async with asyncio.timeout(self._timeouts.send):
                await self._outgoing.put(orjson.dumps(message).decode())
        except TimeoutError:
            raise CloseConnection(4408, "Client too slow") from None

    async def _send_all(self) -> None:
        while True:
            await self._socket.send_text(await self._outgoing.get())


def _id(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= MAX_ID_LENGTH:
        raise CloseConnection(4400, f"`id` must be a string of 1 to {MAX_ID_LENGTH} characters.")
    return operation_id


def _same_origin(headers: Headers) -> bool:
    """Whether the Origin is the requested host, or absent.

    Browsers let any page open a WebSocket to any host; only the Origin header names the page.
    """
    origins = headers.getlist("origin")
    if not origins:
        return True
    try:
        host = urlsplit(origins[0]).netloc.lower()
    except ValueError:
        return False
    return len(origins) == 1 and host != "" and host == headers.get("host", "").lower()


def _connection_token(headers: Headers, payload: Mapping[str, Any]) -> str | None:
    """The token in the handshake or the `connection_init` payload; None if there is none.

    Raises Unauthenticated for a malformed token, and for tokens that differ.
    """
    nested = payload.get("headers")
    places = [payload, nested] if isinstance(nested, dict) else [payload]
    values = [value for place in places for name, value in place.items() if name.lower() == "authorization"]
    if not all(isinstance(value, str) for value in values):
        raise Unauthenticated("`authorization` must be a string.")
    handshake = [value.encode("latin-1") for value in headers.getlist("authorization")]
    tokens = {bearer_token([value.encode()]) for value in values} | {bearer_token(handshake)} - {None}
    if len(tokens) > 1:
        raise Unauthenticated("The connection has more than one token; send one.")
    return next(iter(tokens), None)
