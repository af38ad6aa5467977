from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.commerce import BillingCycle, BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.eligibility import (
    TransferCandidate,
    ineligibility_reasons,
    product_type,
)
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import TransferKind, TransferProductType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE: dict[str, Any] = {
    "channel": Channel.CSP,
    "stored_status": SubscriptionStatus.ACTIVE,
    "billing_cycle": BillingCycle.MONTHLY,
    "is_trial": False,
}
SEATS = {"commerce": Commerce.NEW_COMMERCE, "billing_type": BillingType.LICENSE, "term_duration": "P1Y"}
AZURE = {"commerce": Commerce.NEW_COMMERCE, "billing_type": BillingType.USAGE}
LEGACY_SEATS = {**SEATS, "commerce": Commerce.LEGACY}
LEGACY_AZURE = {**AZURE, "commerce": Commerce.LEGACY}
RESERVATION = {**AZURE, "product_type_id": "AzureReservations"}
SAVINGS_PLAN = {**AZURE, "product_type_id": "azure_savings_plan"}


def codes(kind: str, candidate: TransferCandidate) -> set[str]:
    return {reason.code.lower() for reason in ineligibility_reasons(candidate, TransferKind(kind), NOW)}


def of(*parts: dict[str, Any], **flags: bool) -> TransferCandidate:
    columns: dict[str, Any] = dict(BASE)
    for part in parts:
        columns |= part
    return TransferCandidate(subscription=Subscription(**columns), **flags)


@pytest.mark.rule("R3", "R28", "R33", "R34", "R36")
@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        ("new_commerce", SEATS, set()),
        ("new_commerce", AZURE, set()),
        ("new_commerce", RESERVATION, set()),
        ("new_commerce", SAVINGS_PLAN, set()),
        ("new_commerce", LEGACY_SEATS, {"legacy_license"}),
        ("new_commerce", LEGACY_AZURE, {"not_new_commerce"}),
        ("azure_plan", SEATS, {"not_azure_plan"}),
        ("azure_plan", AZURE, set()),
        ("azure_plan", RESERVATION, {"reservation_stays"}),
        ("azure_plan", SAVINGS_PLAN, {"reservation_stays"}),
        ("azure_plan", LEGACY_SEATS, {"legacy_license", "not_azure_plan"}),
        ("azure_plan", LEGACY_AZURE, {"not_azure_plan"}),
        ("legacy", SEATS, {"not_legacy"}),
        ("legacy", AZURE, {"not_legacy"}),
        ("legacy", RESERVATION, {"not_legacy", "reservation_stays"}),
        ("legacy", LEGACY_SEATS, set()),
        ("legacy", LEGACY_AZURE, set()),
        ("legacy", {**LEGACY_SEATS, "term_duration": "P3Y"}, {"term_stays"}),
        ("legacy", {**LEGACY_SEATS, "billing_cycle": BillingCycle.ONE_TIME}, {"term_stays"}),
        ("legacy", {**LEGACY_SEATS, "is_microsoft_product": False}, {"third_party_stays"}),
        ("legacy", {**LEGACY_SEATS, "is_microsoft_product": True}, set()),
        ("manual_switch", SEATS, {"not_legacy_azure"}),
        ("manual_switch", AZURE, {"not_legacy_azure"}),
        ("manual_switch", LEGACY_SEATS, {"legacy_license", "not_legacy_azure"}),
        ("manual_switch", LEGACY_AZURE, set()),
    ],
)
def test_what_goes_along_in_which_kind_of_transfer(
    kind: str, what: dict[str, Any], expected: set[str]
) -> None:
    assert codes(kind, of(what)) == expected


ADD_ON = {"parent_id": "base"}
STATES: dict[str, dict[str, Any]] = {
    "subscription_suspended": {"stored_status": SubscriptionStatus.SUSPENDED},
    "trial": {"is_trial": True},
    "not_csp": {"channel": Channel.EA},
    "add_on_without_base": ADD_ON,
}
FLAGS = {"already_in_transfer": "in_transfer", "already_transferred": "transferred"}


@pytest.mark.rule("R37")
@pytest.mark.parametrize("kind", TransferKind)
@pytest.mark.parametrize("status", SubscriptionStatus)
def test_only_what_is_active_moves(kind: TransferKind, status: SubscriptionStatus) -> None:
    what = {"legacy": LEGACY_AZURE, "manual_switch": LEGACY_AZURE}.get(kind.value, AZURE)
    expected = {
        SubscriptionStatus.ACTIVE: set(),
        SubscriptionStatus.SUSPENDED: {"subscription_suspended"},
    }.get(status, {"subscription_not_active"})
    assert codes(kind, of(what, {"stored_status": status})) == expected


def test_a_term_that_is_over_counts_from_that_moment_whatever_is_stored() -> None:
    assert codes("new_commerce", of(SEATS, {"expires_at": NOW})) == {"subscription_not_active"}


@given(st.sets(st.sampled_from(sorted(STATES))), st.sets(st.sampled_from(sorted(FLAGS))))
def test_every_rule_that_fails_is_told_and_no_other(states: set[str], flags: set[str]) -> None:
    candidate = of(AZURE, *(STATES[code] for code in sorted(states)), **{FLAGS[code]: True for code in flags})
    assert codes("new_commerce", candidate) == states | flags


@pytest.mark.rule("R36")
@pytest.mark.parametrize("add_on", [ADD_ON, {"parent_vendor_id": "vendor's"}])
def test_an_add_on_goes_with_its_base_and_not_by_itself(add_on: dict[str, Any]) -> None:
    assert codes("new_commerce", of(SEATS, add_on)) == {"add_on_without_base"}
    assert codes("new_commerce", of(SEATS, add_on, with_base=True)) == set()


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (SEATS, TransferProductType.ONLINE_SERVICES_NCE),
        (AZURE, TransferProductType.AZURE_SUBSCRIPTION),
        (LEGACY_AZURE, TransferProductType.AZURE_SUBSCRIPTION),
        (RESERVATION, TransferProductType.AZURE_RESERVATION),
        (SAVINGS_PLAN, TransferProductType.AZURE_SAVINGS_PLAN),
        (LEGACY_SEATS, None),
    ],
)
def test_products_are_told_apart_as_the_vendor_does(
    what: dict[str, Any], expected: TransferProductType | None
) -> None:
    assert product_type(of(what).subscription) is expected
