"""How many rows the databases look at for a page: those of the caller, however many others there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import get_named_type
from sqlalchemy import Engine

from multichannel.graphql.compiled.plan import Plan
from multichannel.graphql.execution.documents import read_document
from multichannel.graphql.schema import build_schema
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.connection_pool import OPTIONS
from multichannel.store.compiled.sharing import any_tenant
from multichannel.store.compiled.sql_text import postgresql_values, sqlite_values
from multichannel.store.compiled.statement import CompiledStatement, compile_statement

STEPS = 100
"""SQLite counts the steps of its virtual machine in such portions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, as statements take it: its principal, and the values of their context."""

    principal: Principal
    context: tuple[Any, ...]


def pages(first: int = 50) -> Iterator[tuple[str, str]]:
    """A name and a query for every list at the root in every order."""
    for name, field in build_schema().query_type.fields.items():  # type: ignore[union-attr]
        if "orderBy" in field.args and "nodes" in get_named_type(field.type).fields:
            for order in get_named_type(field.args["orderBy"].type).values:
                arguments = f"first: {first}, orderBy: {order}"
                yield f"{name} by {order}", f"{{ {name}({arguments}) {{ nodes {{ id }} }} }}"


def rows_read(engine: Engine, policy: Policy, asked: Asked, query: str, *options: str) -> float:
    """The rows that the scans of PostgreSQL's generic plan look at, with further options of the planner."""
    statement, values = _statement(policy, asked, "postgresql", query)
    given = postgresql_values(statement.sql, values)
    literals = ", ".join("NULL" if each is None else f"'{each.decode()}'" for each in given)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        for option in (*OPTIONS[:-1], *options, "DEALLOCATE ALL"):
            cursor.execute(option)
        cursor.execute(f"PREPARE page AS {statement.sql.text}")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page({literals})")
        explained: Any = cursor.fetchone()
    return sum(_scanned(explained[0][0]["Plan"]), 0.0)


def steps_taken(engine: Engine, policy: Policy, asked: Asked, query: str) -> int:
    """The steps of SQLite's virtual machine, which has no count of rows."""
    statement, values = _statement(policy, asked, "sqlite", query)
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += STEPS

    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(count, STEPS)
        driver.execute(statement.sql.text, sqlite_values(statement.sql, values)).fetchone()
        driver.set_progress_handler(None, 0)
    return taken


def _statement(
    policy: Policy, asked: Asked, database: str, query: str
) -> tuple[CompiledStatement, list[tuple[Any, ...]]]:
    plan = Plan(read_document(query, cache=True).ast, None)
    shape, values = plan.read({})
    statement = compile_statement(policy, any_tenant(asked.principal), database, plan.select(shape))
    return statement, [asked.context, *values]


def _scanned(node: Mapping[str, Any]) -> Iterator[float]:
    """The rows of each scan of a table, those that it drops included."""
    if "Relation Name" in node:
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield (node["Actual Rows"] + dropped) * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from _scanned(below)
