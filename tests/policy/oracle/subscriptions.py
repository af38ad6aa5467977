"""Subscriptions."""

from __future__ import annotations

from dataclasses import replace

from multichannel.policy.schema.vocabulary import READS, Action, Principal
from tests.policy.oracle import delegated_admin, relationships
from tests.policy.oracle.roles import (
    BILLERS,
    CASE_HANDLERS,
    USER_MANAGERS,
    VIEWERS,
    has,
    is_customer,
    is_partner,
)
from tests.policy.oracle.world import Row, World

BUYERS = {"admin_agent", "sales_agent"}
"""C4: buying is for admin and sales agents."""
STOPPERS = {"global_admin", *BUYERS}
"""Role matrix, "suspend / cancel / reactivate", with C4."""
SELLERS: dict[Action, set[str]] = {
    Action.UPDATE: {*STOPPERS, "user_management_admin", "helpdesk_agent"},
    Action.SUSPEND: STOPPERS,
    Action.REACTIVATE: STOPPERS,
    Action.CANCEL: STOPPERS,
    Action.ASSIGN_SUPPORT_CONTACT: {"global_admin", "admin_agent", "helpdesk_agent"},
    Action.ASSIGN_PARTNER_OF_RECORD: BUYERS,
    Action.RELEASE: {"admin_agent"},
    Action.LINK: STOPPERS,
    Action.COMPLETE_VENDOR_TASK: STOPPERS,
}
"""Role matrix and C3: what each role of the partner that bills it may do."""
KEEPING = {Action.UPDATE, Action.CANCEL, Action.CANCEL_SERVICE, Action.ASSIGN_SUPPORT_CONTACT}
"""What is done to a record of another channel by whoever keeps it."""
ANSWERS = {Action.CONFIRM, Action.DISPUTE}
"""What a customer does about a record of a partner."""
DELEGATED = KEEPING - {Action.ASSIGN_SUPPORT_CONTACT}
"""R59: what the right to manage subscriptions lets a partner do."""
COMMERCE = {
    Action.UPDATE,
    Action.SUSPEND,
    Action.REACTIVATE,
    Action.CANCEL,
    Action.CANCEL_SERVICE,
    Action.RELEASE,
    Action.LINK,
    Action.COMPLETE_VENDOR_TASK,
}
CHANGES = {
    *COMMERCE,
    Action.MOVE_TO_CSP,
    Action.ASSIGN_SUPPORT_CONTACT,
    Action.ASSIGN_PARTNER_OF_RECORD,
    Action.OPEN_SUPPORT_CASE,
}
SUPPORTING = {Action.ASSIGN_SUPPORT_CONTACT, Action.OPEN_SUPPORT_CASE}


