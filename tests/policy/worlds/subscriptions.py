"""Generated subscriptions."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.commerce import (
    BillingType,
    Channel,
    Commerce,
    Confirmation,
    RecordedBy,
    Sharing,
    SubscriptionStatus,
)
from multichannel.domain.vendor import VendorState, VendorTaskKind
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MARKETS, MOSTLY_PUBLIC, NOW, VERSIONED, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Two to seven, recorded by and for anybody."""
    return [_subscription(draw, number, tables) for number in range(draw(st.integers(2, 7)))]


def _subscription(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    somebody = st.sampled_from((None, *ids(tables, "Partner")))
    return {
        **VERSIONED,
        "id": guid(0xD, number),
        "owner_id": draw(st.sampled_from(ids(tables, "Partner", "Customer"))),
        "customer_id": draw(st.sampled_from(ids(tables, "Customer"))),
        "recorded_by": draw(st.sampled_from(RecordedBy)),
        "channel": draw(st.sampled_from((*[Channel.CSP] * 4, *Channel))),
        "billing_partner_id": draw(st.sampled_from((None, *ids(tables, "Partner") * 2))),
        "partner_of_record_id": draw(somebody),
        "support_contact_id": draw(somebody),
        "commerce": draw(st.sampled_from(Commerce)),
        "market": draw(st.sampled_from((None, *MARKETS))),
        "cloud": draw(MOSTLY_PUBLIC),
        "friendly_name": draw(st.sampled_from((None, "Seats", "seats"))),
        "quantity": draw(st.integers(0, 3)),
        "status": draw(st.sampled_from(SubscriptionStatus)),
        "billing_type": draw(st.sampled_from((*[BillingType.USAGE] * 2, *BillingType))),
        "billing_cycle": "monthly",
        "sharing": draw(st.sampled_from((*[Sharing.ALL_PARTNERS] * 2, Sharing.SELECTED, Sharing.NONE))),
        "confirmation": draw(st.sampled_from((None, *Confirmation, Confirmation.CONFIRMED))),
        "vendor_state": VendorState.TO_DO,
        "vendor_task": draw(st.sampled_from((None, VendorTaskKind.PURCHASE, VendorTaskKind.CANCEL))),
        "vendor_task_since": NOW,
        "is_trial": draw(st.sampled_from((None, *[False] * 4, True))),
    }
