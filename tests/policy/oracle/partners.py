"""Partners."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import requests
from tests.policy.oracle.roles import EVERY_ROLE, SELLERS, USER_MANAGERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World

OF_OWN = {
    Action.REQUEST_TRANSFER: {"admin_agent"},
    Action.CREATE_CUSTOMER: SELLERS,
    Action.ADD_USER: USER_MANAGERS,
}
"""What is done in one's own partner's name, and by whom."""


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if action in OF_OWN:
        return is_partner(who) and row["id"] == who.tenant_id and has(who, OF_OWN[action])
    if action in requests.ASKED_BY:
        return requests.may(who, action, row)
    if is_partner(who) and row["id"] == who.tenant_id:
        return action in {Action.READ_SUMMARY, Action.READ} and has(who, EVERY_ROLE)
    if action is not Action.READ_SUMMARY:
        return False
    if is_customer(who):
        introduced = (
            link["partner_id"] == row["id"] and link["customer_id"] == who.tenant_id
            for link in world.rows("ResellerRelationship")
        )
        return any(introduced) and has(who, {"global_admin"})
    linked = (_introduces(link, row["id"], who.tenant_id) for link in world.rows("Partnership"))
    return is_partner(who) and any(linked) and has(who, EVERY_ROLE - {"account_admin"})


def _introduces(link: Row, shown: str, to: str) -> bool:
    """SM3: a provider by inviting, a reseller only by consenting."""
    if (link["provider_id"], link["reseller_id"]) == (shown, to):
        return link["status"] in {"invited", "active"}
    return (link["provider_id"], link["reseller_id"], link["status"]) == (to, shown, "active")


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """Who may not create customers, by type (R22) and status (R19); applications make no users."""
    if action in requests.ASKED_BY:
        return requests.reasons(who, action, row)
    found = set()
    if action is Action.ADD_USER and is_partner(who) and who.auth_mode == "app":
        found.add("PERSON_REQUIRED")
    if action is Action.CREATE_CUSTOMER:
        found |= {"RESTRICTED_PARTNER"} if who.status == "restricted" else set()
        found |= {"PARTNER_INACTIVE"} if who.status == "inactive" else set()
        if who.type in {"indirect_reseller", "advisor"}:
            found.add("PARTNER_TYPE_CREATES_NO_CUSTOMERS")
    if action is Action.REQUEST_TRANSFER:
        found |= _no_target(who)
    return found


def _no_target(who: Principal) -> set[str]:
    """Second axis: restricted (R19), inactive, reseller (R40), Advisor."""
    words = {
        "restricted": "RESTRICTED_PARTNER",
        "inactive": "PARTNER_INACTIVE",
        "indirect_reseller": "ONLY_THROUGH_PROVIDER",
        "advisor": "ADVISORS_SELL_NOTHING",
    }
    return {words[word] for word in (who.status, who.type) if word in words}
