"""Customers, agreements (SM6) and users, as the rules tell them."""

from __future__ import annotations

from datetime import datetime

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.relationships import RELATIONSHIP, are_partners, status
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
    """SM1, R12, R23: in an active relationship at once; a domain is one customer's."""
    partner = state.own_partner(who, Action.CREATE_CUSTOMER)
    reseller = told.get("associatedPartner")
    refuse_if(told.get("market", partner["market"]) != partner["market"])
    provider = partner["type"] == "indirect_provider"
    refuse_if(reseller and not (provider and are_partners(state, partner["id"], reseller)))
    refuse_if(state.rows("Customer", domain=told["domain"]))
    common = {"market": partner["market"]}
    profile = {"company_name": told["companyName"], "domain": told["domain"], "city": told.get("city")}
    made = state.add("Customer", **common, **profile)
    state.add(
        RELATIONSHIP,
        **common,
        partner_id=partner["id"],
        customer_id=made["id"],
        addressed_to=made["id"],
        associated_partner_id=reseller,
        invited_with_id=None,
        status="active",
        delegated_admin=True,
        delegated_admin_requested=True,
        expires_at=None,
    )
    state.add("BillingProfile", partner_id=partner["id"], customer_id=made["id"])
    admin = told.get("globalAdmin")
    if admin:
        _add_user(state, made["id"], admin["objectId"], admin["displayName"], {"global_admin"})
    _deliver(state, made, partner["id"])
    return made


def _deliver(state: State, customer: Row, creator: str) -> None:
    """Requests that wait for its domain reach a new customer; its creator's has come true already."""
    for each in state.rows(RELATIONSHIP, addressed_to=customer["domain"], customer_id=None):
        if status(each, state) == "requested" and each["partner_id"] != creator:
            each["customer_id"] = customer["id"]


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


def _assignable(who: Principal, roles: set[str]) -> bool:
    return roles <= set().union(*(ASSIGNS.get(role, set()) for role in who.roles))


def create_user(state: State, who: Principal, told: Input) -> Row:
    """Roles as far as one's own reach; an object id is one user's of a tenant."""
    noun = "Partner" if who.kind == "partner" else "Customer"
    tenant = state.get(who, Action.ADD_USER, noun, who.tenant_id)
    roles = {word.lower() for word in told["roles"]}
    refuse_if(not _assignable(who, roles))
    refuse_if(state.rows("User", tenant_id=tenant["id"], object_id=told["objectId"]))
    return _add_user(state, tenant["id"], told["objectId"], told["displayName"], roles)


def update_roles(state: State, who: Principal, told: Input) -> Row:
    """Not one's own, and a tenant keeps a global admin."""
    row = state.get(who, Action.UPDATE_ROLES, "User", told["id"])
    refuse_if(told["as"] == row["id"])
    refuse_if(told["expectedVersion"] != row["version"])
    wanted = {word.lower() for word in told["roles"]}
    refuse_if(not _assignable(who, row["roles"] ^ wanted))
    others = [each for each in state.rows("User", tenant_id=row["tenant_id"]) if each is not row]
    last = not any("global_admin" in each["roles"] for each in others)
    refuse_if("global_admin" in row["roles"] - wanted and last)
    row["roles"] = wanted
    return row
