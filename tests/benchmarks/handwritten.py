"""The limit: what a handler written by hand costs that runs the same SQL and encodes the same answer.

It knows neither schema nor caller: its SQL and parameters are what the product ran for the question, its
shape of the answer is fixed. For measuring only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Engine

from multichannel.domain.base import utc_text

Statement = tuple[str, Any]
"""SQL as the driver takes it, and its parameters."""

BEGIN = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}


@dataclass(frozen=True, slots=True)
class Limit:
    """Answers one question over and over."""

    name: str
    statements: Sequence[Statement]

    def answer(self, connection: Any, begin: str) -> bytes:
        """The answer, in one transaction of the driver's own connection."""
        cursor = connection.cursor()
        cursor.execute(begin)
        try:
            found = [
                cursor.execute(statement, parameters).fetchall() for statement, parameters in self.statements
            ]
        finally:
            cursor.execute("ROLLBACK")
        return orjson.dumps({"data": {"customers": SHAPES[self.name](*found)}})


def driver_connection(engine: Engine) -> Any:
    """A connection of the driver, in its own hands: no pool and no SQLAlchemy afterwards."""
    connection = engine.raw_connection().driver_connection
    if engine.dialect.name == "postgresql":
        connection.autocommit = True  # type: ignore[union-attr]
    return connection


def _page(rows: list[Any]) -> dict[str, Any]:
    return {"nodes": [_customer(row) for row in rows[:100]]}


def _counted_page(count: list[Any], rows: list[Any]) -> dict[str, Any]:
    return {"totalCount": count[0][0], **_page(rows)}


def _customer(row: Any) -> dict[str, Any]:
    row_id, _, city, cloud, name, country, created_at, domain, email, market, qualification = row
    return {
        "id": f"customer_{row_id}",
        "companyName": name,
        "domain": domain,
        "market": market,
        "cloud": cloud.upper(),
        "qualification": qualification.upper(),
        "email": email,
        "city": city,
        "country": country,
        "createdAt": utc_text(created_at.astimezone(UTC)) if isinstance(created_at, datetime) else created_at,
    }


def _nested(rows: list[Any], subscriptions: list[Any]) -> dict[str, Any]:
    below = _by_customer(subscriptions)
    return {
        "nodes": [
            {
                "id": f"customer_{row[0]}",
                "companyName": row[1],
                "subscriptions": {"nodes": below.get(row[0], [])},
            }
            for row in rows[:20]
        ]
    }


def _counted_nested(
    count: list[Any], rows: list[Any], counts: list[Any], subscriptions: list[Any]
) -> dict[str, Any]:
    counted, below = dict(counts), _by_customer(subscriptions)
    return {
        "totalCount": count[0][0],
        "nodes": [
            {
                "id": f"customer_{row[0]}",
                "companyName": row[1],
                "subscriptions": {"totalCount": counted.get(row[0], 0), "nodes": below.get(row[0], [])},
            }
            for row in rows[:20]
        ],
    }


def _by_customer(rows: list[Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row_id, channel, friendly_name, offer_name, quantity, status, customer_id, rank in rows:
        if rank <= 5:
            found.setdefault(customer_id, []).append(
                {
                    "id": f"subscription_{row_id}",
                    "friendlyName": friendly_name,
                    "offerName": offer_name,
                    "status": status.upper(),
                    "channel": channel.upper(),
                    "quantity": quantity,
                }
            )
    return found


SHAPES: dict[str, Callable[..., dict[str, Any]]] = {
    "page of 100": _page,
    "page of 100, counted": _counted_page,
    "20 with 5 each": _nested,
    "20 with 5 each, counted": _counted_nested,
}
