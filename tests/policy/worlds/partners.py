"""Generated partners."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.tenants import PartnerStatus, PartnerType
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MARKETS, MOSTLY_PUBLIC, NOW, guid


def rows(draw: st.DrawFn, _tables: Tables) -> list[Row]:
    """Two to four, of any type and status."""
    return [_partner(draw, number) for number in range(draw(st.integers(2, 4)))]


def _partner(draw: st.DrawFn, number: int) -> Row:
    return {
        "id": guid(0xA, number),
        "name": f"Partner {number}",
        "type": draw(st.sampled_from(PartnerType)),
        "status": draw(st.sampled_from((*[PartnerStatus.ACTIVE] * 3, *PartnerStatus))),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
        "partner_number": None,
        "created_at": NOW,
    }
