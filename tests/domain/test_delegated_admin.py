"""Grants of delegated admin (SM7): who does what in which state, and what time does to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.base import new_id
from multichannel.domain.delegated_admin import (
    DelegatedAdminGrant,
    new_delegated_admin_grant,
    new_delegated_admin_request,
)
from multichannel.domain.delegated_admin_terms import (
    DEFAULT_RIGHTS,
    EVERY_RIGHT,
    DelegatedAdminApproval,
    DelegatedAdminStatus,
    DelegatedAdminTerms,
    DelegatedRight,
    extended_end,
    parse_duration,
    require_rights_for_relationship,
)
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud, TenantKind
from tests.domain.builders import DAY, NOW, relationship
from tests.refusals import refuses

PENDING, ACTIVE, DECLINED, EXPIRED, TERMINATED = DelegatedAdminStatus
SUPPORT, SUBSCRIPTIONS, USERS, DIRECTORY = DelegatedRight
END = NOW + 365 * DAY


def request(**differing: Any) -> DelegatedAdminGrant:
    """A request of every right for a year, unless it differs."""
    terms = DelegatedAdminTerms(**({"rights": EVERY_RIGHT} | differing))
    return new_delegated_admin_request(relationship(id=new_id()), terms, at=NOW)


def grant(**differing: Any) -> DelegatedAdminGrant:
    """The same, approved at once."""
    row = request(**differing)
    row.approve(DelegatedAdminApproval(), at=NOW)
    row.version = 1
    return row


def stored(status: DelegatedAdminStatus) -> DelegatedAdminGrant:
    """A row of this stored status."""
    row = request() if status is PENDING else grant()
    row.stored_status = status
    return row


EVENTS: dict[str, Callable[[DelegatedAdminGrant, datetime], object]] = {
    "approve": lambda row, at: row.approve(DelegatedAdminApproval(), at=at),
    "decline": lambda row, at: row.decline(at=at),
    "reduce": lambda row, at: row.reduce({SUPPORT}, at=at),
    "terminate": lambda row, at: row.terminate(TenantKind.PARTNER, at=at),
    "auto-extend": lambda row, at: row.set_auto_extend(auto_extend=True, at=at),
    "expire": lambda row, at: row.apply_due(at),
}
CLOSED = dict.fromkeys(("approve", "decline"), Refusal.GRANT_CLOSED)
LAPSED = dict.fromkeys(("approve", "decline"), Refusal.GRANT_EXPIRED)
IDLE = dict.fromkeys(("reduce", "auto-extend"), Refusal.GRANT_NOT_ACTIVE)
ENDED = {"terminate": Refusal.GRANT_ENDED}
TABLE: dict[str, tuple[DelegatedAdminStatus, datetime, dict[str, Any]]] = {
    "pending": (
        PENDING,
        NOW + 90 * DAY - timedelta(seconds=1),
        {"approve": ACTIVE, "decline": DECLINED, "terminate": TERMINATED, "expire": None, **IDLE},
    ),
    "unanswered": (PENDING, NOW + 90 * DAY, {**LAPSED, **IDLE, **ENDED, "expire": EXPIRED}),
    "active": (
        ACTIVE,
        END - timedelta(seconds=1),
        {"reduce": ACTIVE, "auto-extend": ACTIVE, "terminate": TERMINATED, "expire": None, **CLOSED},
    ),
    "over": (ACTIVE, END, {**CLOSED, **IDLE, **ENDED, "expire": EXPIRED}),
    "declined": (DECLINED, NOW, {**CLOSED, **IDLE, **ENDED, "expire": None}),
    "expired": (EXPIRED, NOW, {**CLOSED, **IDLE, **ENDED, "expire": None}),
    "terminated": (TERMINATED, NOW, {**CLOSED, **IDLE, **ENDED, "expire": None}),
}
"""By state: the stored status, the time, and the outcome of each event: a status, a refusal, or nothing."""


@pytest.mark.rule("SM7")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", TABLE)
def test_every_event_in_every_state(state: str, event: str) -> None:
    status, at, outcomes = TABLE[state]
    row, outcome = stored(status), outcomes[event]
    before = (row.stored_status, row.version, row.rights, row.closed_at)

    if isinstance(outcome, Refusal):
        with refuses(outcome):
            EVENTS[event](row, at)
    else:
        EVENTS[event](row, at)

    if isinstance(outcome, DelegatedAdminStatus):
        assert (row.stored_status, row.version, row.updated_at) == (outcome, 2, at)
        assert (row.closed_at is None) == (outcome is ACTIVE)
    else:
        assert (row.stored_status, row.version, row.rights, row.closed_at) == before


@pytest.mark.rule("SM7")
def test_the_customer_approves_less_and_for_a_shorter_time() -> None:
    row = request(duration=100 * DAY)

    row.approve(DelegatedAdminApproval(rights=frozenset({SUPPORT}), duration=10 * DAY), at=NOW + DAY)

    assert row.rights == {SUPPORT}
    assert (row.starts_at, row.ends_at, row.duration) == (NOW + DAY, NOW + 11 * DAY, "P10D")


@pytest.mark.rule("SM7")
@pytest.mark.parametrize(
    ("approval", "refusal"),
    [
        (DelegatedAdminApproval(rights=frozenset()), Refusal.RIGHTS_REQUIRED),
        (DelegatedAdminApproval(rights=EVERY_RIGHT), Refusal.RIGHTS_NOT_REQUESTED),
        (DelegatedAdminApproval(duration=366 * DAY), Refusal.DURATION_TOO_LONG),
    ],
)
def test_nothing_is_approved_that_was_not_requested(
    approval: DelegatedAdminApproval, refusal: Refusal
) -> None:
    row = request(rights=frozenset({SUPPORT, USERS}))
    with refuses(refusal):
        row.approve(approval, at=NOW)
    assert (row.stored_status, row.version, row.rights) == (PENDING, 1, frozenset({SUPPORT, USERS}))


@pytest.mark.rule("SM7")
def test_rights_are_taken_away_from_an_active_grant_and_never_added() -> None:
    row = grant(rights=frozenset({SUPPORT, USERS}))
    row.reduce({SUPPORT}, at=NOW)
    assert (row.rights, row.version) == (frozenset({SUPPORT}), 2)
    row.reduce({SUPPORT}, at=NOW)
    assert row.version == 2
    with refuses(Refusal.RIGHTS_NOT_REQUESTED):
        row.reduce({SUPPORT, USERS}, at=NOW)
    with refuses(Refusal.RIGHTS_REQUIRED):
        row.reduce(set(), at=NOW)


@pytest.mark.rule("SM7")
@pytest.mark.parametrize(("days", "possible"), [(0, False), (1, True), (730, True), (731, False)])
def test_a_grant_lasts_from_one_day_to_two_years(days: int, *, possible: bool) -> None:
    if possible:
        assert request(duration=days * DAY).duration_days == days
    else:
        with refuses(Refusal.DURATION_OUT_OF_RANGE):
            request(duration=days * DAY)


@pytest.mark.rule("SM7")
@given(late=st.integers(0, 3000))
def test_a_grant_extends_itself_by_180_days_as_often_as_time_has_passed(late: int) -> None:
    row, now = grant(auto_extend=True, duration=10 * DAY), NOW + late * DAY

    assert row.status_at(now) is ACTIVE
    end = row.end_at(now)
    assert end is not None
    assert end > now
    assert (end - (NOW + 10 * DAY)) % (180 * DAY) == timedelta(0)
    assert end - now <= max(180 * DAY, 10 * DAY)
    assert row.apply_due(now) is (late >= 10)
    assert (row.ends_at, row.apply_due(now)) == (end, False)


@pytest.mark.rule("SM7")
def test_a_grant_that_stops_extending_itself_ends_at_its_current_end() -> None:
    row = grant(auto_extend=True, duration=10 * DAY)
    row.set_auto_extend(auto_extend=False, at=NOW + 11 * DAY)

    assert row.ends_at == row.expires_at == NOW + 190 * DAY
    assert row.status_at(NOW + 190 * DAY) is EXPIRED
    assert row.end_at(NOW + 400 * DAY) == NOW + 190 * DAY


@pytest.mark.rule("SM7")
def test_notice_is_given_30_7_and_1_day_before_the_end_and_once_each() -> None:
    row, given = grant(duration=60 * DAY), []
    for day in range(62):
        at = NOW + day * DAY
        given += [60 - day] * row.take_notice(at)
        assert not row.take_notice(at)
    assert given == [30, 7, 1]


@pytest.mark.rule("SM7")
def test_late_notices_are_given_as_one_and_ended_grants_give_none() -> None:
    late, extending, ended = grant(), grant(auto_extend=True), grant()
    ended.terminate(TenantKind.CUSTOMER, at=NOW)

    assert late.take_notice(END - 2 * DAY)
    assert late.notice_at == END - DAY
    assert not extending.take_notice(END - DAY)
    assert not ended.take_notice(END - DAY)
    assert not grant().take_notice(END)


def test_an_end_by_either_side_names_the_side_and_an_expiry_names_none() -> None:
    row = grant()
    row.terminate(TenantKind.PARTNER, at=NOW + DAY)
    assert (row.ended_by, row.closed_at, row.notice_at) == (TenantKind.PARTNER, NOW + DAY, None)

    row = grant()
    row.apply_due(END + DAY)
    assert (row.ended_by, row.closed_at, row.notice_at) == (None, END, None)


def test_the_partner_does_not_learn_the_customer_of_an_unanswered_request() -> None:
    customer_id = new_id()
    link = relationship(id=new_id(), customer_id=customer_id)
    along = new_delegated_admin_request(link, DelegatedAdminTerms(), at=NOW, with_relationship=True)
    within = new_delegated_admin_request(link, DelegatedAdminTerms(), at=NOW)

    assert (along.answered_for, within.answered_for) == (None, customer_id)
    along.terminate(TenantKind.PARTNER, at=NOW)
    assert along.answered_for is None
    along = new_delegated_admin_request(link, DelegatedAdminTerms(), at=NOW, with_relationship=True)
    along.decline(at=NOW)
    assert along.answered_for == customer_id


@pytest.mark.rule("R61")
def test_in_the_us_government_cloud_a_relationship_needs_the_right_to_support() -> None:
    with refuses(Refusal.DELEGATED_ADMIN_REQUIRED):
        require_rights_for_relationship(Cloud.US_GOVERNMENT, ())
    with refuses(Refusal.SUPPORT_RIGHT_REQUIRED):
        require_rights_for_relationship(Cloud.US_GOVERNMENT, {SUBSCRIPTIONS, DIRECTORY})
    require_rights_for_relationship(Cloud.US_GOVERNMENT, {SUPPORT})
    require_rights_for_relationship(Cloud.PUBLIC, ())


def test_a_request_needs_a_right_and_asks_by_default_for_what_support_takes() -> None:
    with refuses(Refusal.RIGHTS_REQUIRED):
        request(rights=frozenset())
    default = new_delegated_admin_request(relationship(), DelegatedAdminTerms(), at=NOW)
    assert (default.rights, default.duration, default.auto_extend) == (DEFAULT_RIGHTS, "P365D", False)


def test_a_grant_of_the_vendor_is_active_and_new() -> None:
    row = new_delegated_admin_grant(relationship(), DelegatedAdminTerms(rights=EVERY_RIGHT), at=NOW)
    assert (row.stored_status, row.version, row.ends_at, row.rights) == (ACTIVE, 1, END, EVERY_RIGHT)


@pytest.mark.parametrize(
    ("text", "days"),
    [("P1D", 1), ("P730D", 730), ("P2Y", 730), ("P0D", 0), ("P1M", None), ("1D", None), ("P-1D", None)],
)
def test_durations_are_whole_days_or_years(text: str, days: int | None) -> None:
    assert parse_duration(text) == (None if days is None else days * DAY)


def test_an_end_in_the_future_is_not_extended() -> None:
    assert extended_end(NOW + DAY, NOW) == NOW + DAY
    assert extended_end(NOW, NOW) == NOW + 180 * DAY
