"""Generated bulk operations."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.bulk_operations import BulkOperationStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import AROUND_NOW, MOSTLY_PUBLIC, VERSIONED, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """None to two, of any tenant, if there are users."""
    most = 2 if tables["User"] else 0
    return [_operation(draw, number, tables) for number in range(draw(st.integers(0, most)))]


def _operation(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xC, number),
        "tenant_id": draw(st.sampled_from(ids(tables, "Partner", "Customer"))),
        "user_id": draw(st.sampled_from(ids(tables, "User"))),
        "auth_mode": "app_user",
        "mutation": draw(st.sampled_from(("labelCustomer", "cancelSubscription"))),
        "status": draw(st.sampled_from(BulkOperationStatus)),
        "item_count": 1,
        "leased_until": draw(AROUND_NOW),
        "cloud": draw(MOSTLY_PUBLIC),
    }
