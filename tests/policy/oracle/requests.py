"""What a partner asks for in its own name: relationships, admin rights, resellers."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle.roles import PARTNERSHIP_MANAGERS, has, is_partner
from tests.policy.oracle.world import Row

REQUESTERS = {"global_admin", "user_management_admin", "admin_agent", "sales_agent"}
"""Role matrix, "request reseller relationship", every page taken together (C2)."""
DIRECTLY, THROUGH, ADMIN, INVITE = (
    Action.REQUEST_RELATIONSHIP,
    Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER,
    Action.REQUEST_DELEGATED_ADMIN,
    Action.INVITE_RESELLER,
)
ASKED_BY = {
    DIRECTLY: REQUESTERS,
    THROUGH: REQUESTERS,
    ADMIN: {"global_admin", "admin_agent"},
    INVITE: PARTNERSHIP_MANAGERS,
}
"""C1: in every cloud."""


def may(who: Principal, action: Action, row: Row) -> bool:
    """Whether `who` is granted it, restrictions aside: for its own partner."""
    return is_partner(who) and row["id"] == who.tenant_id and has(who, ASKED_BY[action])


def reasons(who: Principal, action: Action, row: Row) -> set[str]:
    """By type and status of the partner, its cloud, and whether a person asks."""
    found = {_of_type(action, row)} - {None}
    if row["status"] == "inactive":
        found.add("PARTNER_INACTIVE")
    if action in {THROUGH, INVITE} and row["cloud"] == "us_government":  # R50
        found.add("NO_INDIRECT_MODEL")
    if action is not INVITE and who.auth_mode == "app":
        found.add("PERSON_REQUIRED")
    return {str(reason) for reason in found}


def _of_type(action: Action, row: Row) -> str | None:
    """Second axis: what each kind of partner may ask for."""
    kind, status = row["type"], row["status"]
    if action is INVITE:
        return None if kind == "indirect_provider" else "ONLY_PROVIDERS_INVITE"
    if kind == "advisor":
        return "ADVISORS_DO_NOT_RESELL"
    if action is DIRECTLY and kind == "indirect_reseller":
        return "RESELLERS_ASK_THROUGH_PROVIDER"
    if action is DIRECTLY and (kind, status) == ("direct_bill", "restricted"):  # R19
        return "RESTRICTED_PARTNER"
    sells = kind == "indirect_provider" or (kind, status) == ("direct_bill", "active")
    return "ASKS_DIRECTLY" if action is THROUGH and sells else None
