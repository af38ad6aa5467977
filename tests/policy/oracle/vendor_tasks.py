"""What is to do in the vendor's portal."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import VIEWERS, has, is_partner
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, _action: Action, row: Row) -> bool:
    """It is the seller's work, and seen by those who see what it sells."""
    return is_partner(who) and row["partner_id"] == who.tenant_id and has(who, VIEWERS)


def reasons(_world: World, _who: Principal, _action: Action, _row: Row) -> set[str]:
    """No restriction of its own."""
    return set()
