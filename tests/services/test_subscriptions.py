from __future__ import annotations

from datetime import timedelta

import pytest

from multichannel.demo.cast import ALDER, BIRCH, MEADOW, fixed_id
from multichannel.domain.commerce import BillingType, StopReason, SubscriptionStatus
from multichannel.domain.new_subscriptions import SubscriptionOrder
from multichannel.domain.subscriptions import Subscription
from multichannel.services.subscriptions import (
    assign_support_contact,
    cancel_subscription,
    create_subscription,
    suspend_subscription,
    update_subscription,
)
from tests.services.conftest import UseCases
from tests.world import one_engine

pytestmark = one_engine
ORDER = SubscriptionOrder(offer_name="Drawing tools", billing_type=BillingType.LICENSE, quantity=5)


def sell(use_cases: UseCases, order: SubscriptionOrder = ORDER, parent_id: str | None = None) -> str:
    return use_cases.run(
        "alder-sales-agent",
        lambda work: create_subscription(work, MEADOW.id, order, parent_id=parent_id),
    )


@pytest.mark.rule("R13")
def test_a_sale_requires_the_customer_agreement(use_cases: UseCases) -> None:
    code = use_cases.refused("alder-sales-agent", lambda work: create_subscription(work, MEADOW.id, ORDER))
    assert code == "AGREEMENT_REQUIRED"

    use_cases.agree("alder-admin-agent", "meadow")
    row = use_cases.row(Subscription, id=sell(use_cases))

    assert (row.billing_partner_id, row.support_contact_id, row.quantity) == (ALDER.id, ALDER.id, 5)


@pytest.mark.rule("R41")
def test_add_ons_are_suspended_with_their_base(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    base = sell(use_cases)
    add_on = sell(
        use_cases, SubscriptionOrder(offer_name="Fonts", billing_type=BillingType.LICENSE), parent_id=base
    )

    use_cases.run(
        "alder-sales-agent",
        lambda work: suspend_subscription(work, base, StopReason.NON_PAYMENT, expected_version=1),
    )

    rows = [use_cases.row(Subscription, id=each) for each in (base, add_on)]
    assert {row.stored_status for row in rows} == {SubscriptionStatus.SUSPENDED}


@pytest.mark.rule("R41")
@pytest.mark.parametrize("key", ["meadow-phone-cedar", "no-such"])
def test_an_add_on_of_a_base_of_others_is_refused_as_if_there_were_none(
    use_cases: UseCases, key: str
) -> None:
    parent_id = fixed_id(f"{key}.subscription")
    use_cases.agree("alder-admin-agent", "meadow")

    code = use_cases.refused(
        "alder-sales-agent",
        lambda work: create_subscription(work, MEADOW.id, ORDER, parent_id=parent_id),
    )

    assert code == "ADD_ON_UNRELATED"


@pytest.mark.rule("R48")
def test_a_subscription_is_canceled_within_seven_days(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    row_id = sell(use_cases)
    use_cases.world.clock.now += timedelta(days=7, seconds=1)

    code = use_cases.refused(
        "alder-sales-agent",
        lambda work: cancel_subscription(work, row_id, StopReason.FRAUD, expected_version=1),
    )
    assert code == "CANCEL_WINDOW_PASSED"

    use_cases.world.clock.now -= timedelta(seconds=1)
    use_cases.run(
        "alder-sales-agent",
        lambda work: cancel_subscription(work, row_id, StopReason.FRAUD, expected_version=1),
    )
    assert use_cases.row(Subscription, id=row_id).stored_status is SubscriptionStatus.DELETED


@pytest.mark.rule("R46")
def test_an_update_of_another_version_changes_nothing(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    row_id = sell(use_cases)

    code = use_cases.refused(
        "alder-sales-agent",
        lambda work: update_subscription(work, row_id, {"quantity": 6}, expected_version=2),
    )

    assert code == "STALE_VERSION"
    assert use_cases.row(Subscription, id=row_id).quantity == 5


def test_what_is_due_is_stored_with_the_next_change(use_cases: UseCases) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    row_id = sell(use_cases)
    ends = use_cases.row(Subscription, id=row_id).commitment_end_date
    assert ends is not None
    use_cases.world.clock.now = ends

    use_cases.run(
        "alder-sales-agent",
        lambda work: update_subscription(work, row_id, {"quantity": 6}, expected_version=1),
    )

    row = use_cases.row(Subscription, id=row_id)
    assert (row.effective_start_date, row.quantity) == (ends, 6)


@pytest.mark.rule("R26", "R70")
@pytest.mark.parametrize("partner_id", [BIRCH.id, fixed_id("no-such-partner")])
def test_a_seller_assigns_no_partner_that_does_not_serve_the_customer(
    use_cases: UseCases, partner_id: str
) -> None:
    use_cases.agree("alder-admin-agent", "meadow")
    row_id = sell(use_cases)

    code = use_cases.refused(
        "alder-admin-agent",
        lambda work: assign_support_contact(work, row_id, partner_id, expected_version=1),
    )

    assert code == "CONTACT_NOT_AVAILABLE"
