"""Generated support cases."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.support_cases import SupportCaseParty, SupportCaseSeverity, SupportCaseStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MOSTLY_PUBLIC, VERSIONED, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """None to four, of any subscription, and handled by any partner or none."""
    return [_case(draw, number, tables) for number in range(draw(st.integers(0, 4)))]


def _case(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    subscription = draw(st.sampled_from(tables["Subscription"]))
    somebody = st.sampled_from((None, *ids(tables, "Partner") * 2))
    return {
        **VERSIONED,
        "id": guid(0x5, number),
        "subscription_id": subscription["id"],
        "customer_id": draw(st.sampled_from((subscription["customer_id"], *ids(tables, "Customer")))),
        "billing_partner_id": subscription["billing_partner_id"],
        "assigned_partner_id": draw(somebody),
        "opening_partner_id": draw(somebody),
        "opened_by": draw(st.sampled_from(SupportCaseParty)),
        "opened_by_name": "Somebody",
        "subject": draw(st.sampled_from(("No mail", "no mail"))),
        "severity": draw(st.sampled_from(SupportCaseSeverity)),
        "status": draw(st.sampled_from(SupportCaseStatus)),
        "comment_count": 0,
        "cloud": draw(MOSTLY_PUBLIC),
    }
