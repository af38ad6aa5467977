"""Grants of delegated admin (SM7), as the rules tell them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from multichannel.policy.schema.vocabulary import Action, Principal
from tests.policy.oracle import Row
from tests.stateful.model.state import Input, State, refuse_if

GRANT, RELATIONSHIP = "DelegatedAdminGrant", "ResellerRelationship"
RIGHTS = ("support", "manage_subscriptions", "manage_users", "read_directory")
DEFAULT = {"SUPPORT", "MANAGE_SUBSCRIPTIONS"}


def status(row: Row, now: datetime) -> str:
    """Requests lapse after 90 days, grants at their end."""
    lapses = row["expires_at"]
    if row["status"] in {"pending", "active"} and lapses is not None and lapses <= now:
        return "expired"
    return str(row["status"])


def rights_of(row: Row) -> set[str]:
    """The rights, as clients write them."""
    return {right.upper() for right in RIGHTS if row[right]}


def is_open(row: Row, state: State) -> bool:
    """Whether it can still be ended."""
    return status(row, state.now) in {"pending", "active"}


def add(state: State, relationship: Row, told: Input, *, along: bool) -> Row:
    """A new request."""
    rights = set(told.get("rights", DEFAULT))
    refuse_if(not rights)
    return state.add(
        GRANT,
        relationship_id=relationship["id"],
        partner_id=relationship["partner_id"],
        customer_id=relationship["customer_id"],
        requested_with_relationship=along,
        **{right: right.upper() in rights for right in RIGHTS},
        duration_days=365,
        auto_extend=False,
        status="pending",
        ends_at=None,
        expires_at=state.now + timedelta(days=90),
    )


def approve_row(row: Row, state: State, rights: Iterable[str] | None) -> None:
    """The customer's yes, to fewer rights if it likes."""
    refuse_if(status(row, state.now) != "pending")
    wanted = rights_of(row) if rights is None else set(rights)
    refuse_if(not wanted or not wanted <= rights_of(row))
    end = state.now + timedelta(days=365)
    row.update({right: right.upper() in wanted for right in RIGHTS})
    row.update(status="active", ends_at=end, expires_at=end)


def end_all(state: State, relationship: Row, to: str = "terminated") -> None:
    """What belongs to a relationship ends with it."""
    for each in state.rows(GRANT, relationship_id=relationship["id"]):
        if is_open(each, state):
            each["status"] = to


def request(state: State, who: Principal, told: Input) -> Row:
    """One request at a time, within a relationship in force."""
    link = state.get(who, Action.REQUEST_DELEGATED_ADMIN, RELATIONSHIP, told["id"])
    refuse_if(link["status"] != "active")
    pair = {"partner_id": link["partner_id"], "customer_id": link["customer_id"]}
    refuse_if(any(status(each, state.now) == "pending" for each in state.rows(GRANT, **pair)))
    return add(state, link, told, along=False)


def _unanswered(state: State, who: Principal, action: Action, told: Input) -> Row:
    """What was asked for along with a relationship is answered with it."""
    row = state.get(who, action, GRANT, told["id"])
    link = state.rows(RELATIONSHIP, id=row["relationship_id"])[0]
    refuse_if(row["status"] == "pending" and link["status"] != "active")
    return row


def approve(state: State, who: Principal, told: Input) -> Row:
    """The customer's yes."""
    row = _unanswered(state, who, Action.APPROVE, told)
    approve_row(row, state, told.get("rights"))
    return row


def decline(state: State, who: Principal, told: Input) -> Row:
    """The customer's no."""
    row = _unanswered(state, who, Action.DECLINE, told)
    refuse_if(status(row, state.now) != "pending")
    row["status"] = "declined"
    return row


def reduce(state: State, who: Principal, told: Input) -> Row:
    """Either side takes rights away."""
    row = state.get(who, Action.REDUCE, GRANT, told["id"])
    wanted = set(told["rights"])
    refuse_if(status(row, state.now) != "active" or not wanted or not wanted <= rights_of(row))
    row.update({right: right.upper() in wanted for right in RIGHTS})
    return row


def terminate(state: State, who: Principal, told: Input) -> Row:
    """Either side ends it, or the partner takes its request back."""
    row = state.get(who, Action.TERMINATE, GRANT, told["id"])
    refuse_if(not is_open(row, state))
    row["status"] = "terminated"
    return row


def extends_itself(row: Row, now: datetime) -> None:
    """A grant that extends itself does so by 180 days, as often as time has passed."""
    while row["auto_extend"] and row["status"] == "active" and row["ends_at"] <= now:
        row["ends_at"] += timedelta(days=180)


def set_auto_extend(state: State, who: Principal, told: Input) -> Row:
    """The customer decides; it counts from the end as it is now."""
    row = state.get(who, Action.SET_AUTO_EXTEND, GRANT, told["id"])
    refuse_if(status(row, state.now) != "active")
    extends_itself(row, state.now)
    row["auto_extend"] = told["autoExtend"]
    row["expires_at"] = None if row["auto_extend"] else row["ends_at"]
    return row


def revoke(state: State, who: Principal, told: Input) -> Row:
    """R15: everything of the partner ends, and the relationship stays."""
    link = state.get(who, Action.REVOKE_DELEGATED_ADMIN, RELATIONSHIP, told["id"])
    refuse_if(link["status"] != "active")
    pair = {"partner_id": link["partner_id"], "customer_id": link["customer_id"]}
    ending = [each for each in state.rows(GRANT, **pair) if is_open(each, state)]
    refuse_if(not ending)
    for each in ending:
        each["status"] = "terminated"
    return link
