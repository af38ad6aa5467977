"""The life of subscriptions (SM5), as the rules tell it."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import datetime

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.state import Input, State, refuse_if
from tests.stateful.model.terms import DAY, status

LIVE = {"active", "suspended", "pending"}
MONTHS = {"P1M": 1, "P1Y": 12, "P3Y": 36}


def later(start: datetime, months: int) -> datetime:
    """The same day some months later, or the last of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(
        year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1])
    )


def settle(row: Row, now: datetime) -> None:
    """Roll a term that renews on to the one that runs (R45)."""
    end, months = row["commitment_end_date"], MONTHS.get(row["term_duration"])
    if status(row, now) != "active" or not row["auto_renew_enabled"] or not end or not months or end > now:
        return
    times = next(times for times in range(1, 9999) if later(end, months * times) > now)
    row["effective_start_date"] = later(end, months * (times - 1))
    row["commitment_end_date"] = later(end, months * times)


def _fetch(state: State, who: Principal, action: Action, told: Input) -> Row:
    row = state.get_version(who, action, "Subscription", told)
    settle(row, state.now)
    return row


def _is_bound_to_term(row: Row) -> bool:
    """R48: what CSP sells for a term in new commerce."""
    return bool(
        row["channel"] == "csp" and row["commerce"] == "new_commerce" and row["billing_type"] != "usage"
    )


def _window_is_over(row: Row, now: datetime) -> bool:
    return bool(now > row["effective_start_date"] + 7 * DAY)


def _add_ons(state: State, base: Row) -> Iterator[Row]:
    yield from state.rows("Subscription", parent_id=base["id"], owner_id=base["owner_id"])


def update(state: State, who: Principal, told: Input) -> Row:
    """R41, R44: quantity within bounds, less only in the window; add-ons renew with their base at most."""
    row = _fetch(state, who, Action.UPDATE, told)
    csp = row["channel"] == "csp"
    refuse_if(status(row, state.now) not in ({"active"} if csp else LIVE))
    quantity = told.get("quantity", row["quantity"])
    if quantity != row["quantity"]:
        refuse_if(not 1 <= quantity <= (1 if row["billing_type"] == "usage" else 10_000))
        refuse_if(quantity < row["quantity"] and _is_bound_to_term(row) and _window_is_over(row, state.now))
    renews = told.get("autoRenewEnabled", row["auto_renew_enabled"])
    if renews != row["auto_renew_enabled"]:
        base = state.row("Subscription", row["parent_id"])
        bare = row["billing_type"] == "usage" or row["is_trial"] or (base and not base["auto_renew_enabled"])
        refuse_if(csp and renews and bare)
        for each in _add_ons(state, row):
            if not renews and each["auto_renew_enabled"] and status(each, state.now) in LIVE:
                each["auto_renew_enabled"] = False
    row.update(quantity=quantity, auto_renew_enabled=renews)
    row["friendly_name"] = told.get("friendlyName", row["friendly_name"])
    return row


def suspend(state: State, who: Principal, told: Input) -> Row:
    """R41: add-ons go along. New commerce renews no more; legacy is kept for 90 days."""
    row = _fetch(state, who, Action.SUSPEND, told)
    refuse_if(status(row, state.now) != "active")
    for each in (row, *_add_ons(state, row)):
        if status(each, state.now) == "active":
            settle(each, state.now)
            each.update(state="suspended", reason=told["reason"])
            if each["commerce"] == "legacy":
                each["kept_until"] = state.now + 90 * DAY
            elif each["auto_renew_enabled"]:
                each["auto_renew_enabled"] = False
    return row


def reactivate(state: State, who: Principal, told: Input) -> Row:
    """Before the end of the term; an add-on on an active base (R41); what was transferred never (R37)."""
    row = _fetch(state, who, Action.REACTIVATE, told)
    base = state.row("Subscription", row["parent_id"])
    refuse_if(status(row, state.now) != "suspended" or row["left"])
    refuse_if(base is not None and status(base, state.now) != "active")
    along = [
        each
        for each in (_add_ons(state, row) if told.get("includeAddOns") else ())
        if status(each, state.now) == "suspended" and each.get("reason") == row.get("reason")
    ]
    for each in (row, *along):
        if not each["left"]:
            each.update(state="active", kept_until=None, reason=None)
            settle(each, state.now)
    return row


def cancel(state: State, who: Principal, told: Input) -> Row:
    """R48: new commerce in its window only; add-ons end with their base."""
    row = _fetch(state, who, Action.CANCEL, told)
    refuse_if(status(row, state.now) not in LIVE)
    refuse_if(_is_bound_to_term(row) and _window_is_over(row, state.now))
    for each in (row, *_add_ons(state, row)):
        if status(each, state.now) in LIVE:
            each["state"] = "deleted"
    return row


def cancel_service(state: State, who: Principal, told: Input) -> Row:
    """R5: single services, once something in CSP continues the subscription."""
    row = _fetch(state, who, Action.CANCEL_SERVICE, told)
    new = state.rows("Subscription", continues_id=row["id"])
    refuse_if(not any(status(each, state.now) in LIVE for each in new))
    refuse_if(status(row, state.now) not in LIVE)
    refuse_if(told["service"] not in row["services"] or told["service"] in row["canceled_services"])
    row["canceled_services"] = [*row["canceled_services"], told["service"]]
    return row


def _require_not_ended(state: State, row: Row) -> None:
    refuse_if(status(row, state.now) not in LIVE)


def support(state: State, who: Principal, told: Input) -> Row:
    """R70: one with a relationship; for a seller, also the reseller through which it serves the customer."""
    row, partner = _fetch(state, who, Action.ASSIGN_SUPPORT_CONTACT, told), told["partner"]
    of_customer = {"customer_id": row["customer_id"], "status": "active"}
    if partner is not None and not state.rows("ResellerRelationship", partner_id=partner, **of_customer):
        link = {"provider_id": who.tenant_id, "reseller_id": partner, "status": "active"}
        through = {"partner_id": who.tenant_id, "associated_partner_id": partner}
        refuse_if(not state.rows("Partnership", **link))
        refuse_if(not state.rows("ResellerRelationship", **through, **of_customer))
    _require_not_ended(state, row)
    row["support_contact_id"] = partner
    return row


def credit(state: State, who: Principal, told: Input) -> Row:
    """R25: an active reseller of the provider's, or nobody."""
    row = _fetch(state, who, Action.ASSIGN_PARTNER_OF_RECORD, told)
    refuse_if(told["partner"] and not is_own_reseller(state, who.tenant_id, told["partner"]))
    _require_not_ended(state, row)
    row["partner_of_record_id"] = told["partner"]
    return row


def is_own_reseller(state: State, provider_id: str, reseller_id: str) -> bool:
    """R20, R25: an indirect reseller in good standing with an active partnership."""
    link = {"provider_id": provider_id, "reseller_id": reseller_id, "status": "active"}
    standing = {"id": reseller_id, "type": "indirect_reseller", "status": "active"}
    return bool(state.rows("Partnership", **link) and state.rows("Partner", **standing))
