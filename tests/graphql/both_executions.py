"""Two endpoints, of one world or of two equal ones: one compiles operations, one interprets all of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from multichannel.graphql.compiled.compiled_execution import CompiledExecution, ExecutionPath
from multichannel.graphql.execution.event_streams import EventNotifier, EventStreams
from multichannel.graphql.execution.executor import Execution
from multichannel.graphql.http.connection_limits import ConnectionLimiter
from multichannel.graphql.http.view import GraphQLView
from tests.world import World

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""


@dataclass
class Both:
    """A world behind two endpoints: one that compiles, and one that only interprets."""

    world: World
    runner: asyncio.Runner
    compiling: httpx.AsyncClient
    interpreting: httpx.AsyncClient
    compiled: CompiledExecution
    paths: Counter[ExecutionPath] = field(default_factory=Counter)
    before_each: Callable[[], object] = int
    """Called before each of the two executions."""

    def answers(self, persona: str, query: str, variables: Any = None, **body: Any) -> list[Reply]:
        """Both answers: the compiled one first."""
        return self.runner.run(self._answers(persona, {"query": query, "variables": variables, **body}))

    def same(self, persona: str, query: str, variables: Any = None, **body: Any) -> bytes:
        """The body of both answers, which are equal; the first was compiled."""
        before = self.paths[ExecutionPath.COMPILED]
        compiled, interpreted = self.answers(persona, query, variables, **body)
        assert compiled == interpreted
        assert self.paths[ExecutionPath.COMPILED] == before + 1
        return compiled[2]

    def interpreted(self, persona: str, query: str, variables: Any = None) -> bytes:
        """The body of the interpreter's answer alone."""
        body = {"query": query, "variables": variables}
        return self.runner.run(_reply(self.interpreting, persona, body))[2]

    async def _answers(self, persona: str, body: dict[str, Any]) -> list[Reply]:
        replies = []
        for client in (self.compiling, self.interpreting):
            self.before_each()
            replies.append(await _reply(client, persona, body))
        return replies


async def _reply(client: httpx.AsyncClient, persona: str, body: dict[str, Any]) -> Reply:
    got = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {persona}"})
    return got.status_code, sorted(got.headers.items()), got.content


@contextmanager
def both_of(world: World, twin: World | None = None) -> Iterator[Both]:
    """Both endpoints of a world; the interpreting one of its twin, if it has one."""
    other = world if twin is None else twin
    streams = EventStreams(world.store, world.caller_of_token, EventNotifier(None))
    paths: Counter[ExecutionPath] = Counter()

    def count(path: ExecutionPath) -> None:
        paths[path] += 1

    executions = [
        Execution(world.store, world.caller_of_token, streams, threads=1, has_verified=bool, count=count),
        Execution(other.store, other.caller_of_token, streams, threads=1),
    ]
    with asyncio.Runner() as runner:
        clients = [_client(each) for each in executions]
        compiled = executions[0]._compiled
        assert compiled is not None
        yield Both(world, runner, clients[0], clients[1], compiled, paths)
        for client in clients:
            runner.run(client.aclose())
        for execution in executions:
            execution.close()
        streams.close()


def _client(execution: Execution) -> httpx.AsyncClient:
    view = GraphQLView(execution, ConnectionLimiter(1), Response, max_bytes=1_000_000)
    app = Starlette(routes=[Route("/graphql", view, methods=["GET", "POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
