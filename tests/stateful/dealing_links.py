"""Calls about relationships, partnerships, customers and users."""

from __future__ import annotations

from datetime import timedelta

from multichannel.domain.base import utc_text
from tests.policy.oracle import Row
from tests.stateful.calls import ELSEWHERE, NEW_DOMAINS, NOBODY, SIGNER, Deal, Dealt, Hand, global_id, named
from tests.stateful.model import delegated_admin
from tests.stateful.model.delegated_admin import GRANT
from tests.stateful.model.relationships import status
from tests.stateful.organisations import ALDER, BIRCH, CEDAR, DOGWOOD

RELATIONSHIP, PARTNERSHIP = "ResellerRelationship", "Partnership"
ADMIN, AGENTS = "global_admin", ("admin_agent", "sales_agent")


def _request(hand: Hand) -> Dealt:
    customer = hand.row("Customer")
    address = hand.of(customer["directory_id"] or NOBODY, customer["domain"], NEW_DOMAINS[0], NOBODY)
    partner = hand.of(ALDER, BIRCH, CEDAR, DOGWOOD)
    told = {"customer": address, **hand.some(includeDelegatedAdmin=True)}
    if partner in {BIRCH, DOGWOOD}:
        told["provider"] = hand.of(CEDAR, CEDAR, CEDAR, ALDER)
    return hand.user(partner, ADMIN, "admin_agent"), told


def _waits(hand: Hand, *, known: bool = False) -> Row:
    def fits(row: Row) -> bool:
        return status(row, hand.state) == "requested" and (row["customer_id"] is not None or not known)

    return hand.row(RELATIONSHIP, fits)


def _accept(hand: Hand) -> Dealt:
    row = _waits(hand, known=True)
    return hand.user(row["customer_id"], ADMIN), {
        **named(row, RELATIONSHIP),
        **hand.some(agreement=SIGNER, delegatedRights=_rights(hand)),
    }


def _decline(hand: Hand) -> Dealt:
    row = _waits(hand, known=True)
    return hand.user(row["customer_id"], ADMIN), named(row, RELATIONSHIP)


def _cancel(hand: Hand) -> Dealt:
    row = _waits(hand)
    return hand.user(row["partner_id"], *AGENTS), named(row, RELATIONSHIP)


def _active(hand: Hand) -> Row:
    return hand.row(RELATIONSHIP, lambda row: row["status"] == "active")


def _remove(hand: Hand) -> Dealt:
    row = _active(hand)
    return hand.user(row["partner_id"], ADMIN), named(row, RELATIONSHIP)


def _end(hand: Hand) -> Dealt:
    row = _active(hand)
    return hand.user(row["customer_id"], ADMIN), {**named(row, RELATIONSHIP), "reason": "Another supplier"}


def _detach(hand: Hand) -> Dealt:
    row = hand.row(RELATIONSHIP, lambda row: row["status"] == "active" and row["associated_partner_id"])
    return hand.user(hand.of(row["customer_id"], row["partner_id"]), ADMIN, *AGENTS), named(row, RELATIONSHIP)


def _extend(hand: Hand) -> Dealt:
    row = hand.row(
        RELATIONSHIP, lambda row: row["status"] == "active" and row["partner_id"] in {ALDER, BIRCH}
    )
    provider = hand.of(CEDAR, CEDAR, CEDAR, NOBODY)
    return hand.user(row["partner_id"], "admin_agent"), {**named(row, RELATIONSHIP), "provider": provider}


def _granted(hand: Hand, *statuses: str) -> Row:
    return hand.row(GRANT, lambda row: delegated_admin.status(row, hand.state.now) in statuses)


def _rights(hand: Hand) -> list[str]:
    return list(
        hand.of(
            ["SUPPORT"],
            ["SUPPORT", "MANAGE_SUBSCRIPTIONS"],
            ["MANAGE_USERS", "READ_DIRECTORY"],
            ["SUPPORT", "MANAGE_SUBSCRIPTIONS", "MANAGE_USERS", "READ_DIRECTORY"],
            [],
        )
    )


