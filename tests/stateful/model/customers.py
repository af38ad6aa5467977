"""Customers, agreements (SM6) and users, as the rules tell them."""

from __future__ import annotations

from datetime import datetime, timedelta

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model import delegated_admin
from tests.stateful.model.relationships import RELATIONSHIP, active, are_partners, status
from tests.stateful.model.state import Input, State, refuse_if

ALL_ROLES = {
    "global_admin",
    "user_management_admin",
    "billing_admin",
    "admin_agent",
    "sales_agent",
    "helpdesk_agent",
    "account_admin",
}
ALL_RIGHTS = {right.upper() for right in delegated_admin.RIGHTS}
ASSIGNS = {
    "global_admin": ALL_ROLES,
    "user_management_admin": ALL_ROLES - {"global_admin"},
    "account_admin": {"account_admin"},
}


def is_bound(state: State, customer_id: str, partner_id: str) -> bool:
    """SM6: the customer's own signature holds with all, an attestation with its partner."""
    signed = state.rows("CustomerAgreement", customer_id=customer_id)
    return any(each["kind"] == "direct" or each["partner_id"] == partner_id for each in signed)


def create(state: State, who: Principal, told: Input) -> Row:
    """SM1, R12, R23: in an active relationship at once. R58: a verified domain is taken, others are not."""
    partner = state.own_partner(who, Action.CREATE_CUSTOMER)
    reseller = told.get("associatedPartner")
    refuse_if(told.get("market", partner["market"]) != partner["market"])
    provider = partner["type"] == "indirect_provider"
    refuse_if(reseller and not (provider and are_partners(state, partner["id"], reseller)))
    refuse_if(state.rows("Customer", domain=told["domain"], verified=True))
    common = {"market": partner["market"]}
    profile = {"company_name": told["companyName"], "domain": told["domain"], "city": told.get("city")}
    fresh = {"directory_id": None, "verified": False, "default_sharing": "all_partners"}
    made = state.add("Customer", **common, **profile, **fresh)
    link = state.add(
        RELATIONSHIP,
        **common,
        partner_id=partner["id"],
        customer_id=made["id"],
        addressed_to=made["id"],
        associated_partner_id=reseller,
        invited_with_id=None,
        status="active",
        delegated_admin_requested=True,
        detached_reseller_ids=[],
        expires_at=None,
        end_reason=None,
        is_extension=False,
    )
    grant = delegated_admin.add(state, link, {"rights": ALL_RIGHTS}, along=False)  # R13
    end = state.now + timedelta(days=730)
    grant.update(duration_days=730, status="active", ends_at=end, expires_at=end)
    state.add("BillingProfile", partner_id=partner["id"], customer_id=made["id"])
    admin = told.get("globalAdmin")
    if admin:
        _add_user(state, made["id"], admin["objectId"], admin["displayName"], {"global_admin"})
    return made


def _deliver(state: State, customer: Row, address: str) -> None:
    """Requests that wait for an address reach its customer; one of a partner that it has has come true."""
    for each in state.rows(RELATIONSHIP, addressed_to=address, customer_id=None):
        has = active(state, partner_id=each["partner_id"], customer_id=customer["id"])
        if status(each, state) == "requested" and not has:
            each["customer_id"] = customer["id"]


def link(state: State, who: Principal, told: Input) -> Row:
    """R54: once, and to a directory that no other tenant has."""
    row = state.get_version(who, Action.LINK, "Customer", told)
    directory = told["directoryId"]
    refuse_if(row["directory_id"] is not None)
    refuse_if(state.rows("Partner", id=directory) or state.rows("Customer", directory_id=directory))
    row["directory_id"] = directory
    _deliver(state, row, directory)
    return row


def update(state: State, who: Principal, told: Input) -> Row:
    """The profile belongs to the customer and is shared by its partners."""
    row = state.get_version(who, Action.UPDATE, "Customer", told)
    row["city"] = told["city"]
    return row


def confirm(state: State, who: Principal, told: Input) -> Row:
    """SM6: a partner attests for itself, a customer signs for all."""
    row = state.get(who, Action.CONFIRM_AGREEMENT, "Customer", told["id"])
    refuse_if(datetime.fromisoformat(told["agreedAt"]) > state.now)
    attested = who.tenant_id if who.kind == "partner" else None
    kind = "direct" if attested is None else "attestation"
    return state.add("CustomerAgreement", customer_id=row["id"], partner_id=attested, kind=kind)


def _add_user(state: State, tenant_id: str, object_id: str, name: str, roles: set[str]) -> Row:
    known = {"tenant_id": tenant_id, "object_id": object_id, "display_name": name}
    return state.add("User", **known, state="active", roles=roles)


def _assignable(who: Principal, roles: set[str], tenant_id: str) -> bool:
    """As far as one's own roles reach; by delegation nobody is made a global admin (R59)."""
    if tenant_id != who.tenant_id:
        return "global_admin" not in roles
    return roles <= set().union(*(ASSIGNS.get(role, set()) for role in who.roles))


def create_user(state: State, who: Principal, told: Input) -> Row:
    """Roles as far as one's own reach; an object id is one user's of a tenant."""
    noun = "Partner" if who.kind == "partner" else "Customer"
    tenant = state.get(who, Action.ADD_USER, noun, who.tenant_id)
    roles = {word.lower() for word in told["roles"]}
    refuse_if(not _assignable(who, roles, tenant["id"]))
    refuse_if(state.rows("User", tenant_id=tenant["id"], object_id=told["objectId"]))
    return _add_user(state, tenant["id"], told["objectId"], told["displayName"], roles)


def update_roles(state: State, who: Principal, told: Input) -> Row:
    """Not one's own, and a tenant keeps a global admin."""
    row = state.get(who, Action.UPDATE_ROLES, "User", told["id"])
    refuse_if(told["as"] == row["id"])
    refuse_if(told["expectedVersion"] != row["version"])
    wanted = {word.lower() for word in told["roles"]}
    refuse_if(not _assignable(who, row["roles"] ^ wanted, row["tenant_id"]))
    refuse_if("global_admin" in row["roles"] - wanted and _is_last_admin(state, row))
    row["roles"] = wanted
    return row


def _is_last_admin(state: State, user: Row) -> bool:
    """Whether no other user of the tenant is a global admin who can sign in."""
    others = state.rows("User", tenant_id=user["tenant_id"], state="active")
    return not any("global_admin" in each["roles"] for each in others if each is not user)


def disable(state: State, who: Principal, told: Input) -> Row:
    """R55: not oneself, and a tenant keeps a global admin."""
    row = state.get(who, Action.DISABLE, "User", told["id"])
    refuse_if(told["as"] == row["id"])
    refuse_if(told["expectedVersion"] != row["version"])
    refuse_if(row["state"] == "inactive")
    refuse_if("global_admin" in row["roles"] and _is_last_admin(state, row))
    row["state"] = "inactive"
    return row


def enable(state: State, who: Principal, told: Input) -> Row:
    """R55: back with the roles it had."""
    row = state.get_version(who, Action.ENABLE, "User", told)
    refuse_if(row["state"] == "active")
    row["state"] = "active"
    return row
