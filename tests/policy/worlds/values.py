"""What the columns of several nouns are drawn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from multichannel.domain.tenants import Cloud
from tests.policy.oracle.world import Tables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARKETS = ("US", "US", "US", "GB", "CA")
MOSTLY_PUBLIC = st.sampled_from((*[Cloud.PUBLIC] * 5, Cloud.US_GOVERNMENT))
AROUND_NOW = st.sampled_from((None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=1)))
TIMES = {"created_at": NOW, "updated_at": NOW}
VERSIONED = {**TIMES, "version": 1}

Pair = tuple[str, str]


def guid(kind: int, number: int) -> str:
    """A GUID that says what it names; small numbers make failures readable."""
    return str(UUID(int=(kind << 64) + number + 1))


def ids(tables: Tables, *resources: str) -> list[str]:
    """The ids of all rows of these resources, in the order in which they are named."""
    return [row["id"] for resource in resources for row in tables[resource]]


def partners_with_customers(tables: Tables) -> list[Pair]:
    """The ids of every partner with every customer."""
    return [(partner, customer) for partner in ids(tables, "Partner") for customer in ids(tables, "Customer")]


def some(draw: st.DrawFn, items: list[Pair], most: int) -> list[Pair]:
    """About two of three, so that links are neither all there nor hardly any."""
    chosen = [item for item in items if draw(st.integers(0, 2))]
    return chosen[:most]
