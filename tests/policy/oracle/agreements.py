"""Customer agreements."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import relationships
from tests.policy.oracle.roles import AGREEMENT_HANDLERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if is_customer(who):
        return row["customer_id"] == who.tenant_id and has(who, {"global_admin"})
    if not is_partner(who) or not has(who, AGREEMENT_HANDLERS):
        return False
    if row["partner_id"] == who.tenant_id:
        return True
    # SM6: the customer's own signature holds with all it works with; who signed is its own business
    signed = row["kind"] == "direct" and relationships.holds(world, who, row["customer_id"])
    return signed and action is Action.READ_SUMMARY


def reasons(_world: World, _who: Principal, _action: Action, _row: Row) -> set[str]:
    """No restriction of its own."""
    return set()