def may(world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if action is Action.READ_ACCESS:  # R65
        return is_customer(who) and _may_read(world, who, Action.READ, row)
    if action is Action.LABEL:  # a partner's own notes on what it reads
        return not is_customer(who) and _may_read(world, who, Action.READ, row)
    if action is Action.READ_OWN_ACCESS:
        managers = [replace(who, roles=(role,)) for role in USER_MANAGERS & set(who.roles)]
        return any(_may_read(world, each, Action.READ_SUMMARY, row) for each in managers)
    return _may_read(world, who, action, row) if action in READS else _may_change(world, who, action, row)


def _may_change(world: World, who: Principal, action: Action, row: Row) -> bool:
    if is_customer(who):
        return _may_as_customer(who, action, row)
    part = standings(world, who, row)
    if action is Action.OPEN_SUPPORT_CASE:  # R69; R59
        supporting = bool(part & {"billing_partner", "attached_reseller", "support_contact"})
        return (supporting and has(who, CASE_HANDLERS)) or _delegated(world, who, row, "support")
    delegated = action in DELEGATED and _delegated(world, who, row, "manage_subscriptions")  # R59
    if delegated or ("billing_partner" in part and has(who, SELLERS.get(action, set()))):
        return True
    if action is Action.MOVE_TO_CSP:  # R5; C4: a purchase
        return bool(part & {"relationship_holder", "recorder"}) and has(who, BUYERS)
    noted = "recorder" in part and action in KEEPING - {Action.ASSIGN_SUPPORT_CONTACT}
    return noted and has(who, BUYERS | {"global_admin"})


def _may_as_customer(who: Principal, action: Action, row: Row) -> bool:
    """R5: its own records; R69, R70: who supports what it has, whoever sold it."""
    if row["customer_id"] != who.tenant_id:
        return False
    if action is Action.OPEN_SUPPORT_CASE:
        return has(who, CASE_HANDLERS)
    by_customer = row["recorded_by"] == "customer"  # R63, R67: it shares its own, and answers the others
    elsewhere = {*KEEPING, Action.SET_SHARING} if by_customer else ANSWERS
    own = row["channel"] != "csp" and action in elsewhere
    anything = {Action.ASSIGN_SUPPORT_CONTACT, Action.REQUEST_SWITCH}  # R73
    return (own or action in anything) and has(who, {"global_admin"})


def _may_read(world: World, who: Principal, action: Action, row: Row) -> bool:
    if is_customer(who):
        readers = CASE_HANDLERS if action is Action.READ_SUMMARY else {"global_admin"}
        return row["customer_id"] == who.tenant_id and has(who, readers)
    part = standings(world, who, row)
    if action is Action.READ_BILLING:
        return "billing_partner" in part and has(who, BILLERS)
    delegated = any(_delegated(world, who, row, right) for right in ("support", "manage_subscriptions"))
    read = delegated or (bool(part - {"partner_of_record"}) and has(who, VIEWERS))
    if action is Action.READ:
        return read
    named = part & {"billing_partner", "relationship_holder"}
    credited = "partner_of_record" in part and has(who, VIEWERS)
    return read or credited or (bool(named) and has(who, {"user_management_admin"}))


def _delegated(world: World, who: Principal, row: Row, right: str) -> bool:
    """R59, R63: of what the customer itself recorded as bought elsewhere, and shares (C1: in every cloud)."""
    recorded = row["channel"] != "csp" and row["recorded_by"] == "customer" and _shared(world, who, row)
    return recorded and delegated_admin.uses(world, who, right, row["customer_id"])


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """What a partner recorded for itself is no other's to see; and what takes away what is granted."""
    found = set()
    if is_partner(who) and _private(row) and row["owner_id"] != who.tenant_id:
        found.add("PRIVATE_RECORD")
    if is_customer(who) and _private(row) and action in SUPPORTING:  # R67
        found.add("PRIVATE_RECORD")
    if who.status == "inactive" and action in CHANGES:
        found.add("PARTNER_INACTIVE")
    if who.type == "indirect_reseller" and row["channel"] == "csp" and action in COMMERCE:  # R22, R40
        found.add("RESELLERS_SELL_NOTHING")
    if action is Action.MOVE_TO_CSP:
        found |= _against_moving(who, row)
    if action is Action.RELEASE:
        found |= _against_release(who, row)
    if action is Action.ASSIGN_PARTNER_OF_RECORD and who.type != "indirect_provider":  # R25
        found.add("ONLY_PROVIDERS_CREDIT_RESELLERS")
    if action is Action.ASSIGN_SUPPORT_CONTACT and who.auth_mode == "app":
        found.add("PERSON_REQUIRED")
    return found


def _against_moving(who: Principal, row: Row) -> set[str]:
    """R2, R3, R5, R7, R8, R12, R19, R22: what cannot be recreated in CSP, and who cannot do it."""
    told = {
        "ALREADY_CSP": row["channel"] == "csp",
        "CONFIRMATION_REQUIRED": _private(row) and row["confirmation"] != "confirmed",  # R67
        "SOLD_BY_SYNDICATION": row["channel"] == "syndication",
        "ONLY_USAGE_IS_RECREATED": row["billing_type"] != "usage",
        "DIFFERENT_MARKET": row["market"] != who.market,
        "RESTRICTED_PARTNER": who.status == "restricted",
        "RESELLERS_SELL_NOTHING": who.type == "indirect_reseller",
        "ADVISORS_SELL_NOTHING": who.type == "advisor",
    }
    return {code for code, hit in told.items() if hit}


def _against_release(who: Principal, row: Row) -> set[str]:
    """R3, with the one way out of SM4b for direct-bill partners; R35."""
    legacy = row["channel"] == "csp" and row["commerce"] == "legacy" and row["billing_type"] == "license"
    stays = {"LICENSE_BASED_STAYS_WITH_PARTNER"} if legacy and who.type != "direct_bill" else set()
    return stays | ({"TRIALS_STAY"} if row["is_trial"] else set())


def standings(world: World, who: Principal, row: Row) -> set[str]:
    """What a partner is to a subscription; of what another CSP partner sells, it must be made part."""
    if not is_partner(who):
        return set()
    me, csp = who.tenant_id, row["channel"] == "csp"
    private = _private(row)
    found = set()
    kept = relationships.keeps_records(world, who, row["customer_id"])  # R62
    if csp and row["billing_partner_id"] == me and (kept or not _ended(world, row)):
        found.add("billing_partner")
    if csp and row["billing_partner_id"] in relationships.attached_by(world, who, row["customer_id"]):
        found.add("attached_reseller")
    if csp and row["partner_of_record_id"] == me and who.type == "indirect_reseller":  # R25
        found.add("partner_of_record")
    if not private and supports(world, who, row):
        found.add("support_contact")
    held = relationships.holds(world, who, row["customer_id"]) and _shared(world, who, row)
    if not csp and not private and held:
        found.add("relationship_holder")  # R4, C1: in every cloud
    if private and row["owner_id"] == me and kept:
        found.add("recorder")
    unbilled = row["recorded_by"] == "partner" and row["billing_partner_id"] is None
    if csp and unbilled and row["owner_id"] == me and who.type == "indirect_reseller":
        found.add("recorder")  # what a reseller's own export holds
    return found


def _shared(world: World, who: Principal, row: Row) -> bool:
    """R63: the customer says who reads what it recorded."""
    shares = ((each["subscription_id"], each["partner_id"]) for each in world.rows("SubscriptionShare"))
    chosen = row["sharing"] == "selected" and (row["id"], who.tenant_id) in shares
    return row["sharing"] == "all_partners" or chosen


def supports(world: World, who: Principal, row: Row) -> bool:
    """R26, R70: the support contact, while the customer works with it, or with its provider."""
    served = relationships.served(world, who, row["customer_id"])
    return is_partner(who) and row["support_contact_id"] == who.tenant_id and "active" in served


def _ended(world: World, row: Row) -> bool:
    """Whether its last day is over, by the calendar or by what is written down."""
    lapses = ("expires_at", "disabled_at", "deleted_at") if row["status"] in {"active", "suspended"} else ()
    passed = any(row[name] is not None and row[name] <= world.now for name in lapses if name in row)
    return passed or row["status"] in {"expired", "disabled", "deleted"}


def _private(row: Row) -> bool:
    """What a partner recorded for itself of another channel: seen by that partner and the customer alone."""
    return bool(row["channel"] != "csp" and row["recorded_by"] == "partner")
