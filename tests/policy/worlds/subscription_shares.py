"""Generated shares of what customers recorded."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import guid


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Each subscription with about half of the partners."""
    pairs = [(each, partner["id"]) for each in tables["Subscription"] for partner in tables["Partner"]]
    return [
        {
            "id": guid(0x5, number),
            "subscription_id": subscription["id"],
            "customer_id": subscription["customer_id"],
            "partner_id": partner_id,
        }
        for number, (subscription, partner_id) in enumerate(pairs)
        if draw(st.booleans())
    ]
