"""Support cases (SM8), as the rules tell them."""

from __future__ import annotations

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Oracle, Row, World
from tests.stateful.model import terms
from tests.stateful.model.customers import ALL_ROLES
from tests.stateful.model.state import Input, State, refuse_if

CASE = "SupportCase"
UNSOLVED = {"open", "in_progress", "waiting_for_customer"}


def _may_support(state: State, partner_id: str | None, subscription: Row) -> bool:
    """R69: anybody of the partner may open cases of the subscription."""
    partner = state.row("Partner", partner_id)
    if partner is None:
        return False
    who = state.member(partner, ALL_ROLES, partner=True)
    oracle = Oracle(World(state.now, state.tables))
    return oracle.may(who, Action.OPEN_SUPPORT_CASE, "Subscription", subscription)


def open_case(state: State, who: Principal, told: Input) -> Row:
    """R69: a partner's is its own; a customer's goes to the support contact, or else to the seller."""
    sold = state.get(who, Action.OPEN_SUPPORT_CASE, "Subscription", told["subscription"])
    refuse_if(terms.status(sold, state.now) == "deleted")
    by_partner = who.kind == "partner"
    first = [sold["support_contact_id"], sold["billing_partner_id"]]
    able = [each for each in first if each and _may_support(state, each, sold)]
    return state.add(
        CASE,
        customer_id=sold["customer_id"],
        subscription_id=sold["id"],
        billing_partner_id=sold["billing_partner_id"],
        assigned_partner_id=who.tenant_id if by_partner else next(iter(able), None),
        opening_partner_id=who.tenant_id if by_partner else None,
        opened_by=str(who.kind),
        subject=told["subject"],
        severity=told["severity"].lower(),
        status="open",
        comment_count=int("comment" in told),
        resolved_at=None,
        closed_at=None,
    )


def comment(state: State, who: Principal, told: Input) -> Row:
    """SM8: the partner's begins the work, the customer's lets it go on."""
    row = state.get(who, Action.COMMENT, CASE, told["id"])
    refuse_if(row["status"] not in UNSOLVED)
    row["comment_count"] += 1
    if told.get("waitsForCustomer"):
        row["status"] = "waiting_for_customer"
    elif who.kind == "partner" or row["status"] == "waiting_for_customer":
        row["status"] = "in_progress"
    return row


def assign(state: State, who: Principal, told: Input) -> Row:
    """R69: to a partner that may support the subscription, and has yet to begin."""
    row = state.get_version(who, Action.ASSIGN, CASE, told)
    sold = state.rows("Subscription", id=row["subscription_id"])[0]
    refuse_if(not _may_support(state, told["partner"], sold))
    refuse_if(row["status"] not in UNSOLVED)
    if row["assigned_partner_id"] != told["partner"]:
        row.update(assigned_partner_id=told["partner"], status="open")
    return row


def resolve(state: State, who: Principal, told: Input) -> Row:
    """SM8: the work has ended."""
    row = state.get_version(who, Action.RESOLVE, CASE, told)
    refuse_if(row["status"] not in UNSOLVED)
    row.update(status="resolved", resolved_at=state.now)
    return _commented(row, told)


def reopen(state: State, who: Principal, told: Input) -> Row:
    """SM8: only what is resolved, and not closed."""
    row = state.get_version(who, Action.REOPEN, CASE, told)
    refuse_if(row["status"] != "resolved")
    row.update(status="open", resolved_at=None)
    return _commented(row, told)


def close(state: State, who: Principal, told: Input) -> Row:
    """SM8: for good."""
    row = state.get_version(who, Action.CLOSE, CASE, told)
    refuse_if(row["status"] != "resolved")
    row.update(status="closed", closed_at=state.now)
    return row


def _commented(row: Row, told: Input) -> Row:
    row["comment_count"] += int("comment" in told)
    return row
