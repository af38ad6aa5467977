"""The HTTP endpoint: a request, and its response or event stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import orjson
from graphql import OperationType
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

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
    GraphQLRequest,
    InvalidRequest,
    accepts_events,
    negotiate_media_type,
    prefers_html,
    read_body,
    read_parameters,
    require_json,
)
from multichannel.graphql.http.connection_limits import ConnectionLimiter, StreamTimeouts
from multichannel.graphql.http.disconnect import DisconnectWatch, NoResponse
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; errors are GraphQL errors."""
        response = await self._respond(_read_head(scope), scope, receive)
        await response(scope, receive, send)

    async def _respond(self, head: _Head, scope: Scope, receive: Receive) -> Response:
        if head.method == "GET" and prefers_html(head.accept):
            return self._page()
        media_type = JSON
        try:
            media_type = negotiate_media_type(head.accept)
            token = bearer_token(head.authorization)
            if head.method == "GET":
                request = read_parameters(QueryParams(scope["query_string"]))
            else:
                request = read_body(await self._read_body(head, receive))
            return await self._execute(request, token, head, media_type, receive)
        except InvalidDocument as error:
            if media_type == EVENT_STREAM:
                return self._stream(iter_of(error_response(error)))
            return _response(media_type, error_response(error), _error_status(media_type))
        except Exception as cause:  # noqa: BLE001  (every fault must reach the client as a GraphQL error)
            status, headers = _rejection(cause, with_token=bool(head.authorization))
            return _response(media_type, error_response(cause), status, headers)

    async def _execute(
        self, request: GraphQLRequest, token: str | None, head: _Head, media_type: str, receive: Receive
    ) -> Response:
        """Execute a request and respond in the negotiated media type; a subscription is always a stream."""
        watch = DisconnectWatch(receive)
        try:
            result = await self._execution.execute(request, token, partial(self._check_kind, head))
        except asyncio.CancelledError:
            if not watch.has_left:
                raise
            return NoResponse()
        finally:
            watch.stop()
        outcome = result.outcome
        if media_type == EVENT_STREAM or not isinstance(outcome, bytes | dict):
            return self._stream(result.responses)
        if isinstance(outcome, bytes):
            response: Response = CompiledResponse(media_type, outcome)
        elif "data" in outcome:
            response = _response(media_type, outcome, 200)
        else:
            response = _response(media_type, outcome, *_failure_status(media_type, outcome))
        if result.charge is not None:
            response.raw_headers += result.charge.headers()
        return response

    def _stream(self, responses: Responses) -> Response:
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


@dataclass(slots=True)
class _Head:
    """What the view reads of a request before its body."""

    method: str
    accept: str = ""
    content_type: str | None = None
    authorization: list[bytes] = field(default_factory=list)


def _read_head(scope: Scope) -> _Head:
    """Read the headers once; ASGI gives their names in lower case."""
    head = _Head(scope["method"])
    for name, value in scope["headers"]:
        if name == b"accept":
            head.accept = (
                f"{head.accept}, {value.decode('latin-1')}" if head.accept else value.decode("latin-1")
            )
        elif name == b"authorization":
            head.authorization.append(value)
        elif name == b"content-type" and head.content_type is None:
            head.content_type = value.decode("latin-1")
    return head


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


class CompiledResponse(Response):
    """The text that a compiled statement has written."""

    def __init__(self, media_type: str, text: bytes) -> None:  # without Response's, which reads headers
        self.status_code, self.background, self.body = 200, None, text
        self.raw_headers = [
            *COMMON_HEADERS,
            (b"content-length", b"%d" % len(self.body)),
            CONTENT_TYPES[media_type],
        ]


def _response(
    media_type: str, body: ResponseBody, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    content_type = JSON if media_type == EVENT_STREAM else media_type
    return Response(
        orjson.dumps(body),
        status,
        {**{name.decode(): value.decode() for name, value in COMMON_HEADERS}, **(headers or {})},
        media_type=f"{content_type}; charset=utf-8",
    )
