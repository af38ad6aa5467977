"""A service with subscriptions to what a test pushes: the endpoint on a real server, without a database."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import graphql
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from multichannel.errors import Unauthenticated
from multichannel.graphql.execution import documents, interpreter
from multichannel.graphql.execution.documents import ParsedDocument
from multichannel.graphql.execution.executor import Execution, Responses
from multichannel.graphql.execution.interpreter import ResponseBody
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.graphql.http.connection_limits import CONNECTION_LIMITER, ConnectionLimiter, StreamTimeouts
from multichannel.graphql.http.view import GraphQLView
from multichannel.graphql.http.websocket import WebSocketView
from multichannel.store.store import Store
from multichannel.store.users import Caller
from tests.serving import running

WAIT = 60
"""Seconds until a test that waits for the server has failed."""

MOST_BYTES = 10_000

SCHEMA = graphql.build_schema(
    """
    schema { query: Query mutation: Mutation subscription: Events }
    type Query { hello: String }
    type Mutation { touch: Boolean }
    type Events { ticked(by: Int): Int }
    """
)


@dataclass
class Listener:
    """One subscription as its source sees it. A test pushes from its own thread."""

    token: str
    operation_name: str | None
    variables: dict[str, Any] | None
    closed: threading.Event = field(default_factory=threading.Event)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    _pushed: asyncio.Queue[ResponseBody | Exception | None] = field(default_factory=asyncio.Queue)

    def push(self, *items: ResponseBody | Exception | None) -> None:
        """Have a response sent, or an exception raised; None is the end."""
        for item in items:
            self._loop.call_soon_threadsafe(self._pushed.put_nowait, item)

    @property
    def left(self) -> int:
        """How much of what was pushed nobody has asked for."""
        return self._pushed.qsize()

    async def follow(self) -> Responses:
        """What is pushed."""
        try:
            while (item := await self._pushed.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed.set()


class PushedStreams:
    """Hands each subscription to the test; `tokens` are those that are good, and `broken` breaks."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self.tokens = {"good"}
        self._opened = queue.Queue[Listener]()

    def open(self, token: str, _document: ParsedDocument, request: GraphQLRequest) -> Responses:
        listener = Listener(token, request.operation_name, request.variables)
        self._opened.put(listener)
        return listener.follow()

    def listener(self) -> Listener:
        """The next subscription that is opened."""
        return self._opened.get(timeout=WAIT)

    @property
    def untouched(self) -> bool:
        """Whether no subscription has been opened that the test does not know of."""
        return self._opened.empty()

    def sign_in(self, token: str) -> Caller:
        if token == "broken":
            raise RuntimeError("a secret")
        if token not in self.tokens:
            raise Unauthenticated("The token proves nothing.")
        return cast("Caller", object())


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushedStreams]:
    """The source of a service whose schema is SCHEMA."""
    for module in (documents, interpreter):
        monkeypatch.setattr(module, "build_schema", lambda: SCHEMA)
    documents._read_cached.cache_clear()
    yield PushedStreams()
    documents._read_cached.cache_clear()


@contextmanager
def serving(
    streams: PushedStreams, timeouts: StreamTimeouts | None = None, *, most: int = 100
) -> Iterator[str]:
    """The URL of the service while the block lasts; `most` clients may be streamed to."""
    nothing = cast("Any", None)
    execution = Execution(Store(nothing, lambda: nothing, nothing), streams.sign_in, streams, threads=2)
    limiter = ConnectionLimiter(most)
    view = GraphQLView(execution, limiter, Response, max_bytes=MOST_BYTES, timeouts=timeouts)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {CONNECTION_LIMITER: limiter}
        execution.close()

    routes = [
        Route("/graphql", view, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", WebSocketView(execution, limiter, timeouts).serve),
    ]
    with running(Starlette(routes=routes, lifespan=lifespan)) as url:
        yield f"{url}/graphql"