def _side(hand: Hand, row: Row) -> str:
    return hand.user(hand.of(row["customer_id"], row["partner_id"]), ADMIN, "admin_agent")


def _ask_admin(hand: Hand) -> Dealt:
    row = _active(hand)
    return hand.user(row["partner_id"], ADMIN, "admin_agent"), {
        **named(row, RELATIONSHIP),
        **hand.some(rights=_rights(hand)),
    }


def _approve_admin(hand: Hand) -> Dealt:
    row = _granted(hand, "pending")
    return hand.user(row["customer_id"], ADMIN), {**named(row, GRANT), **hand.some(rights=_rights(hand))}


def _decline_admin(hand: Hand) -> Dealt:
    row = _granted(hand, "pending")
    return hand.user(row["customer_id"], ADMIN), named(row, GRANT)


def _reduce_admin(hand: Hand) -> Dealt:
    row = _granted(hand, "active")
    return _side(hand, row), {**named(row, GRANT), "rights": _rights(hand)}


def _terminate_admin(hand: Hand) -> Dealt:
    row = _granted(hand, "pending", "active")
    return _side(hand, row), named(row, GRANT)


def _auto_extend(hand: Hand) -> Dealt:
    row = _granted(hand, "active")
    return hand.user(row["customer_id"], ADMIN), {**named(row, GRANT), "autoExtend": hand.coin()}


def _revoke(hand: Hand) -> Dealt:
    row = _granted(hand, "active")
    link = hand.state.rows(RELATIONSHIP, id=row["relationship_id"])[0]
    return hand.user(row["customer_id"], ADMIN), named(link, RELATIONSHIP)


def _invite(hand: Hand) -> Dealt:
    address = hand.of(ALDER, BIRCH, DOGWOOD, DOGWOOD, NOBODY, CEDAR)
    return hand.user(CEDAR, ADMIN, *AGENTS), {"reseller": address}


def _send_link(hand: Hand) -> Dealt:
    row = _waits(hand)
    return hand.user(row["partner_id"], ADMIN, *AGENTS), named(row, RELATIONSHIP)


def _renew_link(hand: Hand) -> Dealt:
    row = hand.row(PARTNERSHIP, lambda row: row["status"] == "invited")
    return hand.user(row["provider_id"], *AGENTS), named(row, PARTNERSHIP)


def _consent(hand: Hand) -> Dealt:
    row = hand.row(PARTNERSHIP, lambda row: row["status"] == "invited")
    return hand.user(row["reseller_id"], ADMIN), named(row, PARTNERSHIP)


def _part(hand: Hand) -> Dealt:
    row = hand.row(PARTNERSHIP, lambda row: row["status"] != "removed")
    return hand.user(row["provider_id"], *AGENTS), named(row, PARTNERSHIP)


def _create_customer(hand: Hand) -> Dealt:
    domain, partner = hand.of(*NEW_DOMAINS, "meadow.example"), hand.of(ALDER, CEDAR, CEDAR, BIRCH)
    admin = {"objectId": hand.of(NOBODY, ALDER), "displayName": "The first"}
    told = {"companyName": "Orchard", "domain": domain, "email": f"hi@{domain}"}
    more = hand.some(globalAdmin=admin, market="US", city="Dover")
    reseller = {"associatedPartner": hand.of(DOGWOOD, DOGWOOD, ALDER)} if partner == CEDAR else {}
    return hand.user(partner, *AGENTS), {**told, **more, **reseller}


def _serving(hand: Hand, customer: Row) -> str:
    """A partner of the customer, or the customer itself."""
    serving = [
        row["partner_id"]
        for row in hand.state.rows(RELATIONSHIP, customer_id=customer["id"])
        if row["status"] == "active"
    ]
    return str(hand.of(customer["id"], *serving))


def _update_customer(hand: Hand) -> Dealt:
    customer = hand.row("Customer")
    told = {**hand.version(customer), "city": hand.of("Dover", "Salem")}
    return hand.user(_serving(hand, customer), ADMIN, *AGENTS), told


