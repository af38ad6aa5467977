"""Generated customer agreements."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.agreements import AgreementKind
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MOSTLY_PUBLIC, NOW, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """None to three, of either kind, with or without a partner."""
    return [_agreement(draw, number, tables) for number in range(draw(st.integers(0, 3)))]


def _agreement(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    return {
        "id": guid(0x7, number),
        "customer_id": draw(st.sampled_from(ids(tables, "Customer"))),
        "partner_id": draw(st.sampled_from((None, *ids(tables, "Partner")))),
        "kind": draw(st.sampled_from(AgreementKind)),
        "first_name": "First",
        "last_name": f"Last {number}",
        "email": "signer@meadow.example",
        "agreed_at": NOW,
        "cloud": draw(MOSTLY_PUBLIC),
        "created_at": NOW,
    }
