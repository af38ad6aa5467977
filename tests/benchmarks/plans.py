"""How the databases run what the product asks: whether an index finds the rows, or a table is read whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson
from sqlalchemy import Engine

from multichannel.policy.schema.vocabulary import Principal
from tests.benchmarks.handwritten import Statement
from tests.benchmarks.queries import QUERIES
from tests.benchmarks.variants import answering, policy_on, recorded

BIG = "customers", "subscriptions", "subscription_shares", "reseller_relationships"
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (FORMAT JSON) "}

PLANNED = {
    **QUERIES,
    "subscriptions by id": "{ subscriptions(first: 50) { nodes { id friendlyName } } }",
    "subscriptions by name": "{ subscriptions(first: 50, orderBy: FRIENDLY_NAME) { nodes { id } } }",
    "subscriptions counted": "{ subscriptions(first: 1) { totalCount } }",
    "suspended ones": "{ subscriptions(first: 50, filter: {status: {eq: SUSPENDED}}) { nodes { id } } }",
    "customers by name": "{ customers(first: 50, orderBy: COMPANY_NAME) { nodes { id companyName } } }",
    "customers with suspended": (
        "{ customers(first: 50, filter: {subscriptions: {status: {eq: SUSPENDED}}}) { nodes { id } } }"
    ),
    "relationships": "{ resellerRelationships(first: 50) { nodes { id status customer { companyName } } } }",
}
"""Questions by name: those that are measured, and other lists with orders and filters."""


def whole_tables(engine: Engine, caller: Principal) -> dict[str, list[str]]:
    """By question, what its statements read whole of the big tables, in the database's own words."""
    policy = policy_on()
    found = {}
    for name, query in PLANNED.items():
        ask = answering(engine, policy, caller, query)
        with recorded(engine) as statements:
            ask()
        found[name] = [line for statement in statements for line in scans(engine, statement)]
    return found


def scans(engine: Engine, statement: Statement) -> Iterator[str]:
    """What one statement reads whole of the big tables."""
    sql, parameters = statement
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(EXPLAIN[engine.dialect.name] + sql, parameters).all()
    if engine.dialect.name == "sqlite":
        yield from _sqlite_scans(sql, [row[-1] for row in rows])
    else:
        plan = rows[0][0]
        yield from _postgresql_scans((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _sqlite_scans(sql: str, lines: list[str]) -> Iterator[str]:
    """`SCAN name`, be it in the order of an index; a name may be an alias."""
    aliases = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN|,) (\w+) AS (\w+)", sql)}
    for line in lines:
        match = re.match(r"SCAN (\w+)", line)
        if match and aliases.get(match[1], match[1]) in BIG:
            yield line


def _postgresql_scans(node: dict[str, object]) -> Iterator[str]:
    """Sequential scans, and scans of a whole index."""
    table, index = node.get("Relation Name"), node.get("Index Name")
    if table in BIG and (node["Node Type"] == "Seq Scan" or (index and "Index Cond" not in node)):
        yield f"{node['Node Type']} of {table}" + (f" by {index}" if index else "")
    for below in node.get("Plans", ()):  # type: ignore[attr-defined]
        yield from _postgresql_scans(below)
