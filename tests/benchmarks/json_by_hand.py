# ruff: noqa: S608  (statements made of constants)
"""The limit over HTTP: a handler whose SQL, written by hand with the rules inside, writes the answer.

It knows neither schema nor caller nor GraphQL: what a request must cost in any case. For measuring only.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from multichannel.store.compiled.connection_pool import ConnectionPool
from multichannel.store.deadlines import Deadline
from tests.benchmarks.queries import FLOOR, NESTED, PAGE, SINGLE

CONNECTIONS = 8
ACTIVE = """EXISTS (SELECT 1 FROM reseller_relationships r
  WHERE r.customer_id = {customer} AND r.partner_id = {partner} AND r.status = 'active')"""
SEEN = """(s.channel = 'csp' AND s.billing_partner_id = {partner} OR s.support_contact_id = {partner}
  OR s.channel <> 'csp' AND s.recorded_by = 'partner' AND s.owner_id = {partner}
  OR s.channel <> 'csp' AND s.recorded_by = 'customer' AND {active})"""
CUSTOMER = {
    "id": "'customer_' || c.id",
    "companyName": "c.company_name",
    "domain": "c.domain",
    "market": "c.market",
    "cloud": "upper(c.cloud)",
    "qualification": "upper(c.qualification)",
    "email": "c.email",
    "city": "c.city",
    "country": "c.country",
    "createdAt": "{time}",
}
SUBSCRIPTION = {
    "id": "'subscription_' || s.id",
    "friendlyName": "s.friendly_name",
    "offerName": "s.offer_name",
    "status": "upper(s.status)",
    "channel": "upper(s.channel)",
    "quantity": "s.quantity",
}
POSTGRESQL_TIME = """to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
BRIEF = {name: CUSTOMER[name] for name in ("id", "companyName")}
FLOOR_ANSWER = b'{"data":{"__typename":"Query"}}'


class Sql:
    """The statements for one database."""

    def __init__(self, database: str) -> None:
        is_postgresql = database == "postgresql"
        self._object = "json_build_object" if is_postgresql else "json_object"
        self._array = "json_agg" if is_postgresql else "json_group_array"
        self._partner, self._id = ("$1::uuid", "$2::uuid") if is_postgresql else ("?1", "?2")
        self._time = POSTGRESQL_TIME if is_postgresql else "c.created_at"
        self._inner_json = (lambda text: text) if is_postgresql else (lambda text: f"json({text})")

    def of(self, query: str) -> str:
        """The statement that answers a question."""
        return {PAGE: self._page, NESTED: self._nested, SINGLE: self._single}[query]()

    def _page(self) -> str:
        rows = f"SELECT {self._members(CUSTOMER)} AS item FROM ({self._customers(100)}) c ORDER BY c.id"
        return self._data("customers", self._nodes(rows))

    def _nested(self) -> str:
        below = f"""SELECT {self._members(SUBSCRIPTION)} AS item FROM subscriptions s
          WHERE s.customer_id = c.id AND {self._seen()} ORDER BY s.id LIMIT 5"""
        connection = self._inner_json(f"({self._nodes(below)})")
        rows = f"""SELECT {self._members(BRIEF, subscriptions=connection)} AS item
          FROM ({self._customers(20)}) c ORDER BY c.id"""
        return self._data("customers", self._nodes(rows))

    def _single(self) -> str:
        customer = f"""(SELECT {self._members(BRIEF, domain="c.domain")} FROM customers c
          WHERE c.id = s.customer_id AND {self._active("c.id")})"""
        row = f"""SELECT {self._members(SUBSCRIPTION, customer=self._inner_json(customer))}
          FROM subscriptions s WHERE s.id = {self._id} AND {self._seen()}"""
        return self._data("node", row)

    def _customers(self, first: int) -> str:
        return f"SELECT c.* FROM customers c WHERE {self._active('c.id')} ORDER BY c.id LIMIT {first}"

    def _active(self, customer: str) -> str:
        return ACTIVE.format(customer=customer, partner=self._partner)

    def _seen(self) -> str:
        return SEEN.format(partner=self._partner, active=self._active("s.customer_id"))

    def _members(self, columns: dict[str, str], **more: str) -> str:
        pairs = [f"'{name}', {text.format(time=self._time)}" for name, text in columns.items()]
        pairs += [f"'{name}', {text}" for name, text in more.items()]
        return f"{self._object}({', '.join(pairs)})"

    def _nodes(self, rows: str) -> str:
        items, nothing = self._inner_json("item"), self._inner_json("'[]'")
        array = f"coalesce({self._array}({items}), {nothing})"
        return f"SELECT {self._object}('nodes', {array}) FROM ({rows}) items"

    def _data(self, name: str, value: str) -> str:
        inner = f"{self._object}('{name}', {self._inner_json(f'({value})')})"
        return f"SELECT {self._object}('data', {self._inner_json(inner)}), NULL"


def json_by_hand(engine: Engine, partner_id: str) -> Starlette:
    """The handler as an application; it asks nobody who he is."""
    sql = Sql(engine.dialect.name)
    statements = {query: sql.of(query) for query in (PAGE, NESTED, SINGLE)}
    run = _postgresql(engine) if engine.dialect.name == "postgresql" else _sqlite(engine)

    async def respond(request: Request) -> Response:
        body = orjson.loads(await request.body())
        query = body["query"]
        if query == FLOOR:
            return Response(FLOOR_ANSWER, media_type="application/json")
        values = [partner_id]
        if query == SINGLE:
            values.append(body["variables"]["id"].removeprefix("subscription_"))
        return Response(await run(statements[query], values), media_type="application/json")

    return Starlette(routes=[Route("/graphql", respond, methods=["POST"])])


Run = Callable[[str, list[str]], Awaitable[Any]]


def _postgresql(engine: Engine) -> Run:
    pool = ConnectionPool(engine, ThreadPoolExecutor(CONNECTIONS), CONNECTIONS)

    async def run(statement: str, values: list[str]) -> Any:
        name = str(hash(statement)).encode()
        answer, _ = await pool.run(name, statement, lambda: [value.encode() for value in values], Deadline())
        return answer

    return run


def _sqlite(engine: Engine) -> Run:
    mine = threading.local()

    def execute(statement: str, values: list[str]) -> Any:
        connection: sqlite3.Connection | None = getattr(mine, "connection", None)
        if connection is None:
            connection = mine.connection = sqlite3.connect(str(engine.url.database))
        return connection.execute(statement, values).fetchone()[0]

    async def run(statement: str, values: list[str]) -> Any:
        return await run_in_threadpool(execute, statement, values)

    return run
