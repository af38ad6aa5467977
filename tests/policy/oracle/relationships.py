"""Reseller relationships, and what they make of a partner to a customer."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.requests import ASKED_BY, REQUESTERS
from tests.policy.oracle.roles import MANAGERS, SELLERS, has, is_customer, is_partner
from tests.policy.oracle.world import Row, World

ANSWERS = {
    Action.ACCEPT,
    Action.DECLINE,
    Action.REVOKE_DELEGATED_ADMIN,
    Action.END,
    Action.DETACH_RESELLER,
}
READS = {Action.READ_SUMMARY, Action.READ}
CHANGES = {
    Action.ACCEPT,
    Action.DECLINE,
    Action.CANCEL,
    Action.REMOVE,
    Action.DETACH_RESELLER,
    Action.EXTEND,
    Action.INVITE,
}
DONE_BY = {
    Action.REMOVE: {"global_admin"},
    Action.DETACH_RESELLER: SELLERS,  # role matrix, "manage reseller partnerships"
    Action.EXTEND: {"admin_agent"},
    Action.REQUEST_DELEGATED_ADMIN: ASKED_BY[Action.REQUEST_DELEGATED_ADMIN],
}


def may(_world: World, who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted this, restrictions aside."""
    if is_customer(who):
        own = row["customer_id"] == who.tenant_id and has(who, {"global_admin"})
        return own and action in {*READS, *ANSWERS}
    holder = is_partner(who) and row["partner_id"] == who.tenant_id
    extends = is_partner(who) and row["is_extension"] and row["associated_partner_id"] == who.tenant_id
    if extends and (  # R64: whoever asks in a provider's name
        (action is Action.CANCEL and has(who, {"admin_agent"}))
        or (action is Action.READ_SUMMARY and has(who, MANAGERS))
    ):
        return True
    if action in {Action.CANCEL, Action.INVITE}:  # C2; one that goes with a reseller's is the reseller's
        return holder and row["associated_partner_id"] is None and has(who, REQUESTERS)
    if action not in READS:
        return holder and has(who, DONE_BY.get(action, ()))
    if holder and has(who, MANAGERS):
        return True
    attached = who.type == "indirect_reseller" and row["associated_partner_id"] == who.tenant_id
    named = (holder and has(who, {"user_management_admin"})) or (attached and has(who, MANAGERS))
    return action is Action.READ_SUMMARY and named


def reasons(_world: World, who: Principal, action: Action, row: Row) -> set[str]:
    """By type and status of the partner (R18, D2I), cloud (R50), and whether a person asks."""
    found = set()
    if action in CHANGES and who.status == "inactive":
        found.add("PARTNER_INACTIVE")
    if action is Action.REQUEST_DELEGATED_ADMIN:
        found |= {"PARTNER_INACTIVE"} if who.status == "inactive" else set()
        found |= {"ADVISORS_DO_NOT_RESELL"} if who.type == "advisor" else set()
        found |= {"PERSON_REQUIRED"} if who.auth_mode == "app" else set()
    if action is Action.REMOVE:
        found |= {"ONLY_SELLERS_REMOVE"} if who.type in {"indirect_reseller", "advisor"} else set()
        found |= {"PERSON_REQUIRED"} if who.auth_mode == "app" else set()
    if action is Action.EXTEND:
        found |= {"ONLY_DIRECT_BILL_EXTENDS"} if who.type not in {None, "direct_bill"} else set()
        found |= {"NO_INDIRECT_MODEL"} if row["cloud"] == "us_government" else set()
    return found


def status(world: World, relationship: Row) -> str:
    """The status in force: an unanswered request lapses at its `expires_at`."""
    lapses = relationship["expires_at"]
    if relationship["status"] == "requested" and lapses is not None and lapses <= world.now:
        return "expired"
    return str(relationship["status"])


def holds(world: World, who: Principal, customer_id: str) -> bool:
    """R4: the partner has the customer's permission."""
    return is_partner(who) and any(row["partner_id"] == who.tenant_id for row in _active(world, customer_id))


def was_ended(world: World, who: Principal, customer_id: str) -> bool:
    """R62: the customer has taken its permission back."""
    return is_partner(who) and "ended_by_customer" in _statuses(world, who, customer_id)


def keeps_records(world: World, who: Principal, customer_id: str) -> bool:
    """R62: there is a relationship, or one that the partner ended itself."""
    return bool({"active", "removed"} & _statuses(world, who, customer_id))


def _statuses(world: World, who: Principal, customer_id: str) -> set[str]:
    """The statuses of the relationships of a partner and a customer."""
    rows = world.rows("ResellerRelationship")
    pair = (customer_id, who.tenant_id)
    return {status(world, row) for row in rows if (row["customer_id"], row["partner_id"]) == pair}


def served(world: World, who: Principal, customer_id: str) -> set[str]:
    """The statuses of the relationships through which a partner serves a customer: own, or a provider's."""
    rows = [row for row in world.rows("ResellerRelationship") if row["customer_id"] == customer_id]
    ends = ("partner_id", "associated_partner_id")
    return {status(world, row) for row in rows if who.tenant_id in {row[end] for end in ends}}


def attached_by(world: World, who: Principal, customer_id: str) -> set[str]:
    """R24: the providers under which the reseller is attached to the customer."""
    if who.type != "indirect_reseller":
        return set()
    active = _active(world, customer_id)
    return {row["partner_id"] for row in active if row["associated_partner_id"] == who.tenant_id}


def _active(world: World, customer_id: str) -> list[Row]:
    return [
        row
        for row in world.rows("ResellerRelationship")
        if row["customer_id"] == customer_id and status(world, row) == "active"
    ]
