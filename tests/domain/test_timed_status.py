"""Statuses that time alone changes, for every status, transition and moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.transfers import TransferStatus
from tests.domain.builders import DAY, NOW, relationship, subscription, transfer

ACTIVE, EXPIRED, DISABLED, DELETED = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.EXPIRED,
    SubscriptionStatus.DISABLED,
    SubscriptionStatus.DELETED,
)
MOMENT = timedelta(microseconds=1)
DUE: dict[str, Any] = {"expires_at": NOW, "disabled_at": NOW + DAY, "deleted_at": NOW + 2 * DAY}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - MOMENT, ACTIVE),
        (NOW, EXPIRED),
        (NOW + DAY - MOMENT, EXPIRED),
        (NOW + DAY, DISABLED),
        (NOW + 2 * DAY - MOMENT, DISABLED),
        (NOW + 2 * DAY, DELETED),
    ],
)
def test_the_last_transition_that_is_due_decides(at: datetime, expected: SubscriptionStatus) -> None:
    assert subscription(**DUE).status_at(at) is expected


@pytest.mark.parametrize("status", [SubscriptionStatus.NONE, SubscriptionStatus.PENDING, DELETED])
def test_a_status_without_transitions_stays(status: SubscriptionStatus) -> None:
    assert subscription(**DUE, stored_status=status).status_at(NOW + 9 * DAY) is status


def test_without_a_due_time_there_is_no_transition() -> None:
    assert subscription().status_at(NOW + 10_000 * DAY) is ACTIVE


@given(
    st.sampled_from(SubscriptionStatus),
    st.fixed_dictionaries(dict.fromkeys(DUE, st.sampled_from([None, NOW - DAY, NOW, NOW + DAY]))),
)
def test_storing_what_is_due_changes_no_status_in_force(
    stored: SubscriptionStatus, due: dict[str, Any]
) -> None:
    row = subscription(stored_status=stored, auto_renew_enabled=False, **due)
    expected = {day: row.status_at(NOW + day * DAY) for day in range(3)}

    changed = row.apply_due(NOW)

    assert changed is (expected[0] is not stored)
    assert row.stored_status is expected[0]
    assert row.version == (2 if changed else 1)
    assert {day: row.status_at(NOW + day * DAY) for day in range(3)} == expected
    assert row.apply_due(NOW) is False


def test_an_expired_request_is_closed_when_it_expired() -> None:
    row = relationship(RelationshipStatus.REQUESTED, expires_at=NOW)

    assert row.apply_due(NOW - MOMENT) is False
    assert row.apply_due(NOW + DAY) is True
    assert (row.stored_status, row.closed_at) == (RelationshipStatus.EXPIRED, NOW)
    assert (row.version, row.updated_at) == (2, NOW + DAY)


def test_an_expired_transfer_is_stored_as_such() -> None:
    row = transfer(expires_at=NOW)

    assert row.apply_due(NOW) is True
    assert (row.stored_status, row.version, row.updated_at) == (TransferStatus.EXPIRED, 2, NOW)


def test_the_status_of_a_row_needs_a_time() -> None:
    with pytest.raises(TypeError, match=r"use status_at\(now\)"):
        _ = subscription().status
