"""Calls about subscriptions and transfers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.policy.oracle import Row
from tests.stateful.calls import NOBODY, Deal, Dealt, Hand, global_id
from tests.stateful.model import transfers
from tests.stateful.model.subscriptions import LIVE
from tests.stateful.model.terms import status
from tests.stateful.organisations import ALDER, BIRCH, CEDAR, DOGWOOD

SUBSCRIPTION, TRANSFER = "Subscription", "Transfer"
ADMIN, AGENTS = "global_admin", ("admin_agent", "sales_agent")


def _is(hand: Hand, *words: str, **equal: Any) -> Callable[[Row], bool]:
    def fits(row: Row) -> bool:
        same = all(row[name] == value for name, value in equal.items())
        return same and status(row, hand.state.now) in words

    return fits


def _seller(hand: Hand, row: Row, *roles: str) -> str:
    """Of the partner that bills it, or of whoever keeps the record."""
    return hand.user(row["billing_partner_id"] or row["owner_id"], *roles)


def _sellings(hand: Hand) -> tuple[str, str]:
    """A partner that serves a customer, and the customer."""
    link = hand.row("ResellerRelationship", lambda row: row["status"] == "active")
    return link["partner_id"], link["customer_id"] or NOBODY


def _record(hand: Hand) -> Dealt:
    partner, customer = _sellings(hand)
    usage = hand.coin()
    told = {
        "customer": global_id("Customer", customer),
        "channel": hand.of("EA", "DIRECT", "OPEN"),
        "offerName": "records",
        "billingType": "USAGE" if usage else "LICENSE",
        **({"services": ["storage"]} if usage else {"quantity": hand.of(1, 7, 10_001)}),
    }
    return hand.user(hand.of(partner, customer), ADMIN, *AGENTS), told


def _create(hand: Hand) -> Dealt:
    partner, customer = _sellings(hand)
    told: dict[str, Any] = {
        "customer": global_id("Customer", customer),
        "offerName": hand.of("mail", "chat"),
    }
    shape = hand.of("licences", "licences", "legacy", "metered", "trial", "add-on")
    told["billingType"] = "USAGE" if shape == "metered" else "LICENSE"
    if shape == "legacy":
        told["commerce"] = "LEGACY"
    if shape == "trial":
        told["isTrial"] = True
    if shape == "licences":
        told |= {"quantity": hand.of(1, 20), "termDuration": hand.of("P1M", "P1Y", "P3Y")}
        told |= hand.some(billingCycle=hand.of("MONTHLY", "ANNUAL"))
    if shape == "add-on":
        base = hand.row(SUBSCRIPTION, _is(hand, "active", channel="csp", billing_type="license"))
        partner = base["billing_partner_id"]
        told |= {"parentId": global_id(SUBSCRIPTION, base["id"]), "commerce": base["commerce"].upper()}
        told["customer"] = global_id("Customer", base["customer_id"])
    if partner == CEDAR:
        told |= hand.some(partnerOfRecord=hand.of(DOGWOOD, BIRCH, NOBODY))
    return hand.user(partner, *AGENTS), told


def _update(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "active"))
    renews = hand.some(autoRenewEnabled=hand.rarely())
    told = hand.some(quantity=hand.of(row["quantity"] + 3, 1, 0), friendlyName=hand.of("new name", None))
    return _seller(hand, row, ADMIN, *AGENTS), {**hand.version(row), **told, **renews}


def _reason(hand: Hand) -> dict[str, str]:
    return {"reason": hand.of("CUSTOMER_REQUEST", "NON_PAYMENT", "FRAUD")}


def _suspend(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "active", channel="csp"))
    return _seller(hand, row, ADMIN, *AGENTS), {**hand.version(row), **_reason(hand)}


def _reactivate(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "suspended"))
    told = {**hand.version(row), **hand.some(includeAddOns=True)}
    return _seller(hand, row, ADMIN, *AGENTS), told


def _cancel(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, *LIVE))
    return _seller(hand, row, ADMIN, *AGENTS), {**hand.version(row), **_reason(hand)}


def _cancel_service(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: bool(row["services"]) and row["channel"] != "csp")
    service = hand.of("storage", "storage", "compute", "telepathy")
    return _seller(hand, row, ADMIN), {**hand.version(row), "service": service}


def _move(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: row["channel"] != "csp" and row["billing_type"] == "usage")
    partner, _ = _sellings(hand)
    return hand.user(partner, *AGENTS), {"id": global_id(SUBSCRIPTION, row["id"])}


def _share(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: row["channel"] != "csp" and row["recorded_by"] == "customer")
    word = hand.of("ALL_PARTNERS", "SELECTED", "SELECTED", "NONE")
    partners = {"partners": hand.of([ALDER], [BIRCH, CEDAR], [NOBODY])} if word == "SELECTED" else {}
    return hand.user(row["customer_id"], ADMIN), {**hand.version(row), "sharing": word, **partners}


def _share_by_default(hand: Hand) -> Dealt:
    customer = hand.row("Customer")["id"]
    told = {"id": global_id("Customer", customer), "sharing": hand.of("ALL_PARTNERS", "SELECTED", "NONE")}
    return hand.user(customer, ADMIN), told


def _label_customer(hand: Hand) -> Dealt:
    row = hand.row("ResellerRelationship", lambda row: hand.loose or row["status"] == "active")
    return hand.user(row["partner_id"], ADMIN, *AGENTS), {
        "id": global_id("Customer", row["customer_id"] or hand.row("Customer")["id"]),
        **_label(hand),
    }


def _label_subscription(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION)
    return _seller(hand, row, ADMIN, *AGENTS), {"id": global_id(SUBSCRIPTION, row["id"]), **_label(hand)}


def _label(hand: Hand) -> dict[str, Any]:
    return hand.some(alias=hand.of("Ours", "", "Another"), tags=hand.of(["watch"], [], ["west", "watch"]))


def _answer(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: row["channel"] != "csp" and row["recorded_by"] == "partner")
    return hand.user(row["customer_id"], ADMIN), hand.version(row)


def _support(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, *LIVE))
    partner = hand.of(ALDER, BIRCH, CEDAR, DOGWOOD, row["owner_id"], NOBODY, None)
    return _seller(hand, row, ADMIN, "helpdesk_agent"), {**hand.version(row), "partner": partner}


def _link(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: row["channel"] == "csp" and row["vendor_id"] is None)
    told = {"vendorId": hand.of(row["id"], NOBODY), **hand.some(entitlementId=NOBODY)}
    return _seller(hand, row, ADMIN, *AGENTS), {**hand.version(row), **told}


def _complete(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, lambda row: bool(row["task"] or row["wishes"]))
    told: dict[str, Any] = {"discard": True} if hand.rarely() else {}
    if row["vendor_id"] is None and not hand.rarely():
        told["vendorId"] = hand.of(row["id"], NOBODY)
    return _seller(hand, row, ADMIN, *AGENTS), {**hand.version(row), **told}


def _credit(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, *LIVE, billing_partner_id=CEDAR))
    partner = hand.of(DOGWOOD, BIRCH, NOBODY, None)
    return _seller(hand, row, *AGENTS), {**hand.version(row), "partner": partner}


def _request(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "active", channel="csp", commerce="new_commerce"))
    source = row["billing_partner_id"] or NOBODY
    target = hand.of(*({ALDER, CEDAR} - {source} or {ALDER}))
    kinds = ("AZURE_PLAN", "NEW_COMMERCE", "LEGACY") if row["billing_type"] == "usage" else ("NEW_COMMERCE",)
    told = {"customer": global_id("Customer", row["customer_id"]), "sourcePartner": source}
    told["kind"] = hand.of("NEW_COMMERCE", *kinds)
    types = hand.some(productTypes=[hand.of("AZURE_SUBSCRIPTION", "ONLINE_SERVICES_NCE")])
    credited = {"partnerOfRecord": hand.of(DOGWOOD, BIRCH, NOBODY)} if hand.rarely() else {}
    return hand.user(target, "admin_agent"), {**told, **types, **credited}


def _offer(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "active", channel="csp", commerce="legacy"))
    usage, source = row["billing_type"] == "usage", row["billing_partner_id"]
    others = hand.state.rows(SUBSCRIPTION, billing_partner_id=source, customer_id=row["customer_id"])
    ids = [row["id"], *([hand.of(*others)["id"]] if hand.rarely() and others else [])]
    told = {
        "customer": global_id("Customer", row["customer_id"]),
        "targetPartner": hand.of(CEDAR, CEDAR, ALDER, NOBODY) if source != CEDAR else hand.of(ALDER, CEDAR),
        "subscriptionIds": [global_id(SUBSCRIPTION, each) for each in ids],
        "kind": hand.of("MANUAL_SWITCH", "LEGACY") if usage else "LEGACY",
    }
    return hand.user(source, "admin_agent"), told


def _switch(hand: Hand) -> Dealt:
    row = hand.row(SUBSCRIPTION, _is(hand, "active", channel="csp"))
    others = {ALDER, BIRCH, CEDAR} - {row["billing_partner_id"]}
    target = hand.of(*sorted(others), NOBODY) if hand.rarely() else hand.of(*sorted(others))
    told = {"id": global_id(SUBSCRIPTION, row["id"]), "targetPartner": target, "notice": "Let us go."}
    return hand.user(row["customer_id"], ADMIN), told


def _open(hand: Hand, **equal: Any) -> Row:
    def fits(row: Row) -> bool:
        same = all(row[name] == value for name, value in equal.items())
        return same and transfers.status(row, hand.state) == "pending"

    return hand.row(TRANSFER, fits)


def _told(hand: Hand, row: Row) -> dict[str, Any]:
    told = hand.version(row)
    return told if hand.coin() else {"id": told["id"]}


def _accept(hand: Hand) -> Dealt:
    row = _open(hand)
    if row["initiated_by"] == "source":
        return hand.user(row["target_partner_id"], *AGENTS), _told(hand, row)
    fits = {"billing_partner_id": row["source_partner_id"], "customer_id": row["customer_id"]}
    own = [
        each["id"]
        for each in hand.state.rows(SUBSCRIPTION, **fits)
        if hand.loose or (status(each, hand.state.now) == "active" and each["commerce"] == "new_commerce")
    ]
    ids = {hand.of(*own), hand.of(*own)} if own else set[str]()
    told = {"subscriptionIds": [global_id(SUBSCRIPTION, each) for each in sorted(ids)]}
    return hand.user(row["source_partner_id"], "admin_agent"), {**_told(hand, row), **told}


def _consent(hand: Hand) -> Dealt:
    row = _open(hand, **hand.of({"kind": "manual_switch"}, {"initiated_by": "customer"}))
    sides = {
        "source_consented_at": row["source_partner_id"],
        "customer_consented_at": row["customer_id"],
        "target_consented_at": row["target_partner_id"],
    }
    missing = [tenant for name, tenant in sides.items() if hand.loose or row[name] is None]
    role = "admin_agent" if row["initiated_by"] == "customer" else ADMIN
    return hand.user(hand.of(*missing), role), _told(hand, row)


def _decline(hand: Hand) -> Dealt:
    row = _open(hand)
    side = "target_partner_id" if row["initiated_by"] == "source" else "source_partner_id"
    return hand.user(row[side], "admin_agent"), {**_told(hand, row), **hand.some(reason="Not yet.")}


def _take_back(hand: Hand) -> Dealt:
    row = _open(hand)
    if row["initiated_by"] == "customer":
        return hand.user(row["customer_id"], ADMIN), _told(hand, row)
    return hand.user(row[f"{row['initiated_by']}_partner_id"], "admin_agent"), _told(hand, row)


PURCHASES: dict[str, Deal] = {
    "recordExternalSubscription": _record,
    "createSubscription": _create,
    "moveSubscriptionToCsp": _move,
    "cancelService": _cancel_service,
    "setSubscriptionSharing": _share,
    "setDefaultSharing": _share_by_default,
    "labelCustomer": _label_customer,
    "labelSubscription": _label_subscription,
    "confirmExternalSubscription": _answer,
    "disputeExternalSubscription": _answer,
}
LIFE: dict[str, Deal] = {
    "updateSubscription": _update,
    "suspendSubscription": _suspend,
    "reactivateSubscription": _reactivate,
    "cancelSubscription": _cancel,
    "assignSupportContact": _support,
    "assignPartnerOfRecord": _credit,
    "linkSubscription": _link,
    "completeVendorTask": _complete,
}
BEGINNINGS: dict[str, Deal] = {"offerTransfer": _offer, "requestTransfer": _request, "requestSwitch": _switch}
DECISIONS: dict[str, Deal] = {
    "acceptTransfer": _accept,
    "consentToTransfer": _consent,
    "declineTransfer": _decline,
    "cancelTransfer": _take_back,
}
