"""Transfers: two partners and a customer, each of whom sees and decides its own part."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import has, is_customer, is_partner
from tests.policy.oracle.world import Row, World

READERS = {"global_admin", "admin_agent", "sales_agent"}
ACCEPTED = {"in_progress", "completed", "completed_with_errors", "failed"}
ANSWERS, SIGNS = {Action.ACCEPT, Action.DECLINE}, {Action.CONSENT, Action.DECLINE}


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if row["initiated_by"] is None:  # imported history
        own = is_partner(who) and row["owner_id"] == who.tenant_id
        return own and action in {Action.READ_SUMMARY, Action.READ} and has(who, READERS)
    if is_customer(who):
        signs = action in {Action.READ_SUMMARY, Action.READ} or (_is_switch(row) and action in SIGNS)
        signs |= _is_requested(row) and action is Action.CANCEL
        return row["customer_id"] == who.tenant_id and signs and has(who, {"global_admin"})
    return is_partner(who) and (
        _as_source(who, action, row) or _as_target(world, who, action, row) or _as_reseller(who, action, row)
    )


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """Who cannot give or receive, and who changes nothing any more."""
    found = set()
    if action in {Action.ACCEPT, Action.CONSENT}:
        found |= {"ONLY_THROUGH_PROVIDER"} if who.type == "indirect_reseller" else set()  # R40
        found |= {"ADVISORS_SELL_NOTHING"} if who.type == "advisor" else set()
        if who.status == "restricted" and row["target_partner_id"] == who.tenant_id:  # R19
            found.add("RESTRICTED_PARTNER")
    if who.status == "inactive" and action in {*ANSWERS, *SIGNS, Action.CANCEL}:
        found.add("PARTNER_INACTIVE")
    return found


def _as_source(who: Principal, action: Action, row: Row) -> bool:
    """It sees everything; it answers what it was asked, and takes back what it offered."""
    if row["source_partner_id"] != who.tenant_id:
        return False
    if action in {Action.READ_SUMMARY, Action.READ}:
        return has(who, READERS)
    if _is_requested(row):  # R73
        return action in SIGNS and has(who, {"admin_agent"})
    asked = row["initiated_by"] == "target" and row["kind"] in {"azure_plan", "new_commerce"}
    if action in ANSWERS and asked and has(who, {"admin_agent"}):
        return True
    if action is Action.CANCEL and row["initiated_by"] == "source":
        return has(who, {"admin_agent"})
    return action in SIGNS and _is_switch(row) and has(who, {"global_admin"})


def _as_target(world: World, who: Principal, action: Action, row: Row) -> bool:
    """It sees the lines once they were given; it answers offers, and takes back requests."""
    if row["target_partner_id"] != who.tenant_id:
        return False
    offered = row["initiated_by"] == "source"
    if action in {Action.READ_SUMMARY, Action.READ}:
        told = action is Action.READ_SUMMARY or status(world, row) in ACCEPTED or _is_requested(row)
        return told and has(who, READERS)
    if _is_requested(row):  # R73
        return action in SIGNS and has(who, {"admin_agent"})
    if action is Action.CANCEL and not offered:
        return has(who, {"admin_agent"})
    provider = who.type == "indirect_provider" and offered and row["kind"] == "legacy"
    if action in ANSWERS and provider and has(who, {"admin_agent", "sales_agent"}):
        return True
    return action in SIGNS and _is_switch(row) and has(who, {"global_admin"})


def _as_reseller(who: Principal, action: Action, row: Row) -> bool:
    """R40: it is told that something comes to be credited to it."""
    credited = who.type == "indirect_reseller" and row["partner_of_record_id"] == who.tenant_id
    return credited and action is Action.READ_SUMMARY and not _is_requested(row) and has(who, READERS)


def _is_requested(row: Row) -> bool:
    """R73: by the customer."""
    return bool(row["initiated_by"] == "customer")


def _is_switch(row: Row) -> bool:
    return bool(row["kind"] == "manual_switch" and row["initiated_by"] == "source")


def status(world: World, row: Row) -> str:
    """The status in force: what nobody decided lapses at its `expires_at`."""
    lapses = row["expires_at"]
    if row["status"] == "pending" and lapses is not None and lapses <= world.now:
        return "expired"
    return str(row["status"])
