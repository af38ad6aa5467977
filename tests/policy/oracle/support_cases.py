"""Support cases."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import relationships, subscriptions
from tests.policy.oracle.roles import CASE_HANDLERS, MANAGERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World

CHANGES = {Action.COMMENT, Action.ASSIGN, Action.RESOLVE, Action.REOPEN, Action.CLOSE}


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if is_customer(who):
        return row["customer_id"] == who.tenant_id and has(who, CASE_HANDLERS)
    subscription = next(one for one in world.rows("Subscription") if one["id"] == row["subscription_id"])
    part = subscriptions.standings(world, who, subscription)
    works = "billing_partner" in part or _handles(world, who, row)
    if action in CHANGES:
        return works and has(who, CASE_HANDLERS)
    # R70: a support contact reads what there is about its subscription
    return (works or subscriptions.supports(world, who, subscription)) and has(who, MANAGERS)


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """Who has left the programme changes nothing; SM8: a customer's case is closed by the customer."""
    found = set()
    if action in CHANGES and who.status == "inactive":
        found.add("PARTNER_INACTIVE")
    if action is Action.CLOSE and is_partner(who) and row["opened_by"] == "customer":
        found.add("CUSTOMER_CLOSES")
    return found


def _handles(world: World, who: Principal, row: Row) -> bool:
    """R69; R15: of a customer that it has left, a partner still has what is not closed; R62 takes it away."""
    if not is_partner(who) or row["assigned_partner_id"] != who.tenant_id:
        return False
    found = relationships.served(world, who, row["customer_id"])
    return "active" in found or ("removed" in found and row["status"] != "closed")
