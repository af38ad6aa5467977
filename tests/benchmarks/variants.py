"""What is compared: the product with the policy, the same without it, and the limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from graphql import execute_sync
from sqlalchemy import Engine, event

from multichannel.explorer.build import find_npm
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.framework.context import OperationContext
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import Principal
from multichannel.server.bootstrap import SHIPPED_POLICIES, now
from multichannel.store.store import Store
from multichannel.store.users import Caller
from tests.benchmarks.handwritten import BEGIN, Limit, Statement, driver_connection
from tests.benchmarks.queries import QUERIES
from tests.benchmarks.tenant_condition import TenantCondition

ON, OFF, LIMIT = "policy on", "policy off", "by hand"
MERCURIUS = "Mercurius"
"""A peer: the fastest GraphQL server for Node that we know of; over HTTP and on PostgreSQL only."""
INTERPRETED = "interpreted"
"""The policy on, and nothing compiled; over HTTP only."""

Answer = Callable[[], bytes]


def peers() -> list[str]:
    """Mercurius where there is a Node to run it."""
    return [] if find_npm() is None else [MERCURIUS]


@cache
def policy_on() -> Policy:
    """The policy as it ships."""
    return Policy.load(SHIPPED_POLICIES)


@cache
def policy_off() -> Policy:
    """A tenant condition in its place."""
    return TenantCondition(PolicySource.read(SHIPPED_POLICIES))


NO_USER = "00000000-0000-0000-0000-000000000000"
"""Reading asks for no user."""


def answering(engine: Engine, policy: Policy, caller: Principal, query: str) -> Answer:
    """The product as its HTTP view runs it, from the text of a query to the bytes of its answer."""
    store = Store(engine, lambda: policy, now)

    def answer() -> bytes:
        document = read_document(query, cache=True)
        operation = OperationContext(store, Caller(caller, NO_USER))
        try:
            result = execute_sync(build_schema(), document.ast, context_value=operation)
        finally:
            operation.close()
        if result.errors:
            raise result.errors[0]
        return orjson.dumps({"data": result.data})

    return answer


def variants(engine: Engine, caller: Principal, name: str) -> dict[str, Answer]:
    """The three of them for one question."""
    on = answering(engine, policy_on(), caller, QUERIES[name])
    off = answering(engine, policy_off(), caller, QUERIES[name])
    limit = limit_of(engine, name, on)
    connection, begin = driver_connection(engine), BEGIN[engine.dialect.name]
    return {ON: on, OFF: off, LIMIT: lambda: limit.answer(connection, begin)}


def limit_of(engine: Engine, name: str, product: Answer) -> Limit:
    """The handler by hand, with the SQL that the product runs."""
    with recorded(engine) as statements:
        product()
    return Limit(name, statements)


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """What is run inside the block, without the beginnings of transactions."""
    found: list[Statement] = []

    def record(
        _connection: Any,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        _many: bool,  # noqa: FBT001
    ) -> None:
        if not statement.startswith("BEGIN"):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", record)
