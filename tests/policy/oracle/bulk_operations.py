"""Bulk operations."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import BULK_STARTERS, has
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """SM9: one's own tenant's, by those who start them; the service alone runs them."""
    own = row["tenant_id"] == who.tenant_id and action is not Action.RUN_BULK
    return own and has(who, BULK_STARTERS)


def reasons(_world: World, who: Principal, action: Action, _row: Row) -> set[str]:
    """Who has left the programme changes nothing."""
    is_change = action is Action.CANCEL
    return {"PARTNER_INACTIVE"} if is_change and who.status == "inactive" else set()
