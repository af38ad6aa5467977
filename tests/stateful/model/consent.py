"""Whom customers let read their records, and what they say to records of partners, as the rules tell it."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.relationships import active
from tests.stateful.model.state import Input, State, refuse_if
from tests.stateful.model.subscriptions import LIVE, settle
from tests.stateful.model.terms import status


def share(state: State, who: Principal, told: Input) -> Row:
    """R63: with partners that have a relationship."""
    row = state.get_version(who, Action.SET_SHARING, "Subscription", told)
    settle(row, state.now)
    chosen = set(told.get("partners", []))
    refuse_if(not all(active(state, partner_id=each, customer_id=row["customer_id"]) for each in chosen))
    row.update(sharing=told["sharing"].lower(), shared_with=chosen)
    others = [each for each in state.tables["SubscriptionShare"] if each["subscription_id"] != row["id"]]
    state.tables["SubscriptionShare"] = others + [
        {"subscription_id": row["id"], "customer_id": row["customer_id"], "partner_id": each}
        for each in chosen
    ]
    return row


def share_by_default(state: State, who: Principal, told: Input) -> Row:
    """R63: new records only."""
    customer = state.get(who, Action.SET_SHARING, "Customer", told["id"])
    customer["default_sharing"] = told["sharing"].lower()
    return customer


def label_customer(state: State, who: Principal, told: Input) -> Row:
    """A partner's own notes on what it reads, which change nothing of the record."""
    return state.get(who, Action.LABEL, "Customer", told["id"])


def label_subscription(state: State, who: Principal, told: Input) -> Row:
    """The same for a subscription."""
    return state.get(who, Action.LABEL, "Subscription", told["id"])


def confirm(state: State, who: Principal, told: Input) -> Row:
    """R67, R68: unless another partner sells it already."""
    row = state.get_version(who, Action.CONFIRM, "Subscription", told)
    settle(row, state.now)
    refuse_if(is_contested(state, row, row["owner_id"]))
    return _say(state, row, "confirmed")


def dispute(state: State, who: Principal, told: Input) -> Row:
    """R67."""
    row = state.get_version(who, Action.DISPUTE, "Subscription", told)
    settle(row, state.now)
    return _say(state, row, "disputed")


def _say(state: State, row: Row, word: str) -> Row:
    refuse_if(status(row, state.now) not in LIVE)
    row["confirmation"] = word
    return row


def is_contested(state: State, row: Row, partner_id: str) -> bool:
    """R68: another partner sells the customer what has an id of the record."""
    ids = {row["entitlement_id"], row.get("vendor_id")} - {None}
    return any(
        ids & {each["entitlement_id"], each.get("vendor_id")}
        for each in state.rows("Subscription", customer_id=row["customer_id"], channel="csp")
        if each["billing_partner_id"] != partner_id and status(each, state.now) in LIVE
    )
