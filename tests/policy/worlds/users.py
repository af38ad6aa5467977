"""Generated users."""

from __future__ import annotations

from hypothesis import strategies as st

from multichannel.domain.users import UserState
from tests.policy.oracle.world import Row, Tables
from tests.policy.worlds.values import MOSTLY_PUBLIC, VERSIONED, guid, ids


def rows(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """None to three, of any tenant."""
    return [_user(draw, number, tables) for number in range(draw(st.integers(0, 3)))]


def _user(draw: st.DrawFn, number: int, tables: Tables) -> Row:
    return {
        **VERSIONED,
        "id": guid(0x9, number),
        "tenant_id": draw(st.sampled_from(ids(tables, "Partner", "Customer"))),
        "object_id": guid(0x8, number),
        "display_name": f"User {number}",
        "state": draw(st.sampled_from(UserState)),
        "cloud": draw(MOSTLY_PUBLIC),
    }


def global_admins(draw: st.DrawFn, tables: Tables) -> list[Row]:
    """The users that are global admins: about one of three."""
    chosen = [row for row in tables["User"] if draw(st.integers(0, 2)) == 0]
    return [{"user_id": row["id"], "role": "global_admin", "tenant_id": row["tenant_id"]} for row in chosen]
