"""The HTTP endpoint: one operation runs in one worker thread, with one session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import ExecutionResult, OperationType, execute_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from multichannel.errors import MultichannelError, Unauthenticated
from multichannel.graphql.documents import Unreadable, read_document
from multichannel.graphql.errors import BAD_INPUT, fault, plain, raised
from multichannel.graphql.operation import Operation
from multichannel.graphql.requests import (
    GRAPHQL,
    JSON,
    GraphQLRequest,
    Malformed,
    answer_type,
    prefers_html,
    read_body,
    read_parameters,
    require_json,
)
from multichannel.graphql.schema import build_schema
from multichannel.identity import bearer_token
from multichannel.policy.vocabulary import Principal
from multichannel.store.work import Store

SignIn = Callable[[str], Principal]
"""Who a token speaks of; Unauthenticated when it proves nobody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send: an HTTP status, a GraphQL response, headers."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class GraphQLView:
    """Answers `/graphql`."""

    def __init__(
        self, store: Store, sign_in: SignIn, page: Callable[[], Response], *, threads: int, most_bytes: int
    ) -> None:
        """`page` is shown to browsers; `threads` bounds how many operations run at once."""
        self._store = store
        self._sign_in = sign_in
        self._page = page
        self._most_bytes = most_bytes
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="operation")

    def close(self) -> None:
        """Wait for running operations and let the threads go."""
        self._threads.shutdown()

    async def respond(self, request: Request) -> Response:
        """Answer one request; what is wrong with it is told in a GraphQL error."""
        accept = ", ".join(request.headers.getlist("accept"))
        if request.method == "GET" and prefers_html(accept):
            return self._page()
        media = JSON
        try:
            media = answer_type(accept)
            token = bearer_token(request.headers)
            asked = await self._read(request)
            run = asyncio.get_running_loop().run_in_executor
            answer = await run(self._threads, self._answer, asked, token, media, request.method)
        except Malformed as error:
            body = {"errors": [{"message": error.message, "extensions": {"code": BAD_INPUT}}]}
            answer = Answer(error.status, body, error.headers)
        except Unreadable as error:
            answer = Answer(_status(media), {"errors": error.errors})
        except MultichannelError as error:
            answer = _refused(error)
        except Exception as cause:  # noqa: BLE001  (whatever it is, the client gets a GraphQL answer)
            answer = Answer(500, {"errors": [fault(cause)]})
        return _response(answer, media)

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

    def _answer(self, asked: GraphQLRequest, token: str | None, media: str, method: str) -> Answer:
        """Run the operation in this thread."""
        principal = None if token is None else self._sign_in(token)
        document = read_document(asked.query, keep=principal is not None)
        if method == "GET" and document.operation_type(asked.operation_name) is OperationType.MUTATION:
            raise Malformed(405, "A GET only asks; send mutations by POST.", {"Allow": "POST"})
        operation = Operation(self._store, principal)
        try:
            result = execute_sync(
                build_schema(),
                document.parsed,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                context_value=operation,
            )
        finally:
            operation.close()
        return _executed(result, media)


def _executed(result: ExecutionResult, media: str) -> Answer:
    """An operation that never began has no data at all."""
    errors = [raised(error) for error in result.errors or ()]
    if result.data is None and errors and not any(error.path for error in result.errors or ()):
        return Answer(_status(media), {"errors": errors})
    return Answer(200, {"data": result.data, "errors": errors} if errors else {"data": result.data})


def _status(media: str) -> int:
    """How a request that was not executed is told: by status where the media type leaves it to that."""
    return 400 if media == GRAPHQL else 200


def _refused(error: MultichannelError) -> Answer:
    if isinstance(error, Unauthenticated):
        return Answer(401, {"errors": [plain(error)]}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return Answer(400, {"errors": [plain(error)]})


def _response(answer: Answer, media: str) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept",
        **answer.headers,
    }
    content = orjson.dumps(answer.body)
    return Response(content, answer.status, headers, media_type=f"{media}; charset=utf-8")
