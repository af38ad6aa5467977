"""New subscriptions: bought, written down, or made anew in CSP, as the rules tell it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.consent import is_contested
from tests.stateful.model.customers import is_bound
from tests.stateful.model.state import Input, State, refuse_if
from tests.stateful.model.subscriptions import LIVE, MONTHS, is_own_reseller, later
from tests.stateful.model.terms import status

PLAIN: dict[str, Any] = {
    "billing_partner_id": None,
    "partner_of_record_id": None,
    "support_contact_id": None,
    "parent_id": None,
    "continues_id": None,
    "entitlement_id": None,
    "friendly_name": None,
    "state": "active",
    "kept_until": None,
    "left": False,
    "is_trial": False,
    "effective_start_date": None,
    "commitment_end_date": None,
    "term_duration": None,
    "auto_renew_enabled": None,
    "billing_cycle": "unknown",
    "services": [],
    "canceled_services": [],
    "sharing": "all_partners",
    "confirmation": None,
}
CYCLES = {"monthly": 1, "annual": 12, "triennial": 36}


def _add(state: State, customer: Row, **values: Any) -> Row:
    lists: dict[str, list[str]] = {"services": [], "canceled_services": []}
    return state.add(
        "Subscription",
        **{
            **PLAIN,
            **lists,
            "shared_with": set(),
            "customer_id": customer["id"],
            "market": customer["market"],
            **values,
        },
    )


def record(state: State, who: Principal, told: Input) -> Row:
    """R4: the customer's own for all its partners, or a partner's private one."""
    customer = state.get(who, Action.RECORD_SUBSCRIPTION, "Customer", told["customer"])
    usage = told["billingType"] == "USAGE"
    quantity = told.get("quantity", 1)
    refuse_if(not 1 <= quantity <= (1 if usage else 10_000))
    return _add(
        state,
        customer,
        owner_id=who.tenant_id,
        recorded_by="customer" if who.kind == "customer" else "partner",
        channel=told["channel"].lower(),
        commerce="legacy",
        billing_type=told["billingType"].lower(),
        offer_name=told["offerName"],
        quantity=quantity,
        is_trial=None,
        services=list(told.get("services", [])),
        sharing=told.get("sharing", customer["default_sharing"]).lower()
        if who.kind == "customer"
        else customer["default_sharing"],
        confirmation=None if who.kind == "customer" else "unconfirmed",
    )


def create(state: State, who: Principal, told: Input) -> Row:
    """R13, R21, R41, R43, R44, R45."""
    customer = state.get(who, Action.CREATE_SUBSCRIPTION, "Customer", told["customer"])
    refuse_if(not is_bound(state, customer["id"], who.tenant_id))
    own = {"customer_id": customer["id"], "billing_partner_id": who.tenant_id, "channel": "csp"}
    base = state.row("Subscription", told.get("parentId"))
    refuse_if(told.get("parentId") and (base is None or any(base[name] != own[name] for name in own)))
    trial, kind = told.get("isTrial", False), told["billingType"].lower()
    for each in state.rows("Subscription", **own, offer_name=told["offerName"]):
        refuse_if(trial and each["is_trial"])
        refuse_if(kind == "license" and status(each, state.now) == "suspended" and not each["left"])
    commerce = told.get("commerce", "NEW_COMMERCE").lower()
    quantity = told.get("quantity", 1)
    refuse_if(not 1 <= quantity <= (1 if kind == "usage" else 10_000))
    if base is not None:
        alike = (base["commerce"], base["billing_type"]) == (commerce, kind)
        refuse_if(not alike or base["parent_id"] is not None or status(base, state.now) != "active")
    term, cycle = _terms(told, commerce, base)
    reseller = told.get("partnerOfRecord")
    refuse_if(reseller and not is_own_reseller(state, who.tenant_id, reseller))
    return _add(
        state,
        customer,
        **_sold(state, who, told["offerName"], kind, commerce),
        quantity=quantity,
        parent_id=base["id"] if base else None,
        is_trial=trial,
        partner_of_record_id=reseller,
        term_duration=term,
        billing_cycle=cycle,
        commitment_end_date=_end(state, term, base, trial=trial),
        auto_renew_enabled=_renews(kind, base, trial=trial),
    )


def _sold(state: State, who: Principal, offer: str, kind: str, commerce: str) -> dict[str, Any]:
    """R26: whoever sells is the support contact to begin with."""
    seller = who.tenant_id
    return {
        "owner_id": seller,
        "recorded_by": "partner",
        "channel": "csp",
        "billing_partner_id": seller,
        "support_contact_id": seller,
        "offer_name": offer,
        "billing_type": kind,
        "commerce": commerce,
        "effective_start_date": state.now,
    }


def _terms(told: Input, commerce: str, base: Row | None) -> tuple[str | None, str]:
    """R45: what is metered and what is a trial has no term; legacy sells years; no cycle beyond the term."""
    term, cycle = told.get("termDuration"), told.get("billingCycle")
    if told.get("isTrial") or told["billingType"] == "USAGE":
        only = "none" if told.get("isTrial") else "monthly"
        refuse_if(term or (cycle and cycle.lower() != only))
        return None, only
    if base is not None:
        refuse_if(term and term != base["term_duration"])
        term = base["term_duration"]
    else:
        term = term or "P1Y"
        refuse_if(commerce == "legacy" and term != "P1Y")
    cycle = (cycle or "MONTHLY").lower()
    refuse_if(cycle not in CYCLES or CYCLES[cycle] > MONTHS.get(term, 12))
    return term, cycle


def _end(state: State, term: str | None, base: Row | None, *, trial: bool) -> Any:
    if trial:
        return state.now + timedelta(days=30)
    if base is None:
        return later(state.now, MONTHS[term]) if term else None
    end, months = base["commitment_end_date"], MONTHS.get(base["term_duration"])
    renews = base["auto_renew_enabled"] and end is not None and months
    times = 0
    while renews and later(end, months * times) <= state.now:  # type: ignore[operator]  # it renews, so it has a term
        times += 1
    return later(end, months * times) if renews else end  # type: ignore[operator]  # as above


def _renews(kind: str, base: Row | None, *, trial: bool) -> bool:
    return not trial and kind != "usage" and (base is None or bool(base["auto_renew_enabled"]))


def move(state: State, who: Principal, told: Input) -> Row:
    """R5, R6: a new one in CSP with the services that still run; the old one goes on."""
    old = state.get(who, Action.MOVE_TO_CSP, "Subscription", told["id"])
    customer = state.get(who, Action.CREATE_SUBSCRIPTION, "Customer", old["customer_id"])
    refuse_if(is_contested(state, old, who.tenant_id))
    refuse_if(not is_bound(state, customer["id"], who.tenant_id))
    refuse_if(status(old, state.now) not in LIVE)
    own = state.rows("Subscription", continues_id=old["id"], billing_partner_id=who.tenant_id)
    refuse_if(any(status(each, state.now) in LIVE for each in own))
    return _add(
        state,
        customer,
        **_sold(state, who, "Azure plan", "usage", "new_commerce"),
        quantity=1,
        friendly_name=old["friendly_name"],
        continues_id=old["id"],
        services=[name for name in old["services"] if name not in old["canceled_services"]],
        billing_cycle="monthly",
        auto_renew_enabled=False,
    )
