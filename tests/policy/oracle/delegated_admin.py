"""Grants of delegated admin (SM7), and what they let a partner's people do."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.requests import ASKED_BY
from tests.policy.oracle.roles import MANAGERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World

READS = {Action.READ_SUMMARY, Action.READ}
OF_BOTH = {Action.REDUCE, Action.TERMINATE}
OF_CUSTOMER = {Action.APPROVE, Action.DECLINE, Action.SET_AUTO_EXTEND, *OF_BOTH}


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """The customer decides; either side takes rights away; the partner's people know what they may do."""
    if is_customer(who):
        own = row["customer_id"] == who.tenant_id and has(who, {"global_admin"})
        return own and action in {*READS, *OF_CUSTOMER}
    if not is_partner(who) or row["partner_id"] != who.tenant_id:
        return False
    if action in OF_BOTH:
        return has(who, ASKED_BY[Action.REQUEST_DELEGATED_ADMIN])
    named = action is Action.READ_SUMMARY and has(who, {"user_management_admin"})
    return named or (action in READS and has(who, MANAGERS))


def reasons(_world: World, who: Principal, action: Action, _row: Row) -> set[str]:
    """By status of the partner, and whether a person asks."""
    found = set()
    if action in OF_CUSTOMER and who.status == "inactive":
        found.add("PARTNER_INACTIVE")
    if action in OF_BOTH and is_partner(who) and who.auth_mode == "app":
        found.add("PERSON_REQUIRED")
    return found


DELEGATES = {
    "support": {"admin_agent", "helpdesk_agent"},
    "manage_subscriptions": {"admin_agent"},
    "manage_users": {"admin_agent"},
    "read_directory": {"admin_agent"},
}
"""R59, SM7: the partner's people who use each right."""


def uses(world: World, who: Principal, right: str, customer_id: str | None) -> bool:
    """R59: the customer has given the partner the right, and `who` is among those who use it."""
    return (
        is_partner(who)
        and has(who, DELEGATES[right])
        and any(
            row["customer_id"] == customer_id
            and row["partner_id"] == who.tenant_id
            and row[right]
            and status(world, row) == "active"
            for row in world.rows("DelegatedAdminGrant")
        )
    )


def status(world: World, grant: Row) -> str:
    """The status in force: requests and grants lapse at their `expires_at`."""
    lapses = grant["expires_at"]
    if grant["status"] in {"pending", "active"} and lapses is not None and lapses <= world.now:
        return "expired"
    return str(grant["status"])
