"""The HTTP endpoint: one request, and its answer or the stream of its results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from multichannel.errors import Busy, MultichannelError, Unauthenticated
from multichannel.graphql.execution.documents import Unreadable
from multichannel.graphql.execution.executor import Audience, Bodies, Body, Execution, Pace, failure, several
from multichannel.graphql.execution.requests import (
    EVENTS,
    GRAPHQL,
    JSON,
    GraphQLRequest,
    Malformed,
    answer_type,
    prefers_html,
    read_body,
    read_parameters,
    reads_events,
    require_json,
)
from multichannel.graphql.http.sse import EventStream
from multichannel.identity import bearer_token


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send: an HTTP status, a GraphQL response, headers."""

    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)


class GraphQLView:
    """Answers requests to `/graphql`."""

    def __init__(
        self,
        execution: Execution,
        audience: Audience,
        page: Callable[[], Response],
        *,
        most_bytes: int,
        pace: Pace | None = None,
    ) -> None:
        """`page` is shown to browsers; `most_bytes` bounds the body of a request."""
        self._execution = execution
        self._audience = audience
        self._page = page
        self._most_bytes = most_bytes
        self._pace = pace or Pace()

    async def respond(self, request: Request) -> Response:
        """Answer one request; what is wrong with it is told in a GraphQL error."""
        accept = ", ".join(request.headers.getlist("accept"))
        if request.method == "GET" and prefers_html(accept):
            return self._page()
        media = JSON
        try:
            media = answer_type(accept)
            return await self._answer(request, media, events=reads_events(accept))
        except Unreadable as error:
            if media == EVENTS:
                return self._stream(several(failure(error)))
            return _response(Answer(_status(media), failure(error)), media)
        except Exception as cause:  # noqa: BLE001  (whatever it is, the client gets a GraphQL answer)
            return _response(_refused(cause, with_token="authorization" in request.headers), media)

    async def _answer(self, request: Request, media: str, *, events: bool) -> Response:
        """The results of a request, in the media type asked for; a subscription's are always events."""
        token = bearer_token(request.headers)
        asked = await self._read(request)
        may = partial(self._check, request.method, events=events)
        results = await self._execution.results(asked, token, may)
        if media == EVENTS or results.kind is OperationType.SUBSCRIPTION:
            return self._stream(results.bodies)
        body = await anext(results.bodies)
        return _response(Answer(200 if "data" in body else _status(media), body), media)

    def _stream(self, bodies: Bodies) -> Response:
        return EventStream(bodies, self._audience, self._pace.heartbeat)

    def _check(self, method: str, kind: OperationType | None, *, events: bool) -> None:
        """Raise what a request of this kind is refused with, before anything is done."""
        if method == "GET" and kind is OperationType.MUTATION:
            raise Malformed(405, "A GET only asks; send mutations by POST.", {"Allow": "POST"})
        if kind is not OperationType.SUBSCRIPTION:
            return
        if not events:
            raise Malformed(
                406,
                f"The results of a subscription are a stream: send Accept: {EVENTS}, "
                "or open a WebSocket with the subprotocol graphql-transport-ws.",
            )
        if self._audience.full:
            raise Busy("As many clients are listening as this service can serve. Try again later.")

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "GET":
            return read_parameters(request.query_params)
        if request.method != "POST":
            raise Malformed(405, "Ask by POST or GET.", {"Allow": "GET, POST"})
        require_json(request.headers.get("content-type"))
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > self._most_bytes:
                    raise Malformed(413, f"The body is larger than {self._most_bytes} bytes.")
        except ClientDisconnect:
            raise Malformed(400, "The body ended early.") from None
        return read_body(bytes(body))


def _status(media: str) -> int:
    """How a request that was not executed is told: by status where the media type leaves it to that."""
    return 400 if media == GRAPHQL else 200


def _refused(cause: Exception, *, with_token: bool) -> Answer:
    if isinstance(cause, Malformed):
        return Answer(cause.status, failure(cause), cause.headers)
    if isinstance(cause, Unauthenticated):
        challenge = 'Bearer error="invalid_token"' if with_token else "Bearer"
        return Answer(401, failure(cause), {"WWW-Authenticate": challenge})
    if isinstance(cause, Busy):
        return Answer(503, failure(cause), {"Retry-After": "10"})
    return Answer(400 if isinstance(cause, MultichannelError) else 500, failure(cause))


def _response(answer: Answer, media: str) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept",
        **answer.headers,
    }
    content = orjson.dumps(answer.body)
    kind = JSON if media == EVENTS else media
    return Response(content, answer.status, headers, media_type=f"{kind}; charset=utf-8")
