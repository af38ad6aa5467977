from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations, product

import pytest

from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.transfers import (
    TRANSFER_LIFETIME,
    Transfer,
    TransferKind,
    TransferLine,
    TransferStatus,
)
from tests.refusals import refuses

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SOURCE, CUSTOMER, TARGET = "source", "customer", "target"
EVENTS: dict[str, Callable[[Transfer, datetime], object]] = {
    "decline": lambda transfer, at: transfer.decline(at),
    "cancel": lambda transfer, at: transfer.cancel(at),
    "consent": lambda transfer, at: transfer.consent(SOURCE, at),
    "accept": lambda transfer, at: raise_first(transfer.refusals_to_accept(at)),
}
LEADS_TO = {
    "decline": TransferStatus.DECLINED,
    "cancel": TransferStatus.CANCELED,
    "consent": TransferStatus.PENDING,
    "accept": TransferStatus.PENDING,
}


def transfer(status: TransferStatus = TransferStatus.PENDING, kind: str = "manual_switch") -> Transfer:
    return Transfer(
        kind=TransferKind(kind),
        stored_status=status,
        source_partner_id=SOURCE,
        customer_id=CUSTOMER,
        target_partner_id=TARGET,
        version=1,
        expires_at=NOW + TRANSFER_LIFETIME,
        created_at=NOW,
        updated_at=NOW,
    )


def state(row: Transfer) -> tuple[object, ...]:
    return (row.stored_status, row.version, row.updated_at, row.completed_at, row.source_consented_at)


@pytest.mark.parametrize(("status", "event"), list(product(TransferStatus, EVENTS)))
def test_only_what_is_pending_is_decided_and_all_else_stays_as_it_is(
    status: TransferStatus, event: str
) -> None:
    row = transfer(status)
    before = state(row)
    if status is TransferStatus.PENDING:
        EVENTS[event](row, LATER)
        assert row.stored_status is LEADS_TO[event]
        assert row.version == (1 if event == "accept" else 2)
        return
    with refuses(Refusal.TRANSFER_ALREADY_DECIDED) as refused:
        EVENTS[event](row, LATER)
    assert status.upper() in refused.value.message
    assert state(row) == before


@pytest.mark.parametrize("event", EVENTS)
def test_what_nobody_decided_in_30_days_is_expired_from_that_moment_on(event: str) -> None:
    due = NOW + TRANSFER_LIFETIME
    EVENTS[event](transfer(), due - timedelta(microseconds=1))
    with refuses(Refusal.TRANSFER_ALREADY_DECIDED, match="EXPIRED"):
        EVENTS[event](transfer(), due)
    assert timedelta(days=30) == TRANSFER_LIFETIME


@pytest.mark.rule("R28")
@pytest.mark.parametrize("order", list(permutations((SOURCE, CUSTOMER, TARGET))))
def test_a_switch_is_signed_by_all_three_in_any_order_and_by_each_once(order: tuple[str, ...]) -> None:
    row = transfer()
    for place, side in enumerate(order):
        at = NOW + timedelta(minutes=place)
        assert row.consent(side, at) is (place == 2)
        assert getattr(row, f"{side}_consented_at") == at
        with refuses(Refusal.ALREADY_CONSENTED):
            row.consent(side, LATER)
        assert getattr(row, f"{side}_consented_at") == at


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([None], TransferStatus.COMPLETED),
        ([None, None], TransferStatus.COMPLETED),
        ([None, "trial"], TransferStatus.COMPLETED_WITH_ERRORS),
        (["trial"], TransferStatus.FAILED),
        (["trial", "trial"], TransferStatus.FAILED),
    ],
)
def test_a_transfer_ends_by_what_became_of_its_lines(
    errors: list[str | None], status: TransferStatus
) -> None:
    row = transfer()
    row.complete([TransferLine(number=number, error=error) for number, error in enumerate(errors)], LATER)
    assert (row.stored_status, row.completed_at, row.updated_at, row.version) == (status, LATER, LATER, 2)


def test_a_version_is_compared_if_one_was_seen() -> None:
    row = transfer()
    row.require_version(None)
    row.require_version(1)
    with refuses(Refusal.STALE_VERSION):
        row.require_version(2)
