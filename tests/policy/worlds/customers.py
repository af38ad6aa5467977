"""Generated customers."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MARKETS, MOSTLY_PUBLIC, VERSIONED, guid


def rows(draw: st.DrawFn, _tables: Tables) -> list[Row]:
    """One to three."""
    return [_customer(draw, number) for number in range(draw(st.integers(1, 3)))]


def _customer(draw: st.DrawFn, number: int) -> Row:
    names = (None, "Elm", "elm", "Éclair", "")
    return {
        **VERSIONED,
        "id": guid(0xC, number),
        "company_name": draw(st.sampled_from(names)),
        "market": draw(st.sampled_from((None, *MARKETS))),
        "cloud": draw(MOSTLY_PUBLIC),
    }
