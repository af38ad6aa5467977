"""Customers."""

from __future__ import annotations

from dataclasses import replace

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import delegated_admin, relationships
from tests.policy.oracle.roles import (
    ATTESTERS,
    BULK_STARTERS,
    MANAGERS,
    SELLERS,
    USER_MANAGERS,
    has,
    is_customer,
)
from tests.policy.oracle.world import Row, World

CHANGES = {
    Action.UPDATE,
    Action.LINK,
    Action.CONFIRM_AGREEMENT,
    Action.RECORD_SUBSCRIPTION,
    Action.CREATE_SUBSCRIPTION,
}

BY_HOLDER = {Action.CONFIRM_AGREEMENT: ATTESTERS, Action.LINK: SELLERS}
"""SM6: the partner attests for itself; R54: the roles that create customers name the directory of one."""


OF_PEOPLE = {Action.ADD_USER: USER_MANAGERS, Action.START_BULK: BULK_STARTERS}
"""What people of a customer do in its own name; SM9."""
OF_CUSTOMER = {Action.SET_SHARING, Action.READ_ACCESS}
"""R63: sharing is the customer's; R65: and so is who has access."""


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if action is not Action.READ_OWN_ACCESS:
        return _may(world, who, action, row)
    managers = USER_MANAGERS & set(who.roles)  # R65: of what they see themselves
    return any(_may(world, replace(who, roles=(role,)), Action.READ_SUMMARY, row) for role in managers)


def _may(world: World, who: Principal, action: Action, row: Row) -> bool:
    if action in {Action.RECORD_SUBSCRIPTION, Action.CREATE_SUBSCRIPTION}:
        return _may_add_subscriptions(world, who, action, row)
    if action is Action.VERIFY_DOMAIN or (action in OF_CUSTOMER and not is_customer(who)):
        return False  # R58: no tenant vouches for its own domain
    own = is_customer(who) and row["id"] == who.tenant_id
    if action in OF_PEOPLE:  # with the roles that do so anywhere; R59
        is_delegated = action is Action.ADD_USER and delegated_admin.uses(
            world, who, "manage_users", row["id"]
        )
        return is_delegated or (own and has(who, OF_PEOPLE[action]))
    if is_customer(who):  # the profile is its own
        return own and action not in {Action.LINK, Action.LABEL} and has(who, {"global_admin"})
    holds = relationships.holds(world, who, row["id"])
    if action in BY_HOLDER:
        return holds and has(who, BY_HOLDER[action])
    attached = bool(relationships.attached_by(world, who, row["id"])) and action is not Action.UPDATE
    knew = holds or relationships.was_ended(world, who, row["id"])  # R62: the name stays
    namers = {*MANAGERS, "user_management_admin", "billing_admin"}
    named = action is Action.READ_SUMMARY and knew and has(who, namers)
    return named or ((holds or attached) and has(who, MANAGERS))


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """An inactive partner changes no customer; an application neither signs nor makes users."""
    found = set()
    if action in {*CHANGES, Action.ADD_USER} and who.status == "inactive":
        found.add("PARTNER_INACTIVE")
    if action in {Action.CONFIRM_AGREEMENT, Action.ADD_USER, Action.LINK} and who.auth_mode == "app":
        found.add("PERSON_REQUIRED")
    return found | (_against_selling(who, row) if action is Action.CREATE_SUBSCRIPTION else set())


def _may_add_subscriptions(world: World, who: Principal, action: Action, row: Row) -> bool:
    """R4: the customer tells what it has elsewhere, its partners take notes; R21, C4: they sell."""
    told = action is Action.RECORD_SUBSCRIPTION
    if is_customer(who):
        return told and row["id"] == who.tenant_id and has(who, {"global_admin"})
    roles = {"admin_agent", "sales_agent"} | ({"global_admin"} if told else set())
    return relationships.holds(world, who, row["id"]) and has(who, roles)


def _against_selling(who: Principal, row: Row) -> set[str]:
    """R12, R19, R22: who sells nothing, or not there."""
    told = {
        "RESTRICTED_PARTNER": who.status == "restricted",
        "RESELLERS_SELL_NOTHING": who.type == "indirect_reseller",
        "ADVISORS_SELL_NOTHING": who.type == "advisor",
        "DIFFERENT_MARKET": row["market"] != who.market,
    }
    return {code for code, hit in told.items() if hit}
