"""The life of a subscription: every state meets every event, in both generations of commerce."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.base import new_id
from multichannel.domain.commerce import (
    BillingType,
    Channel,
    Commerce,
    StopReason,
    SubscriptionStatus,
)
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.terms import add_months, renewed_term
from multichannel.errors import Refused
from tests.domain.builders import BEGAN, DAY, ENDS, NOW, subscription
from tests.refusals import refuses

LEGACY, NEW = Commerce.LEGACY, Commerce.NEW_COMMERCE
STATES = [state.value for state in SubscriptionStatus]
REASON = StopReason.NON_PAYMENT


def facts(row: Subscription) -> dict[str, Any]:
    """All that is stored of it."""
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


def outcome(row: Subscription, event: Callable[[Subscription], object], now: datetime = NOW) -> str:
    """The status in force after an event, or the code of the refusal, which changes nothing."""
    before = facts(row)
    try:
        event(row)
    except Refused as refusal:
        assert facts(row) == before
        return refusal.code
    assert row.version == before["version"] + 1
    assert row.updated_at == now
    return row.status_at(now).value


EVENTS: dict[str, Callable[[Subscription], object]] = {
    "suspend": lambda row: row.suspend(REASON, at=NOW),
    "reactivate": lambda row: row.reactivate(at=NOW),
    "cancel": lambda row: row.cancel(REASON, at=NOW),
    "quantity": lambda row: row.change({"quantity": 11}, at=NOW),
    "renewal": lambda row: row.change({"auto_renew_enabled": False}, at=NOW),
    "name": lambda row: row.change({"friendly_name": "Seats"}, at=NOW),
    "contact": lambda row: row.assign_support_contact(new_id(), at=NOW),
    "credit": lambda row: row.assign_partner_of_record(new_id(), "1", at=NOW),
    "service": lambda row: row.cancel_service("storage", at=NOW),
}
ENDED = "SUBSCRIPTION_ENDED"
LOCKED, EARLY, RUNNING = "SUBSCRIPTION_SUSPENDED", "SUBSCRIPTION_NOT_ACTIVE", "SUBSCRIPTION_NOT_SUSPENDED"
LATE = "CANCEL_WINDOW_PASSED"
AFTERWARDS = {
    # state: what comes of suspend, reactivate, cancel (legacy, new commerce), any edit, naming, one service
    "none": (EARLY, RUNNING, EARLY, EARLY, EARLY, "none", EARLY),
    "active": ("suspended", RUNNING, "deleted", LATE, "active", "active", "active"),
    "suspended": (LOCKED, "active", "deleted", LATE, LOCKED, "suspended", "suspended"),
    "pending": (EARLY, RUNNING, "deleted", LATE, EARLY, "pending", "pending"),
    "deleted": (ENDED,) * 7,
    "expired": (ENDED,) * 7,
    "disabled": (ENDED,) * 7,
}


def expected(state: str, event: str, commerce: Commerce) -> str:
    suspend, reactivate, cancel, cancel_new, edit, name, service = AFTERWARDS[state]
    return {
        "suspend": suspend,
        "reactivate": reactivate,
        "cancel": cancel if commerce is LEGACY else cancel_new,
        "contact": name,
        "credit": name,
        "service": service,
    }.get(event, edit)


@pytest.mark.rule("SM5")
@pytest.mark.parametrize("commerce", [LEGACY, NEW])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_every_state_meets_every_event(state: str, event: str, commerce: Commerce) -> None:
    row = subscription(commerce, stored_status=SubscriptionStatus(state))

    assert outcome(row, EVENTS[event]) == expected(state, event, commerce)


@pytest.mark.rule("R48")
@pytest.mark.parametrize("state", ["active", "suspended", "pending"])
def test_new_commerce_is_canceled_until_its_window_closes_and_not_a_moment_later(state: str) -> None:
    until = BEGAN + 7 * DAY

    def at(now: datetime) -> str:
        row = subscription(stored_status=SubscriptionStatus(state))
        return outcome(row, lambda each: each.cancel(REASON, at=now), now)

    assert at(until) == "deleted"
    assert at(until + timedelta(microseconds=1)) == LATE


@pytest.mark.rule("R48")
def test_a_refusal_tells_when_the_window_closed() -> None:
    with refuses(Refusal.CANCEL_WINDOW_PASSED, match="until 2025-12-07 09:00 UTC"):
        subscription().cancel(REASON, at=NOW)


@pytest.mark.rule("R48")
def test_a_window_that_is_not_written_down_is_counted_from_the_beginning() -> None:
    unknown = subscription(cancellation_allowed_until_date=None)
    fresh = subscription(cancellation_allowed_until_date=None, effective_start_date=NOW - DAY)
    nothing = subscription(
        cancellation_allowed_until_date=None, effective_start_date=datetime(1, 1, 1, tzinfo=UTC)
    )

    assert outcome(unknown, EVENTS["cancel"]) == LATE
    assert outcome(fresh, EVENTS["cancel"]) == "deleted"
    with refuses(Refusal.CANCEL_WINDOW_PASSED, match="within seven days"):
        nothing.cancel(REASON, at=NOW)


@pytest.mark.rule("R48")
def test_what_is_metered_has_no_term_to_be_bound_to() -> None:
    metered = subscription(billing_type=BillingType.USAGE, cancellation_allowed_until_date=None)

    assert outcome(metered, EVENTS["cancel"]) == "deleted"


@pytest.mark.rule("R5")
@pytest.mark.parametrize("commerce", [LEGACY, NEW])
def test_a_record_of_another_channel_has_no_window_and_no_lock(commerce: Commerce) -> None:
    for state in (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED, SubscriptionStatus.PENDING):
        elsewhere = {"channel": Channel.EA, "stored_status": state}
        assert outcome(subscription(commerce, **elsewhere), EVENTS["cancel"]) == "deleted"
        assert outcome(subscription(commerce, **elsewhere), EVENTS["quantity"]) == state.value


@pytest.mark.rule("R42")
def test_why_it_was_stopped_is_kept_until_it_goes_on() -> None:
    row = subscription(LEGACY)
    row.suspend(StopReason.FRAUD, at=NOW)
    assert row.suspension_reasons == ["fraud"]
    row.reactivate(at=NOW)
    assert row.suspension_reasons == []
    row.cancel(StopReason.CUSTOMER_REQUEST, at=NOW)
    assert (row.cancellation_reason, row.deleted_at) == ("customer_request", NOW)


def states(row: Subscription, *days: float) -> list[str]:
    """The status in force so many days after its term ends."""
    return [row.status_at(ENDS + timedelta(days=day)).value for day in days]


@pytest.mark.rule("SM5")
def test_new_commerce_that_does_not_renew_expires_is_disabled_and_deleted() -> None:
    row = subscription()
    row.change({"auto_renew_enabled": False}, at=NOW)

    assert states(row, -0.1, 0, 29.9, 30, 119.9, 120) == [
        "active",
        "expired",
        "expired",
        "disabled",
        "disabled",
        "deleted",
    ]


@pytest.mark.rule("SM5")
def test_legacy_that_does_not_renew_has_no_time_of_grace() -> None:
    row = subscription(LEGACY)
    row.change({"auto_renew_enabled": False}, at=NOW)

    assert states(row, -0.1, 0, 89.9, 90) == ["active", "disabled", "disabled", "deleted"]


@pytest.mark.rule("SM5")
def test_turning_renewal_on_again_clears_what_was_due() -> None:
    row = subscription()
    row.change({"auto_renew_enabled": False}, at=NOW)
    row.change({"auto_renew_enabled": True}, at=NOW)

    assert (row.expires_at, row.disabled_at, row.deleted_at) == (None, None, None)
    assert states(row, 0, 1000) == ["active", "active"]


@pytest.mark.rule("SM5")
def test_a_suspended_legacy_subscription_is_deleted_after_90_days() -> None:
    row = subscription(LEGACY)
    row.suspend(REASON, at=NOW)

    assert row.status_at(NOW + timedelta(days=89.9)) == "suspended"
    assert row.status_at(NOW + timedelta(days=90)) == "deleted"
    assert outcome(row, lambda each: each.reactivate(at=NOW + 90 * DAY)) == ENDED


@pytest.mark.rule("SM5")
def test_suspension_of_new_commerce_goes_on_until_the_term_ends_and_does_not_renew() -> None:
    row = subscription()
    row.suspend(REASON, at=NOW)

    assert row.auto_renew_enabled is False
    assert states(row, -0.1, 0, 30, 120) == ["suspended", "expired", "disabled", "deleted"]
    assert outcome(row, lambda each: each.reactivate(at=ENDS)) == ENDED


@pytest.mark.rule("SM5")
def test_reactivation_does_not_bring_back_a_term_that_is_over() -> None:
    row = subscription(
        stored_status=SubscriptionStatus.SUSPENDED, auto_renew_enabled=False, commitment_end_date=NOW
    )

    assert outcome(row, EVENTS["reactivate"]) == ENDED


@pytest.mark.rule("R41")
def test_suspending_a_base_suspends_its_active_add_ons_and_canceling_ends_all_that_live() -> None:
    base = subscription(LEGACY)
    add_ons = [subscription(LEGACY, stored_status=SubscriptionStatus(state)) for state in STATES]

    base.suspend(REASON, at=NOW, add_ons=add_ons)
    assert [each.stored_status.value for each in add_ons] == [
        "suspended" if state == "active" else state for state in STATES
    ]
    base.cancel(REASON, at=NOW, add_ons=add_ons)
    assert [each.stored_status.value for each in add_ons] == [
        "deleted" if state in {"active", "suspended", "pending"} else state for state in STATES
    ]


@pytest.mark.rule("R41")
@pytest.mark.parametrize("state", STATES)
def test_an_add_on_is_reactivated_on_an_active_base_only(state: str) -> None:
    base = subscription(stored_status=SubscriptionStatus(state))
    add_on = subscription(stored_status=SubscriptionStatus.SUSPENDED, parent_id=base.id)
    after_it = "active" if state == "active" else Refusal.PARENT_NOT_ACTIVE.code

    assert outcome(add_on, lambda each: each.reactivate(at=NOW, parent=base)) == after_it


@pytest.mark.rule("R41", "SM5")
def test_a_base_is_reactivated_with_the_add_ons_that_were_suspended_along_with_it() -> None:
    base, along = subscription(), subscription()
    ended = subscription(auto_renew_enabled=False, commitment_end_date=NOW + DAY / 2)
    apart = subscription(
        stored_status=SubscriptionStatus.SUSPENDED, suspension_reasons=[StopReason.FRAUD.value]
    )
    deleted = subscription(stored_status=SubscriptionStatus.DELETED)
    add_ons = [along, ended, apart, deleted]
    base.suspend(REASON, at=NOW, add_ons=add_ons)

    base.reactivate(at=NOW + DAY, add_ons=add_ons)

    states = [each.status_at(NOW + DAY).value for each in (base, *add_ons)]
    assert states == ["active", "active", "expired", "suspended", "deleted"]


@pytest.mark.rule("R41")
def test_add_ons_stop_renewing_with_their_base_and_do_not_renew_without_it() -> None:
    base, add_on = subscription(), subscription()
    base.change({"auto_renew_enabled": False}, at=NOW, add_ons=[add_on])

    assert add_on.auto_renew_enabled is False
    assert add_on.expires_at == base.expires_at == ENDS
    with refuses(Refusal.AUTO_RENEW_NOT_ALLOWED):
        add_on.change({"auto_renew_enabled": True}, at=NOW, parent=base)


@pytest.mark.rule("R41")
@pytest.mark.parametrize("differing", [{"billing_type": BillingType.USAGE}, {"is_trial": True}])
def test_what_is_metered_and_trials_do_not_renew(differing: dict[str, Any]) -> None:
    row = subscription(auto_renew_enabled=False, **differing)

    assert outcome(row, lambda each: each.change({"auto_renew_enabled": True}, at=NOW)) == (
        "AUTO_RENEW_NOT_ALLOWED"
    )


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("billing_type", "quantity", "fits"),
    [
        (BillingType.LICENSE, 0, False),
        (BillingType.LICENSE, -1, False),
        (BillingType.LICENSE, 10_000, True),
        (BillingType.LICENSE, 10_001, False),
        (BillingType.USAGE, 1, True),
        (BillingType.USAGE, 2, False),
    ],
)
def test_quantities_have_bounds(billing_type: BillingType, quantity: int, fits: bool) -> None:  # noqa: FBT001  (a column of the table)
    row = subscription(LEGACY, billing_type=billing_type)

    result = outcome(row, lambda each: each.change({"quantity": quantity}, at=NOW))

    assert result == ("active" if fits else Refusal.QUANTITY_OUT_OF_RANGE.code)


@pytest.mark.rule("R44")
def test_new_commerce_keeps_its_licences_once_the_window_is_closed() -> None:
    fewer: Callable[[Subscription], object] = lambda row: row.change({"quantity": 9}, at=NOW)  # noqa: E731  (an event as the others)

    assert outcome(subscription(), fewer) == Refusal.QUANTITY_DECREASE_BARRED.code
    assert outcome(subscription(cancellation_allowed_until_date=NOW), fewer) == "active"
    assert outcome(subscription(LEGACY), fewer) == "active"
    assert outcome(subscription(channel=Channel.OPEN), fewer) == "active"


def test_edits_that_change_nothing_are_no_change() -> None:
    row = subscription()
    row.change({"quantity": 10, "auto_renew_enabled": True, "friendly_name": None}, at=NOW)
    row.assign_support_contact(None, at=NOW)
    row.assign_partner_of_record(None, None, at=NOW)

    assert row.version == 1


@pytest.mark.rule("R46")
def test_a_change_names_the_version_it_saw() -> None:
    row = subscription(version=3)
    row.require_version(3)
    for stale in (2, 4):
        with refuses(Refusal.STALE_VERSION):
            row.require_version(stale)


@pytest.mark.rule("R5")
def test_services_are_canceled_one_by_one_and_once() -> None:
    row = subscription()
    row.cancel_service("storage", at=NOW)
    assert row.canceled_services == ["storage"]
    with refuses(Refusal.SERVICE_ALREADY_CANCELED):
        row.cancel_service("storage", at=NOW)
    with refuses(Refusal.SERVICE_UNKNOWN):
        row.cancel_service("mail", at=NOW)


@pytest.mark.rule("R45")
def test_a_term_that_is_over_has_been_renewed_as_often_as_it_took() -> None:
    row = subscription(LEGACY, term_duration=None)  # a legacy licence runs for a year

    assert row.apply_due(ENDS + 800 * DAY) is True
    assert row.effective_start_date == add_months(ENDS, 24)
    assert row.commitment_end_date == add_months(ENDS, 36)
    assert (row.version, row.stored_status) == (2, SubscriptionStatus.ACTIVE)
    assert row.apply_due(ENDS + 800 * DAY) is False
    assert row.version == 2


@pytest.mark.rule("R48")
def test_renewal_opens_a_new_window_and_takes_the_renewal_term() -> None:
    row = subscription(renewal_term_duration="P1M")
    row.apply_due(ENDS)

    assert row.term_duration == "P1M"
    assert row.commitment_end_date == add_months(ENDS, 1)
    assert row.cancellation_allowed_until_date == ENDS + 7 * DAY
    assert outcome(row, lambda each: each.cancel(REASON, at=ENDS + 7 * DAY), ENDS + 7 * DAY) == "deleted"


@pytest.mark.rule("SM5")
def test_settling_writes_down_what_is_in_force_and_nothing_else() -> None:
    row = subscription()
    assert row.apply_due(NOW) is False
    row.change({"auto_renew_enabled": False}, at=NOW)
    for day, state in ((0, "expired"), (30, "disabled"), (120, "deleted")):
        assert row.apply_due(ENDS + day * DAY) is True
        assert row.stored_status == state
        assert row.apply_due(ENDS + day * DAY) is False
    assert row.version == 5


@pytest.mark.rule("SM5")
@pytest.mark.parametrize("state", [state for state in STATES if state != "active"])
def test_only_what_is_active_renews(state: str) -> None:
    row = subscription(stored_status=SubscriptionStatus(state))

    assert row.apply_due(ENDS + 10 * DAY) is False
    assert row.commitment_end_date == ENDS


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  (bounds have no zone)
    st.sampled_from((1, 12, 36)),
    st.timedeltas(timedelta(0), timedelta(days=2000)),
)
def test_the_term_that_runs_is_the_one_that_holds_now(end: datetime, months: int, later: timedelta) -> None:
    now = end + later
    start, until = renewed_term(end, months, now)

    assert start <= now < until
    assert end <= start
    assert (until.year - end.year) * 12 + until.month - end.month > 0


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-12-15", 36, "2029-12-15"),
    ],
)
def test_months_end_where_the_calendar_has_days(start: str, months: int, end: str) -> None:
    assert add_months(datetime.fromisoformat(start), months) == datetime.fromisoformat(end)


def test_a_term_that_ends_on_the_31st_comes_back_to_it() -> None:
    end = datetime(2026, 1, 31, tzinfo=UTC)

    assert renewed_term(end, 1, datetime(2026, 3, 1, tzinfo=UTC)) == (
        datetime(2026, 2, 28, tzinfo=UTC),
        datetime(2026, 3, 31, tzinfo=UTC),
    )
