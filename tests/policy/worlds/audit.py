"""Generated audit records."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.audit import AuditStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MOSTLY_PUBLIC, NOW, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """None to three, of any tenant."""
    return [_record(draw, number, tables) for number in range(draw(st.integers(0, 3)))]


def _record(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    return {
        "id": guid(0x6, number),
        "tenant_id": draw(st.sampled_from(ids(tables, "Partner", "Customer"))),
        "number": number + 1,
        "operation_date": NOW,
        "operation": "update_customer",
        "status": draw(st.sampled_from(AuditStatus)),
        "resource_type": draw(st.sampled_from(("Customer", "Subscription"))),
        "correlation_id": guid(0x5, number),
        "cloud": draw(MOSTLY_PUBLIC),
        "seal": f"{number:064}",
        "old_value": {},
        "new_value": {},
        "reasons": [],
    }
