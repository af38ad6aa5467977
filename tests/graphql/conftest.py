"""The API in process, on both databases, with personas' names for tokens and statements counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import Connection, event
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from multichannel.graphql.execution.event_streams import EventNotifier, EventStreams
from multichannel.graphql.execution.executor import Execution
from multichannel.graphql.http.connection_limits import ConnectionLimiter
from multichannel.graphql.http.view import GraphQLView
from multichannel.store import session
from multichannel.store.compiled.connection_pool import AnswerRow
from multichannel.store.compiled.runners import Values
from multichannel.store.compiled.snapshot import run_in
from multichannel.store.compiled.statement import CompiledStatement
from multichannel.store.deadlines import Deadline
from multichannel.store.users import Caller
from tests.kept_plans import take_kept_plans
from tests.world import World


@dataclass(frozen=True)
class Answer:
    """What came back, and the statements it took beyond those that sign in."""

    response: httpx.Response
    statements: list[str]

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.response.content)
        return found

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert "errors" not in self.body
        return self.body["data"]

    @property
    def errors(self) -> list[tuple[list[str | int] | None, str]]:
        """Path and code of each error."""
        return [(each.get("path"), each["extensions"]["code"]) for each in self.body.get("errors", [])]

    @property
    def codes(self) -> list[str]:
        return [code for _, code in self.errors]


@dataclass
class Api:
    """The endpoint over a world."""

    world: World
    runner: asyncio.Runner
    client: httpx.AsyncClient
    statements: list[str] = field(default_factory=list)

    def ask(self, persona: str | None, query: str, **variables: Any) -> Answer:
        """The answer to a persona, or to nobody."""
        headers = {"Authorization": f"Bearer {persona}"} if persona else {}
        self.statements.clear()
        body = {"query": query, "variables": variables}
        response = self.runner.run(self.client.post("/graphql", json=body, headers=headers))
        return Answer(response, list(self.statements))

    def hear(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        """Write a statement down, unless it only begins or ends a transaction."""
        if statement.split(maxsplit=1)[0] in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}:
            self.statements.append(statement)


@pytest.fixture
def api(request: pytest.FixtureRequest, world: World) -> Iterator[Api]:
    """The demo world behind the endpoint; the token of a persona is its name, others are `bearer_of`."""
    # What a test has patched may be in the plans that it makes.
    with _serving(world, keeps_plans="monkeypatch" not in request.fixturenames) as api:
        yield api


@pytest.fixture(scope="module")
def shared_api(shared_world: World) -> Iterator[Api]:
    """The same for tests that change nothing."""
    with _serving(shared_world, keeps_plans=False) as api:
        yield api


@contextmanager
def _serving(world: World, *, keeps_plans: bool) -> Iterator[Api]:
    streams = EventStreams(world.store, world.caller_of_token, EventNotifier(None))
    statements: list[str] = []

    def sign_in(token: str) -> Caller:
        before = len(statements)
        try:
            return world.caller_of_token(token)
        finally:
            del statements[before:]

    def hear_in_snapshot(connection: Connection, statement: CompiledStatement, values: Values) -> AnswerRow:
        statements.append(statement.sql.text)
        return run_in(connection, statement, values)

    execution = Execution(world.store, sign_in, streams, threads=1, has_verified=bool)
    if keeps_plans:
        take_kept_plans(execution, world.policy, among="worlds of the API")
    _hear_compiled(execution, statements)
    view = GraphQLView(execution, ConnectionLimiter(1), Response, max_bytes=1_000_000)
    app = Starlette(routes=[Route("/graphql", view, methods=["GET", "POST"])])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    with asyncio.Runner() as runner, patch.object(session, "run_in", hear_in_snapshot):
        api = Api(world, runner, client, statements)
        api.ask("alder-sales-agent", "{ viewer { tenantId } }")  # the engine's own first questions
        event.listen(world.store.engine, "before_cursor_execute", api.hear)
        yield api
        event.remove(world.store.engine, "before_cursor_execute", api.hear)
        runner.run(client.aclose())
    execution.close()
    streams.close()


def _hear_compiled(execution: Execution, statements: list[str]) -> None:
    """Write compiled statements down, too, which do not pass through the engine's events."""
    runner: Any = execution._compiled._runner if execution._compiled else None
    run = runner.run

    async def heard(
        statement: CompiledStatement, values: Callable[[], Values], deadline: Deadline
    ) -> AnswerRow:
        if statement.decisions:  # else it only checks who the caller is, which is what signs in
            statements.append(statement.sql.text)
        row: AnswerRow = await run(statement, values, deadline)
        return row

    runner.run = heard
