"""The HTTP endpoint: a request, and its response or event stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

import orjson
from graphql import OperationType
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from multichannel.errors import Busy, MultichannelError, RateLimited, Unauthenticated, Unavailable
from multichannel.graphql.execution.documents import InvalidDocument
from multichannel.graphql.execution.executor import (
    Execution,
    Responses,
    error_response,
    iter_of,
)
from multichannel.graphql.execution.faults import is_fault
from multichannel.graphql.execution.interpreter import ResponseBody
from multichannel.graphql.execution.requests import (
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    JSON,
    InvalidRequest,
    accepts_events,
    negotiate_media_type,
    prefers_html,
    read_body,
    read_parameters,
    require_json,
)
from multichannel.graphql.http.connection_limits import ConnectionLimiter, StreamTimeouts
from multichannel.graphql.http.disconnect import DisconnectWatches, NoResponse
from multichannel.graphql.http.sse import EventStream
from multichannel.identity.tokens import bearer_token

COMMON_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Accept"),
)

CONTENT_TYPES = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode())
    for media_type in (JSON, GRAPHQL_RESPONSE)
}
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
UNAVAILABLE: tuple[int, Mapping[str, str]] = (503, {"Retry-After": "10"})
"""The status and header of a response that says nothing but that something underneath failed."""


class GraphQLView:
    """Serves GET and POST requests to `/graphql`."""

    def __init__(
        self,
        execution: Execution,
        limiter: ConnectionLimiter,
        page: Callable[[], Response],
        *,
        max_bytes: int,
        timeouts: StreamTimeouts | None = None,
    ) -> None:
        """`page` is the response to browsers; `max_bytes` limits the body of a request."""
        self._execution = execution
        self._limiter = limiter
        self._page = page
        self._max_bytes = max_bytes
        self._timeouts = timeouts or StreamTimeouts()
        self._watches = DisconnectWatches()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; errors are GraphQL errors."""
        head = _Head(scope)
        media_type = JSON
        try:
            if head.method == "GET" and prefers_html(head.accept):
                response: ASGIApp = self._page()
            else:
                media_type = negotiate_media_type(head.accept)
                response = await self._execute(head, media_type, receive)
        except InvalidDocument as error:
            if media_type == EVENT_STREAM:
                response = self._stream(iter_of(error_response(error)))
            else:
                response = _response(media_type, error_response(error), _error_status(media_type))
        except Exception as cause:  # noqa: BLE001  (every fault must reach the client as a GraphQL error)
            status, headers = _rejection(cause, with_token=bool(head.authorization))
            response = _response(media_type, error_response(cause), status, headers)
        await response(scope, receive, send)

    async def _execute(self, head: _Head, media_type: str, receive: Receive) -> ASGIApp:
        """Execute a request and respond in the negotiated media type; a subscription is always a stream."""
        token = bearer_token(head.authorization)
        if head.method == "GET":
            request = read_parameters(QueryParams(head.query_string))
        else:
            request = read_body(await self._read_body(head, receive))
        watch = self._watches.start(receive)
        try:
            result = await self._execution.execute(request, token, partial(self._check_kind, head))
        except asyncio.CancelledError:
            if not watch.has_left:
                raise
            return NoResponse()
        finally:
            self._watches.stop(watch)
        outcome = result.outcome
        charged = () if result.charge is None else result.charge.headers()
        if media_type == EVENT_STREAM:
            return self._stream(result.responses)
        if isinstance(outcome, bytes):
            return JSONText(media_type, outcome, headers=charged)
        if not isinstance(outcome, dict):
            return self._stream(result.responses)
        status, headers = (200, NO_HEADERS) if "data" in outcome else _failure_status(media_type, outcome)
        return JSONText(media_type, orjson.dumps(outcome), status, [*_encoded(headers), *charged])

    def _stream(self, responses: Responses) -> EventStream:
        return EventStream(responses, self._limiter, self._timeouts.heartbeat)

    def _check_kind(self, head: _Head, kind: OperationType | None) -> None:
        """Reject a type of operation that this request must not execute."""
        if head.method == "GET" and kind is OperationType.MUTATION:
            raise InvalidRequest(405, "Mutations must use POST.", {"Allow": "POST"})
        if kind is not OperationType.SUBSCRIPTION:
            return
        if not accepts_events(head.accept):
            raise InvalidRequest(
                406,
                f"Subscriptions are streamed: send Accept: {EVENT_STREAM}, "
                "or open a WebSocket with the subprotocol graphql-transport-ws.",
            )
        if self._limiter.full:
            raise Busy("Too many open event streams. Try again later.")

    async def _read_body(self, head: _Head, receive: Receive) -> bytes:
        if head.method != "POST":
            raise InvalidRequest(405, "Method not allowed. Use POST or GET.", {"Allow": "GET, POST"})
        require_json(head.content_type)
        body: bytes = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise InvalidRequest(400, "The body is incomplete.")
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise InvalidRequest(413, f"The body is larger than {self._max_bytes} bytes.")
            if not message.get("more_body", False):
                return body


class _Head:
    """What the view reads of a request before its body."""

    __slots__ = ("accept", "authorization", "content_type", "method", "query_string")

    def __init__(self, scope: Scope) -> None:
        """Read the headers once; ASGI gives their names in lower case."""
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.accept, self.content_type = "", None
        self.authorization: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"accept":
                accepted = value.decode("latin-1")
                self.accept = f"{self.accept}, {accepted}" if self.accept else accepted
            elif name == b"authorization":
                self.authorization.append(value)
            elif name == b"content-type" and self.content_type is None:
                self.content_type = value.decode("latin-1")


def _error_status(media_type: str) -> int:
    """The status of a request that was not executed: `application/json` requires 200 even then."""
    return 400 if media_type == GRAPHQL_RESPONSE else 200


def _failure_status(media_type: str, body: ResponseBody) -> tuple[int, Mapping[str, str]]:
    """The status and headers of an operation that was not executed, or failed as a whole."""
    return UNAVAILABLE if is_fault(body) else (_error_status(media_type), {})


def _rejection(cause: Exception, *, with_token: bool) -> tuple[int, Mapping[str, str]]:
    """The status and headers with which a request is rejected."""
    if isinstance(cause, InvalidRequest):
        return cause.status, cause.headers
    if isinstance(cause, Unauthenticated):
        return 401, {"WWW-Authenticate": 'Bearer error="invalid_token"' if with_token else "Bearer"}
    if isinstance(cause, Unavailable):
        return UNAVAILABLE
    if isinstance(cause, RateLimited):
        return 429, {"Retry-After": str(cause.seconds)}
    return 400 if isinstance(cause, MultichannelError) else 500, {}


class JSONText:
    """A response whose body is there: Starlette's, but for what it reads and encodes each time."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(
        self, media_type: str, body: bytes, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self._body, self._status = body, status
        self._headers = [
            *COMMON_HEADERS,
            *headers,
            (b"content-length", b"%d" % len(body)),
            CONTENT_TYPES.get(media_type, CONTENT_TYPES[JSON]),  # what refuses a stream is JSON
        ]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def _response(
    media_type: str, body: ResponseBody, status: int, headers: Mapping[str, str] = NO_HEADERS
) -> JSONText:
    return JSONText(media_type, orjson.dumps(body), status, _encoded(headers))


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
