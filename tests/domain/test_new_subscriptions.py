"""New subscriptions: terms, billing cycles, renewal and add-ons (R41, R43, R45)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    RecordedBy,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.domain.customers import Customer
from multichannel.domain.new_subscriptions import (
    ExternalSubscription,
    SubscriptionOrder,
    new_external_subscription,
    new_subscription,
    recreated_subscription,
    require_first_purchase,
)
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.terms import add_months
from tests.domain.builders import CUSTOMER, DAY, ENDS, NOW, SELLER, subscription
from tests.refusals import refuses

MEADOW = Customer(id=CUSTOMER, market="US", cloud=Cloud.PUBLIC)
LEGACY, NEW = Commerce.LEGACY, Commerce.NEW_COMMERCE
MONTHLY, ANNUAL, TRIENNIAL = BillingCycle.MONTHLY, BillingCycle.ANNUAL, BillingCycle.TRIENNIAL
MONTH, YEAR, THREE_YEARS = TermDuration
USAGE: dict[str, Any] = {"billing_type": BillingType.USAGE}


def order(**differing: Any) -> SubscriptionOrder:
    return SubscriptionOrder(
        **({"offer_name": "Mail", "billing_type": BillingType.LICENSE, "commerce": NEW} | differing)
    )


def sold(parent: Subscription | None = None, **differing: Any) -> Subscription:
    return new_subscription(order(**differing), MEADOW, SELLER, at=NOW, parent=parent)


@pytest.mark.rule("R45")
@pytest.mark.parametrize(
    ("commerce", "term", "cycle", "ends"),
    [
        (NEW, None, None, add_months(NOW, 12)),
        (NEW, MONTH, MONTHLY, add_months(NOW, 1)),
        (NEW, YEAR, ANNUAL, add_months(NOW, 12)),
        (NEW, THREE_YEARS, TRIENNIAL, add_months(NOW, 36)),
        (NEW, THREE_YEARS, MONTHLY, add_months(NOW, 36)),
        (LEGACY, YEAR, MONTHLY, add_months(NOW, 12)),
    ],
)
def test_licenses_have_a_term_that_renews(
    commerce: Commerce, term: TermDuration | None, cycle: BillingCycle | None, ends: datetime
) -> None:
    row = sold(commerce=commerce, term_duration=term, billing_cycle=cycle)

    assert (row.commitment_end_date, row.auto_renew_enabled) == (ends, True)
    assert row.cancellation_allowed_until_date == (NOW + 7 * DAY if commerce is NEW else None)


@pytest.mark.rule("R45")
@pytest.mark.parametrize(
    ("differing", "path"),
    [
        ({"commerce": LEGACY, "term_duration": MONTH}, "termDuration"),
        ({"commerce": LEGACY, "term_duration": THREE_YEARS}, "termDuration"),
        ({"term_duration": MONTH, "billing_cycle": ANNUAL}, "billingCycle"),
        ({"term_duration": YEAR, "billing_cycle": TRIENNIAL}, "billingCycle"),
        ({"billing_cycle": BillingCycle.ONE_TIME}, "billingCycle"),
        ({**USAGE, "term_duration": YEAR}, "termDuration"),
        ({**USAGE, "billing_cycle": ANNUAL}, "billingCycle"),
        ({"is_trial": True, "billing_cycle": MONTHLY}, "billingCycle"),
    ],
)
def test_terms_and_cycles_that_are_not_on_offer_are_refused(differing: dict[str, Any], path: str) -> None:
    with refuses(Refusal.TERMS_NOT_OFFERED) as refused:
        sold(**differing)
    assert refused.value.path == (path,)


def test_usage_has_no_term_and_a_trial_ends_after_30_days() -> None:
    usage, trial = sold(**USAGE), sold(is_trial=True)

    assert (usage.commitment_end_date, usage.term_duration, usage.billing_cycle) == (None, None, MONTHLY)
    assert (trial.commitment_end_date, trial.billing_cycle) == (NOW + 30 * DAY, BillingCycle.NONE)
    assert not usage.auto_renew_enabled
    assert trial.status_at(NOW + 30 * DAY) is SubscriptionStatus.EXPIRED


@pytest.mark.rule("R41")
@pytest.mark.parametrize("renews", [True, False])
def test_an_add_on_ends_and_renews_with_its_base(renews: bool) -> None:  # noqa: FBT001  (a column of the table)
    base = subscription(auto_renew_enabled=renews)
    add_on = sold(base)

    assert (add_on.parent_id, add_on.commitment_end_date) == (base.id, ENDS)
    assert add_on.auto_renew_enabled is renews


@pytest.mark.rule("R41")
@pytest.mark.parametrize(
    ("base", "refusal"),
    [
        ({"commerce": LEGACY}, Refusal.ADD_ON_UNRELATED),
        ({"billing_type": BillingType.USAGE}, Refusal.ADD_ON_UNRELATED),
        ({"parent_id": "another base"}, Refusal.ADD_ON_UNRELATED),
        ({"stored_status": SubscriptionStatus.SUSPENDED}, Refusal.PARENT_NOT_ACTIVE),
    ],
)
def test_an_add_on_needs_an_active_base_of_its_kind(base: dict[str, Any], refusal: Refusal) -> None:
    with refuses(refusal) as refused:
        sold(subscription(**base))
    assert refused.value.path == ("parentId",)


@pytest.mark.rule("R41")
def test_what_cannot_renew_is_not_sold_with_renewal() -> None:
    for differing in (USAGE, {"is_trial": True}):
        with refuses(Refusal.AUTO_RENEW_NOT_ALLOWED):
            sold(auto_renew_enabled=True, **differing)
    with refuses(Refusal.AUTO_RENEW_NOT_ALLOWED):
        sold(subscription(auto_renew_enabled=False), auto_renew_enabled=True)


@pytest.mark.rule("R44")
def test_the_quantity_has_bounds() -> None:
    for differing in ({"quantity": 0}, {"quantity": 10_001}, {"quantity": 2, **USAGE}):
        with refuses(Refusal.QUANTITY_OUT_OF_RANGE):
            sold(**differing)


@pytest.mark.rule("R43")
@pytest.mark.parametrize(
    ("earlier", "new", "allowed"),
    [
        ({}, {}, True),
        ({}, {"is_trial": True}, True),
        ({"is_trial": True}, {}, True),
        ({"is_trial": True}, {"is_trial": True}, False),
        ({"stored_status": SubscriptionStatus.SUSPENDED}, {}, False),
        ({"stored_status": SubscriptionStatus.SUSPENDED}, USAGE, True),
        ({"stored_status": SubscriptionStatus.DELETED}, {}, True),
    ],
)
def test_a_trial_is_sold_once_and_a_suspended_offer_is_reactivated_instead(
    earlier: dict[str, Any],
    new: dict[str, Any],
    allowed: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    if allowed:
        require_first_purchase(order(**new), [subscription(**earlier)], NOW)
    else:
        with refuses(Refusal.ONE_PER_CUSTOMER):
            require_first_purchase(order(**new), [subscription(**earlier)], NOW)


@pytest.mark.rule("R5")
def test_a_recreated_subscription_continues_the_old_one_with_its_active_services() -> None:
    old = subscription(channel=Channel.EA, vendor_id="vendor's", canceled_services=["storage"])
    row = recreated_subscription(old, order(**USAGE), MEADOW, SELLER, at=NOW)

    assert (row.continues_id, row.migrated_from_subscription_id) == (old.id, "vendor's")
    assert row.services == ["sql-database"]
    assert row.channel is Channel.CSP


@pytest.mark.rule("R4")
def test_a_record_of_another_channel_belongs_to_who_made_it_and_is_billed_by_no_partner() -> None:
    external = ExternalSubscription(
        channel=Channel.OPEN,
        billing_type=BillingType.LICENSE,
        offer_name="Office",
        auto_renew_enabled=False,
        commitment_end_date=ENDS,
    )
    row = new_external_subscription(external, MEADOW, CUSTOMER, RecordedBy.CUSTOMER, at=NOW)

    assert (row.owner_id, row.recorded_by, row.billing_partner_id) == (CUSTOMER, RecordedBy.CUSTOMER, None)
    assert row.status_at(ENDS) is SubscriptionStatus.DISABLED
