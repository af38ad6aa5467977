"""Partners."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import relationships, requests
from tests.policy.oracle.roles import (
    BULK_STARTERS,
    EVERY_ROLE,
    SELLERS,
    USER_MANAGERS,
    has,
    is_customer,
    is_partner,
)
from tests.policy.oracle.world import Row, World

OF_OWN = {
    Action.REQUEST_TRANSFER: {"admin_agent"},
    Action.CREATE_CUSTOMER: SELLERS,
    Action.ADD_USER: USER_MANAGERS,
    Action.START_BULK: BULK_STARTERS,
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
    if action is Action.READ_SUPPORT_OPTIONS or (action is Action.READ_SUMMARY and is_customer(who)):  # R71
        return _is_served(world, who, row)
    if action is not Action.READ_SUMMARY:  # R66
        asked = action is Action.READ and has(who, {"global_admin"})
        return asked and _is_asked(world, who, row)
    linked = any(_introduces(link, row["id"], who.tenant_id) for link in world.rows("Partnership"))
    known = linked or _has_attached(world, who, row["id"])
    return is_partner(who) and known and has(who, EVERY_ROLE - {"account_admin"})


def _has_attached(world: World, who: Principal, reseller_id: str) -> bool:
    """R24: whether a provider has attached the reseller to a customer of its own."""
    return who.type == "indirect_provider" and any(
        (each["partner_id"], each["associated_partner_id"]) == (who.tenant_id, reseller_id)
        and relationships.status(world, each) == "active"
        for each in world.rows("ResellerRelationship")
    )


def _is_served(world: World, who: Principal, row: Row) -> bool:
    """Whether `who` is a global admin of a customer that the partner serves or has asked."""
    return is_customer(who) and _serves(world, who.tenant_id, row["id"]) and has(who, {"global_admin"})


def _is_asked(world: World, who: Principal, row: Row) -> bool:
    """R66: by a request or invitation that is open or accepted."""
    if is_customer(who):
        return any(
            (each["partner_id"], each["customer_id"]) == (row["id"], who.tenant_id)
            and relationships.status(world, each) in {"requested", "active"}
            for each in world.rows("ResellerRelationship")
        )
    return is_partner(who) and any(
        (each["provider_id"], each["reseller_id"]) == (row["id"], who.tenant_id)
        and each["status"] in {"invited", "active"}
        for each in world.rows("Partnership")
    )


def _serves(world: World, customer_id: str, partner_id: str) -> bool:
    """R65: whoever has asked the customer, is attached to it, credited, or named for support."""
    links = [each for each in world.rows("ResellerRelationship") if each["customer_id"] == customer_id]
    sold = [each for each in world.rows("Subscription") if each["customer_id"] == customer_id]
    linked = {each[name] for each in links for name in ("partner_id", "associated_partner_id")}
    named = {each[name] for each in sold for name in ("partner_of_record_id", "support_contact_id")}
    return partner_id in linked | named


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
