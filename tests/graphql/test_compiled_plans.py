"""How PostgreSQL finds the rows of a page: from the caller's own, however many others there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from multichannel.demo.cast import find_persona
from multichannel.graphql.compiled.plan import Plan
from multichannel.graphql.execution.documents import read_document
from multichannel.store.compiled.connection_pool import OPTIONS
from multichannel.store.compiled.sharing import any_tenant
from multichannel.store.compiled.sql_text import postgresql_values
from multichannel.store.compiled.statement import compile_statement
from tests.graphql.conftest import Api
from tests.graphql.test_statements import crowd

PERSONA = "birch-global-admin"
"""It has a few customers, where Alder has hundreds."""
PAGES = [
    "{ customers(first: 10) { nodes { id companyName email } } }",
    "{ customers(last: 10) { totalCount nodes { id } pageInfo { hasPreviousPage startCursor } } }",
    "{ customers(first: 5) { nodes { id subscriptions(first: 5) { totalCount nodes { id status } } } } }",
]
MOST_ROWS = 150
"""The rows of the page and of the caller, and those of the conditions on each."""


@pytest.mark.parametrize("world", ["postgresql"], indirect=True)
def test_the_rows_that_a_page_reads_do_not_grow_with_the_customers_of_others(api: Api) -> None:
    with Session(api.world.store.engine) as session:
        for model, rows in crowd(api, 4_000):
            session.execute(insert(model), rows)
        session.connection().commit()
        session.connection().exec_driver_sql("ANALYZE")
        session.connection().commit()

    read = {page: rows_read(api, page) for page in PAGES}

    assert all(rows <= MOST_ROWS for rows in read.values()), read


def rows_read(api: Api, query: str) -> float:
    """How many rows the scans of a generic plan look at."""
    principal = api.world.principal(PERSONA)
    plan = Plan(read_document(query, cache=True).ast, None)
    shape, values = plan.read({})
    statement = compile_statement(api.world.policy, any_tenant(principal), "postgresql", plan.select(shape))
    persona = find_persona(PERSONA)
    context = (principal.tenant_id, api.world.clock(), persona.organisation.id, persona.id, None)
    given = postgresql_values(statement.sql, [context, *values])
    literals = ", ".join("NULL" if each is None else f"'{each.decode()}'" for each in given)
    with api.world.store.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for option in (*OPTIONS[:-1], "DEALLOCATE ALL"):
            cursor.execute(option)
        cursor.execute(f"PREPARE page AS {statement.sql.text}")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page({literals})")
        explained: Any = cursor.fetchone()
    return sum(_scanned(explained[0][0]["Plan"]), 0.0)


def _scanned(node: dict[str, Any]) -> Iterator[float]:
    """The rows of each scan of a table, those that it drops included."""
    if "Relation Name" in node:
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield (node["Actual Rows"] + dropped) * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from _scanned(below)
