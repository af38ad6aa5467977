"""The end of reseller relationships, and of the part of resellers in them (SM1), as the rules tell it."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model import delegated_admin, terms
from tests.stateful.model.relationships import RELATIONSHIP, active, status
from tests.stateful.model.state import Input, State, refuse_if


def remove(state: State, who: Principal, told: Input) -> Row:
    """R17: nothing billed is active; admin rights and support contacts go with the last relationship."""
    row = state.get(who, Action.REMOVE, RELATIONSHIP, told["id"])
    refuse_if(status(row, state) != "active")
    row.update(status="removed")
    delegated_admin.end_all(state, row)
    pair = {"partner_id": row["partner_id"], "customer_id": row["customer_id"]}
    if not active(state, **pair):
        running = state.rows(
            "Subscription", billing_partner_id=row["partner_id"], customer_id=row["customer_id"]
        )
        refuse_if(any(terms.status(each, state.now) == "active" for each in running))
        _supports_nothing(state, row["partner_id"], row["customer_id"])
    _leave(state, row["associated_partner_id"], row["customer_id"])
    return row


def end(state: State, who: Principal, told: Input) -> Row:
    """R62: the customer takes its permission back; what the partner bills goes on, and nothing else does."""
    row = state.get(who, Action.END, RELATIONSHIP, told["id"])
    refuse_if(status(row, state) != "active")
    row.update(status="ended_by_customer", end_reason=told["reason"])
    delegated_admin.end_all(state, row)
    partner, customer = row["partner_id"], row["customer_id"]
    if row["associated_partner_id"] is None:
        for each in _attached(state, partner, customer, "active", "removed"):
            _take_off(state, each, by_customer=True)
    if not _serves(state, partner, customer):
        state.tables["SubscriptionShare"] = [
            each
            for each in state.tables["SubscriptionShare"]
            if (each["partner_id"], each["customer_id"]) != (partner, customer)
        ]
        for earlier in state.rows(RELATIONSHIP, partner_id=partner, customer_id=customer, status="removed"):
            earlier["status"] = "ended_by_customer"
        _supports_nothing(state, partner, customer, but_billed=True)
    gone = row["associated_partner_id"]
    _leave(state, gone, customer)
    if gone and not _serves(state, gone, customer):
        for each in _attached(state, gone, customer, "removed"):
            _take_off(state, each, by_customer=True)
    return row


def detach(state: State, who: Principal, told: Input) -> Row:
    """R24: the provider goes on without its reseller."""
    row = state.get(who, Action.DETACH_RESELLER, RELATIONSHIP, told["id"])
    refuse_if(status(row, state) != "active")
    reseller, customer = row["associated_partner_id"], row["customer_id"]
    refuse_if(reseller is None)
    by_customer = who.kind == "customer"
    _take_off(state, row, by_customer=by_customer)
    _leave(state, reseller, customer)
    if not _serves(state, reseller, customer):
        for each in _attached(state, reseller, customer, "removed"):
            _take_off(state, each, by_customer=by_customer)
    return row


def _attached(state: State, reseller: str, customer: str, *statuses: str) -> list[Row]:
    rows = state.rows(RELATIONSHIP, associated_partner_id=reseller, customer_id=customer)
    return [each for each in rows if each["status"] in statuses]


def _take_off(state: State, row: Row, *, by_customer: bool) -> None:
    """Without its reseller; a provider has no second relationship of its own with the customer."""
    own = {"partner_id": row["partner_id"], "customer_id": row["customer_id"], "associated_partner_id": None}
    if row["status"] == "active" and active(state, **own):
        row["status"] = "ended_by_customer" if by_customer else "removed"
        delegated_admin.end_all(state, row)
    if by_customer:
        row["detached_reseller_ids"] = [*row["detached_reseller_ids"], row["associated_partner_id"]]
    row["associated_partner_id"] = None


def _leave(state: State, reseller: str | None, customer: str) -> None:
    """A reseller that serves the customer in no way any more supports nothing of it."""
    if reseller and not _serves(state, reseller, customer):
        _supports_nothing(state, reseller, customer, but_billed=True)


def _serves(state: State, partner: str, customer: str) -> bool:
    ends = ("partner_id", "associated_partner_id")
    return any(active(state, customer_id=customer, **{end: partner}) for end in ends)


def _supports_nothing(state: State, partner: str, customer: str, *, but_billed: bool = False) -> None:
    for each in state.rows("Subscription", support_contact_id=partner, customer_id=customer):
        private = each["channel"] != "csp" and each["recorded_by"] == "partner"
        billed = but_billed and each["billing_partner_id"] == partner
        if not billed and (not private or each["owner_id"] == partner):
            each["support_contact_id"] = None
