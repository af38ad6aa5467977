"""What is to do at the vendor, as the rules tell it. No export is ever read here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.state import Input, State, refuse_if
from tests.stateful.model.subscriptions import settle
from tests.stateful.model.terms import status

UNKNOWN: dict[str, Any] = {"vendor_id": None, "task": None, "wishes": {}}
FOLLOWED = ("state", "quantity", "auto_renew_enabled")
OVER = {"expired", "disabled", "deleted"}


def follow(state: State, before: Sequence[Row]) -> None:
    """What a call has changed is to change at the vendor, too; what is new in CSP is to be bought there."""
    former = {row["id"]: row for row in before}
    for row in state.tables["Subscription"]:
        old = former.get(row["id"])
        if old is None:
            row.update(UNKNOWN, wishes={})
        if row["channel"] != "csp":
            continue
        if old is None:
            moved = former.get(row["continues_id"] or "")
            came = moved is not None and moved["channel"] == "csp" and moved["vendor_id"] is not None
            row["task"] = "transfer" if came else "purchase"
        elif row["vendor_id"] is None:
            over = row["left"] or row["state"] in OVER
            row["task"] = None if over else row["task"]
        else:
            _wish(row, old)


def _wish(row: Row, old: Row) -> None:
    wishes = dict(row["wishes"])
    for name in FOLLOWED:
        if row[name] != old[name]:
            there = wishes[name][0] if name in wishes else old[name]
            wishes[name] = (there, row[name])
    if row["state"] in OVER and row["state"] != old["state"]:
        wishes = {"state": wishes["state"]}
    row["wishes"] = {name: pair for name, pair in wishes.items() if pair[0] != pair[1]}


def _require_free(state: State, row: Row, told: Input) -> None:
    taken = state.rows("Subscription", owner_id=row["owner_id"], vendor_id=told.get("vendorId"))
    refuse_if(told.get("vendorId") and [each for each in taken if each is not row])


def link(state: State, who: Principal, told: Input) -> Row:
    """Once; what is over here is to be over there."""
    row = state.get_version(who, Action.LINK, "Subscription", told)
    settle(row, state.now)
    refuse_if(row["vendor_id"] is not None)
    _require_free(state, row, told)
    return _linked(state, row, told)


def _linked(state: State, row: Row, told: Input) -> Row:
    over = status(row, state.now) in OVER
    row.update(vendor_id=told["vendorId"], task=None, wishes={"state": ("active", "deleted")} if over else {})
    row["entitlement_id"] = told.get("entitlementId", row["entitlement_id"])
    return row


def complete(state: State, who: Principal, told: Input) -> Row:
    """Done as it is here; or given up, so that it is as the vendor has it, or is no more."""
    row = state.get_version(who, Action.COMPLETE_VENDOR_TASK, "Subscription", told)
    settle(row, state.now)
    known, discard = row["vendor_id"], told.get("discard", False)
    is_open = bool(row["wishes"]) if known else row["task"] and status(row, state.now) not in OVER
    refuse_if(not is_open)
    refuse_if(known and told.get("vendorId", known) != known)
    if not discard:
        _require_free(state, row, told)
    refuse_if(discard and (row["task"] == "transfer" or (row["left"] and "state" in row["wishes"])))
    if not known and not discard:
        refuse_if("vendorId" not in told)
        return _linked(state, row, told)
    if not known:
        row.update(state="deleted", task=None)
        return row
    if not discard:
        row["entitlement_id"] = told.get("entitlementId", row["entitlement_id"])
    for name, (there, _) in row["wishes"].items() if discard else ():
        row[name] = there
        if name == "state":
            kept = there == "suspended" and row["commerce"] == "legacy"
            row["kept_until"] = state.now + timedelta(days=90) if kept else None
            row["reason"] = None if there == "active" else row.get("reason")
    row["wishes"] = {}
    return row
