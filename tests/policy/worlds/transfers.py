"""Generated transfers."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.transfers import Initiator, TransferKind, TransferStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import AROUND_NOW, MARKETS, MOSTLY_PUBLIC, VERSIONED, guid, ids

STRANGER = guid(0x7, 0)
"""A tenant this service does not know: parties may be anybody."""
STATUSES = st.sampled_from((*[TransferStatus.PENDING] * 3, *TransferStatus))


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Up to six, between anybody, begun by either side or imported."""
    return [_transfer(draw, number, tables) for number in range(draw(st.integers(1, 6)))]


def _transfer(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    partners = ids(tables, "Partner")
    somebody = st.sampled_from((*partners, *partners, STRANGER))
    return {
        **VERSIONED,
        "id": guid(0x6, number),
        "owner_id": draw(st.sampled_from(partners)),
        "kind": draw(st.sampled_from(TransferKind)),
        "initiated_by": draw(st.sampled_from((*Initiator, *Initiator, None))),
        "source_partner_id": draw(somebody),
        "target_partner_id": draw(somebody),
        "customer_id": draw(st.sampled_from((*ids(tables, "Customer"), STRANGER))),
        "partner_of_record_id": draw(st.sampled_from((None, *partners))),
        "status": draw(STATUSES),
        "expires_at": draw(AROUND_NOW),
        "target_product_types": [],
        "market": draw(st.sampled_from((None, *MARKETS))),
        "cloud": draw(MOSTLY_PUBLIC),
    }
