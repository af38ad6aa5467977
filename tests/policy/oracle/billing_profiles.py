"""Billing profiles."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import BILLERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, _action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if is_customer(who):
        return row["customer_id"] == who.tenant_id and has(who, {"global_admin"})
    return is_partner(who) and row["partner_id"] == who.tenant_id and has(who, BILLERS)


def reasons(_world: World, _who: Principal, _action: Action, _row: Row) -> set[str]:
    """No restriction of its own."""
    return set()
