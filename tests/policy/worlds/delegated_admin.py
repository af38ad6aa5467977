"""Generated grants of delegated admin."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus, DelegatedRight
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import AROUND_NOW, MOSTLY_PUBLIC, VERSIONED, guid

MOSTLY_ACTIVE = st.sampled_from((*[DelegatedAdminStatus.ACTIVE] * 4, *DelegatedAdminStatus))
MOSTLY_GIVEN = st.sampled_from((True, True, False))


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """One for about two of three relationships, not always of its own partner and customer."""
    chosen = [row for row in tables["ResellerRelationship"] if draw(st.integers(0, 2))]
    return [_grant(draw, number, row) for number, row in enumerate(chosen)]


def _grant(draw: st.DrawFn, number: int, relationship: Row) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xD, number),
        "relationship_id": relationship["id"],
        "partner_id": relationship["partner_id"],
        "customer_id": draw(st.sampled_from((relationship["addressed_to"], relationship["customer_id"]))),
        "requested_with_relationship": draw(st.booleans()),
        **{str(right): draw(MOSTLY_GIVEN) for right in DelegatedRight},
        "duration_days": 365,
        "auto_extend": False,
        "status": draw(MOSTLY_ACTIVE),
        "expires_at": draw(AROUND_NOW),
        "cloud": draw(MOSTLY_PUBLIC),
    }
