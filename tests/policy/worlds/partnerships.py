"""Generated partnerships."""

from __future__ import annotations

from itertools import permutations

from hypothesis import strategies as st

from multichannel.domain.partnerships import PartnershipStatus
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MARKETS, MOSTLY_PUBLIC, VERSIONED, Pair, guid, ids, some


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """Up to four, between any two partners; first those whose types fit."""
    partners = {row["id"]: row for row in tables["Partner"]}
    between = sorted(
        permutations(ids(tables, "Partner"), 2),
        key=lambda pair: partners[pair[1]]["type"] not in {"indirect_reseller", "direct_bill"},
    )
    clouds = {row["id"]: row["cloud"] for row in partners.values()}
    return [_partnership(draw, *item, clouds) for item in enumerate(some(draw, between, 4))]


def _partnership(draw: st.DrawFn, number: int, pair: Pair, clouds: dict[str, str]) -> Row:
    return {
        **VERSIONED,
        "id": guid(0xF, number),
        "provider_id": pair[0],
        "reseller_id": draw(st.sampled_from((pair[1], pair[1], pair[1], None))),
        "addressed_to": pair[1],
        "status": draw(st.sampled_from(PartnershipStatus)),
        "market": draw(st.sampled_from(MARKETS)),
        "cloud": draw(st.one_of(st.just(clouds[pair[1]]), MOSTLY_PUBLIC)),
    }
