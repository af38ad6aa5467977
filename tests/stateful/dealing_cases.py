"""Calls about support cases."""

from __future__ import annotations

from typing import Any

from tests.policy.oracle import Row
from tests.stateful.calls import NOBODY, Deal, Dealt, Hand, global_id
from tests.stateful.model.support_cases import CASE, UNSOLVED
from tests.stateful.organisations import ALDER, BIRCH, CEDAR, DOGWOOD

HANDLERS = ("global_admin", "admin_agent", "helpdesk_agent")
TEXTS = {"comment": "One line\nand another"}


def _side(hand: Hand, row: Row) -> str:
    """Of the customer, or of a partner that has to do with it."""
    sides = [row["customer_id"], row["assigned_partner_id"], row["billing_partner_id"]]
    return hand.user(hand.of(*(each for each in sides if each)), *HANDLERS)


def _open(hand: Hand) -> Dealt:
    row = hand.row("Subscription")
    sides = [row["customer_id"], row["support_contact_id"], row["billing_partner_id"], DOGWOOD]
    told = {
        "subscription": global_id("Subscription", row["id"]),
        "subject": "No mail",
        "severity": hand.of("A", "B", "C"),
        **hand.some(**TEXTS),
    }
    return hand.user(hand.of(*(each for each in sides if each)), *HANDLERS), told


def _comment(hand: Hand) -> Dealt:
    row = hand.row(CASE, lambda row: row["status"] in UNSOLVED)
    told = {"id": global_id(CASE, row["id"]), **TEXTS, **hand.some(waitsForCustomer=True)}
    return _side(hand, row), told


def _assign(hand: Hand) -> Dealt:
    row = hand.row(CASE, lambda row: row["status"] in UNSOLVED)
    partner = hand.of(ALDER, BIRCH, CEDAR, DOGWOOD, row["customer_id"], NOBODY)
    return _side(hand, row), {**hand.version(row), "partner": partner}


def _resolve(hand: Hand) -> Dealt:
    row = hand.row(CASE, lambda row: row["status"] in UNSOLVED)
    return _side(hand, row), {**_told(hand, row), **hand.some(**TEXTS)}


def _reopen(hand: Hand) -> Dealt:
    row = hand.row(CASE, lambda row: row["status"] == "resolved")
    return _side(hand, row), {**_told(hand, row), **hand.some(**TEXTS)}


def _close(hand: Hand) -> Dealt:
    row = hand.row(CASE, lambda row: row["status"] == "resolved")
    return _side(hand, row), _told(hand, row)


def _told(hand: Hand, row: Row) -> dict[str, Any]:
    told = hand.version(row)
    return told if hand.coin() else {"id": told["id"]}


CASES: dict[str, Deal] = {
    "openSupportCase": _open,
    "commentOnSupportCase": _comment,
    "assignSupportCase": _assign,
    "resolveSupportCase": _resolve,
    "reopenSupportCase": _reopen,
    "closeSupportCase": _close,
}
