"""Generated reseller relationships."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.relationships import RelationshipStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import (
    AROUND_NOW,
    MARKETS,
    MOSTLY_PUBLIC,
    VERSIONED,
    Pair,
    guid,
    ids,
    partners_with_customers,
    some,
)

MOSTLY_ACTIVE = st.sampled_from((*[RelationshipStatus.ACTIVE] * 4, *RelationshipStatus))


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Up to seven, some of them with a partner attached."""
    partner_ids = ids(tables, "Partner")
    pairs = some(draw, partners_with_customers(tables), 7)
    return [_relationship(draw, *item, partner_ids) for item in enumerate(pairs)]


def _relationship(draw: st.DrawFn, number: int, pair: Pair, partner_ids: list[str]) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xE, number),
        "partner_id": pair[0],
        "customer_id": draw(st.sampled_from((pair[1], pair[1], pair[1], pair[1], None))),
        "addressed_to": pair[1],
        "associated_partner_id": draw(st.sampled_from((None, *partner_ids))),
        "is_extension": draw(st.booleans()),
        "status": draw(MOSTLY_ACTIVE),
        "expires_at": draw(AROUND_NOW),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(MOSTLY_PUBLIC),
    }
