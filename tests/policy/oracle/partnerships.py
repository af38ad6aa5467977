"""Partnerships of providers and resellers."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import PARTNERSHIP_MANAGERS, has
from tests.policy.oracle.world import Row, World


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    provider = who.type == "indirect_provider" and row["provider_id"] == who.tenant_id
    reseller = who.type in {"indirect_reseller", "direct_bill"} and row["reseller_id"] == who.tenant_id
    if action is Action.ACCEPT:
        return reseller and has(who, {"global_admin"})
    if action is Action.REDEEM:  # R57: that takes a code, and no tenant has one
        return False
    if action in {Action.REMOVE, Action.INVITE}:
        return provider and has(who, PARTNERSHIP_MANAGERS)
    return (provider or reseller) and has(who, PARTNERSHIP_MANAGERS)


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """D2I, R50, and who has left the programme."""
    found = set()
    if action in {Action.ACCEPT, Action.REMOVE, Action.INVITE} and who.status == "inactive":
        found.add("PARTNER_INACTIVE")
    if action is Action.ACCEPT:
        found |= {"SELLS_DIRECTLY"} if (who.type, who.status) == ("direct_bill", "active") else set()
        found |= {"NO_INDIRECT_MODEL"} if row["cloud"] == "us_government" else set()
    return found