def _link(hand: Hand) -> Dealt:
    customer = hand.row("Customer", lambda row: row["directory_id"] is None)
    told = {**hand.version(customer), "directoryId": hand.of(NOBODY, ELSEWHERE, ELSEWHERE, CEDAR)}
    return hand.user(_serving(hand, customer), ADMIN, *AGENTS), told


def _confirm(hand: Hand) -> Dealt:
    customer = hand.row("Customer")
    agreed = hand.state.now + timedelta(seconds=1 if hand.rarely() else -1)
    told = {"id": global_id("Customer", customer["id"]), **SIGNER, "agreedAt": utc_text(agreed)}
    return hand.user(_serving(hand, customer), ADMIN, *AGENTS), told


def _manager(hand: Hand, tenant_id: str) -> str:
    return hand.user(tenant_id, ADMIN, ADMIN, "user_management_admin", "account_admin")


def _roles(hand: Hand) -> list[str]:
    return list(
        hand.of(
            ["ADMIN_AGENT"],
            ["SALES_AGENT", "HELPDESK_AGENT"],
            ["GLOBAL_ADMIN"],
            ["ACCOUNT_ADMIN"],
            ["GLOBAL_ADMIN", "ADMIN_AGENT"],
            [],
        )
    )


def _create_user(hand: Hand) -> Dealt:
    tenant = hand.row("User")["tenant_id"]
    told = {"objectId": hand.of(NOBODY, ALDER, CEDAR), "displayName": "Somebody", "roles": _roles(hand)}
    return _manager(hand, tenant), told


def _start_bulk(hand: Hand) -> Dealt:
    told = {"mutation": hand.of("labelCustomer", "createUser"), "items": hand.of("{}", '{}\n{"id": "x"}')}
    return hand.user(hand.row("User")["tenant_id"], ADMIN, "helpdesk_agent"), told


def _cancel_bulk(hand: Hand) -> Dealt:
    row = hand.row("BulkOperation", lambda row: row["status"] == "queued")
    return hand.user(row["tenant_id"], ADMIN), {"id": global_id("BulkOperation", row["id"])}


def _update_roles(hand: Hand) -> Dealt:
    row = hand.row("User")
    return _manager(hand, row["tenant_id"]), {**hand.version(row), "roles": _roles(hand)}


def _disable(hand: Hand) -> Dealt:
    row = hand.row("User", lambda row: row["state"] == "active")
    return hand.user(row["tenant_id"], ADMIN), hand.version(row)


def _enable(hand: Hand) -> Dealt:
    row = hand.row("User", lambda row: row["state"] == "inactive")
    return hand.user(row["tenant_id"], ADMIN), hand.version(row)


RELATIONS: dict[str, Deal] = {
    "requestResellerRelationship": _request,
    "acceptResellerRelationship": _accept,
    "declineResellerRelationship": _decline,
    "cancelResellerRelationshipRequest": _cancel,
    "removeResellerRelationship": _remove,
    "endResellerRelationship": _end,
    "detachReseller": _detach,
    "extendRelationshipToProvider": _extend,
    "requestDelegatedAdmin": _ask_admin,
    "approveDelegatedAdmin": _approve_admin,
    "declineDelegatedAdmin": _decline_admin,
    "reduceDelegatedAdmin": _reduce_admin,
    "terminateDelegatedAdmin": _terminate_admin,
    "setDelegatedAdminAutoExtend": _auto_extend,
    "revokeDelegatedAdmin": _revoke,
    "inviteIndirectReseller": _invite,
    "inviteCustomer": _send_link,
    "renewResellerInvitation": _renew_link,
    "acceptPartnership": _consent,
    "removePartnership": _part,
}
PEOPLE: dict[str, Deal] = {
    "createCustomer": _create_customer,
    "updateCustomer": _update_customer,
    "confirmCustomerAgreement": _confirm,
    "createUser": _create_user,
    "updateUserRoles": _update_roles,
    "linkCustomer": _link,
    "disableUser": _disable,
    "enableUser": _enable,
    "startBulkOperation": _start_bulk,
    "cancelBulkOperation": _cancel_bulk,
}
