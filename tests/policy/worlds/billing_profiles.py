"""Generated billing profiles."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MOSTLY_PUBLIC, VERSIONED, Pair, guid, partners_with_customers, some


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Up to three, whether or not the partner has a relationship with the customer."""
    pairs = some(draw, partners_with_customers(tables), 3)
    return [_billing_profile(draw, *item) for item in enumerate(pairs)]


def _billing_profile(draw: st.DrawFn, number: int, pair: Pair) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xB, number),
        "partner_id": pair[0],
        "customer_id": pair[1],
        "cloud": draw(MOSTLY_PUBLIC),
    }
