"""What blocks each support option (R1 to R8), row by row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.relationships import RelationshipStatus
from multichannel.domain.support import (
    PARTNER_OPTIONS,
    SupportFacts,
    SupportOptionKind,
    available_from,
    refusals_of_option,
    transfer_kind,
)
from multichannel.domain.transfers import Initiator, TransferKind
from tests.domain.builders import BEGAN, DAY, ENDS, NOW, PARTNER, relationship, subscription, transfer

REQUEST, RECREATE, TRANSFER, WAIT, CANCEL = PARTNER_OPTIONS
EA = {"channel": Channel.EA, "billing_partner_id": None}
LEGACY = {"commerce": Commerce.LEGACY, "cancellation_allowed_until_date": None}
AZURE = {
    "billing_type": BillingType.USAGE,
    "auto_renew_enabled": False,
    "term_duration": None,
    "commitment_end_date": None,
    "cancellation_allowed_until_date": None,
}
REQUESTED = relationship(RelationshipStatus.REQUESTED)


def status(word: str) -> dict[str, Any]:
    return {"stored_status": SubscriptionStatus(word)}


def facts(row: dict[str, Any], **differing: Any) -> SupportFacts:
    """Facts of a partner with a relationship and an agreement, unless they differ."""
    values: dict[str, Any] = {
        "subscription": subscription(**row),
        "partner_id": PARTNER,
        "market": "US",
        "relationships": [relationship()],
        "is_bound": True,
        "is_contested": False,
        "is_moved": False,
        "transfers": [],
    }
    return SupportFacts(**(values | differing))


def codes(kind: SupportOptionKind, given: SupportFacts) -> list[str]:
    return [refusal.code for refusal in refusals_of_option(kind, given, NOW)]


NONE: dict[str, Any] = {}
UNRELATED: dict[str, Any] = {"relationships": []}
UNBOUND = {"is_bound": False}
TABLE: list[tuple[SupportOptionKind, dict[str, Any], dict[str, Any], list[str]]] = [
    (REQUEST, EA, UNRELATED, []),
    (REQUEST, EA, NONE, ["ALREADY_RELATED"]),
    (REQUEST, EA, {"relationships": [REQUESTED]}, ["REQUEST_PENDING"]),
    (REQUEST, EA, {"relationships": [relationship(addressed_to="customer.example")]}, ["ALREADY_RELATED"]),
    (
        REQUEST,
        EA,
        {"relationships": [relationship(RelationshipStatus.REQUESTED, addressed_to="customer.example")]},
        [],
    ),
    (
        REQUEST,
        EA,
        {"relationships": [relationship(RelationshipStatus.REQUESTED, associated_partner_id="reseller")]},
        [],
    ),
    (REQUEST, EA, {"relationships": [relationship(RelationshipStatus.REQUESTED, expires_at=NOW)]}, []),
    (REQUEST, NONE, UNRELATED, ["SOLD_BY_ANOTHER_PARTNER"]),
    (REQUEST, NONE, NONE, ["SOLD_BY_ANOTHER_PARTNER", "ALREADY_RELATED"]),
    (RECREATE, EA, NONE, []),
    (RECREATE, EA | status("suspended"), NONE, []),
    (RECREATE, EA | status("pending"), NONE, []),
    (RECREATE, EA | status("none"), NONE, ["SUBSCRIPTION_NOT_ACTIVE"]),
    (RECREATE, EA | status("expired"), NONE, ["SUBSCRIPTION_ENDED"]),
    (RECREATE, EA | status("disabled"), NONE, ["SUBSCRIPTION_ENDED"]),
    (RECREATE, EA | status("deleted"), NONE, ["SUBSCRIPTION_ENDED"]),
    (RECREATE, EA, {"is_moved": True}, ["ALREADY_MOVED"]),
    (RECREATE, EA, {"is_contested": True}, ["CONFIRMATION_REQUIRED"]),
    (RECREATE, EA, UNRELATED, ["NO_RELATIONSHIP"]),
    (RECREATE, EA, UNBOUND, ["AGREEMENT_REQUIRED"]),
    (RECREATE, EA, {**UNRELATED, **UNBOUND}, ["AGREEMENT_REQUIRED", "NO_RELATIONSHIP"]),
    (TRANSFER, NONE, NONE, []),
    (TRANSFER, {"parent_id": "base"}, NONE, []),
    (TRANSFER, AZURE, NONE, []),
    (TRANSFER, LEGACY, NONE, ["LEGACY_LICENSE"]),
    (TRANSFER, LEGACY | AZURE, NONE, []),
    (TRANSFER, EA, NONE, ["NOT_CSP"]),
    (TRANSFER, status("suspended"), NONE, ["SUBSCRIPTION_SUSPENDED"]),
    (TRANSFER, status("deleted"), NONE, ["SUBSCRIPTION_NOT_ACTIVE"]),
    (TRANSFER, {"is_trial": True}, NONE, ["TRIAL"]),
    (TRANSFER, NONE, UNRELATED, ["NO_RELATIONSHIP"]),
    (TRANSFER, NONE, UNBOUND, ["AGREEMENT_REQUIRED"]),
    (TRANSFER, NONE, {"market": "GB"}, ["CUSTOMER_IN_OTHER_MARKET"]),
    (TRANSFER, NONE, {"transfers": [transfer()]}, ["TRANSFER_PENDING"]),
    (TRANSFER, NONE, {"transfers": [transfer(source_partner_id="another")]}, []),
    (TRANSFER, NONE, {"transfers": [transfer(TransferKind.AZURE_PLAN)]}, []),
    (TRANSFER, NONE, {"transfers": [transfer(initiated_by=None)]}, []),
    (TRANSFER, LEGACY | AZURE, {"transfers": [transfer(TransferKind.MANUAL_SWITCH)]}, []),
    (
        TRANSFER,
        LEGACY | AZURE,
        {"transfers": [transfer(TransferKind.MANUAL_SWITCH, initiated_by=Initiator.SOURCE)]},
        ["TRANSFER_PENDING"],
    ),
    (WAIT, {"auto_renew_enabled": False}, NONE, []),
    (WAIT, NONE, NONE, ["RENEWS"]),
    (WAIT, AZURE, NONE, ["NO_TERM"]),
    (WAIT, {"auto_renew_enabled": False, "commitment_end_date": None}, NONE, ["TERM_UNKNOWN"]),
    (WAIT, {"auto_renew_enabled": None} | status("suspended"), NONE, ["SUBSCRIPTION_NOT_ACTIVE"]),
    (WAIT, {"auto_renew_enabled": False}, {**UNRELATED, **UNBOUND}, []),
    (CANCEL, EA, NONE, []),
    (CANCEL, LEGACY, NONE, []),
    (CANCEL, NONE, NONE, ["CANCEL_WINDOW_PASSED"]),
    (CANCEL, {"cancellation_allowed_until_date": NOW}, NONE, []),
    (CANCEL, status("suspended") | {"cancellation_allowed_until_date": NOW}, NONE, []),
    (CANCEL, LEGACY | status("pending"), NONE, []),
    (CANCEL, LEGACY | status("none"), NONE, ["SUBSCRIPTION_NOT_ACTIVE"]),
    (CANCEL, status("deleted"), NONE, ["SUBSCRIPTION_ENDED"]),
    (CANCEL, LEGACY, UNRELATED, ["NO_RELATIONSHIP"]),
    (CANCEL, LEGACY, UNBOUND, ["AGREEMENT_REQUIRED"]),
]


@pytest.mark.parametrize(("kind", "row", "known", "expected"), TABLE)
def test_what_blocks_an_option(
    kind: SupportOptionKind, row: dict[str, Any], known: dict[str, Any], expected: list[str]
) -> None:
    assert codes(kind, facts(row, **known)) == expected


@pytest.mark.rule("R48")
def test_an_azure_plan_and_a_license_without_a_recorded_window_can_be_canceled() -> None:
    fresh = {"cancellation_allowed_until_date": None, "effective_start_date": NOW - 2 * DAY}

    assert codes(CANCEL, facts(AZURE)) == []
    assert codes(CANCEL, facts(fresh)) == []
    assert codes(CANCEL, facts(fresh | {"effective_start_date": BEGAN})) == ["CANCEL_WINDOW_PASSED"]


@pytest.mark.rule("R48")
def test_a_renewal_that_is_not_stored_yet_opens_a_new_window() -> None:
    renewed = {"commitment_end_date": NOW - DAY}

    assert codes(CANCEL, facts(renewed)) == []
    assert codes(CANCEL, facts({"commitment_end_date": NOW - 8 * DAY})) == ["CANCEL_WINDOW_PASSED"]


@pytest.mark.parametrize("kind", PARTNER_OPTIONS)
def test_of_an_own_subscription_no_option_is_available(kind: SupportOptionKind) -> None:
    own = facts({"billing_partner_id": PARTNER})

    assert codes(kind, own) == ["ALREADY_YOURS"]
    assert available_from(kind, own, NOW) is None


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        (WAIT, NONE, ENDS),
        (WAIT, AZURE, None),
        (WAIT, {"auto_renew_enabled": False, "commitment_end_date": NOW}, None),
        (CANCEL, NONE, ENDS),
        (CANCEL, LEGACY, None),
        (CANCEL, {"cancellation_allowed_until_date": NOW}, None),
        (REQUEST, NONE, None),
        (RECREATE, NONE, None),
        (TRANSFER, NONE, None),
    ],
)
def test_an_option_tells_the_end_of_the_term_where_that_makes_it_available(
    kind: SupportOptionKind, row: dict[str, Any], expected: datetime | None
) -> None:
    assert available_from(kind, facts(row), NOW) == expected


@pytest.mark.rule("R28", "R30")
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (NONE, TransferKind.NEW_COMMERCE),
        (AZURE, TransferKind.NEW_COMMERCE),
        (LEGACY | AZURE, TransferKind.MANUAL_SWITCH),
        (LEGACY, TransferKind.NEW_COMMERCE),
    ],
)
def test_legacy_azure_is_switched_and_all_else_requested(row: dict[str, Any], expected: TransferKind) -> None:
    assert transfer_kind(subscription(**row)) is expected
