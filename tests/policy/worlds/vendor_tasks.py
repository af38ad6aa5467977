"""What is to do at the vendor: it follows from the subscriptions, so that nothing is drawn."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.policy.oracle.world import Row, Tables


def rows(_draw: st.DrawFn, tables: Tables) -> list[Row]:
    """One for each subscription with something to do."""
    return [_task(row) for row in tables["Subscription"] if row["vendor_task"] is not None]


def _task(row: Row) -> Row:
    return {
        "id": row["id"],
        "partner_id": row["owner_id"],
        "customer_id": row["customer_id"],
        "kind": row["vendor_task"],
        "state": row["vendor_state"],
        "since": row["vendor_task_since"],
        "cloud": row["cloud"],
    }
