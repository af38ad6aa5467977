"""Subscriptions and add-ons sold through the API, and what is not sold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CANYON,
    CEDAR,
    DOGWOOD,
    HAZEL,
    LINDEN,
    MEADOW,
    QUARRY,
    SUMMIT,
    WILLOW,
    Organisation,
    fixed_id,
)
from multichannel.domain.audit import AuditStatus
from multichannel.domain.base import utc_text
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows, stored
from tests.graphql.subscription_api import (
    ABSENT,
    AZURE,
    READ,
    SEATS,
    agree,
    ask,
    change,
    denied,
    done,
    id_of,
    of,
    read,
    refused,
    sell,
)
from tests.world import postgresql_later

pytestmark = postgresql_later


@pytest.mark.rule("R13", "R26")
@pytest.mark.parametrize("agreed_with", [ALDER, None])
def test_a_partner_sells_once_the_customer_has_agreed(api: Api, agreed_with: Organisation | None) -> None:
    input = {"customer": MEADOW, **SEATS, "partnerOfRecord": None}
    agree(api, MEADOW, CEDAR)  # R13: with another partner
    assert refused(api, "alder-sales-agent", "createSubscription", **input) == "AGREEMENT_REQUIRED"
    agree(api, MEADOW, agreed_with)
    new_rows = NewRows(api)

    made = done(api, "alder-sales-agent", "createSubscription", **input)

    now = api.world.clock.now
    assert made["commitmentEndDate"] == utc_text(now.replace(year=now.year + 1))
    assert made["cancellationAllowedUntilDate"] == utc_text(now + timedelta(days=7))
    assert {name: made[name] for name in ("status", "channel", "commerce", "termDuration", "quantity")} == {
        "status": "ACTIVE",
        "channel": "CSP",
        "commerce": "NEW_COMMERCE",
        "termDuration": "P1Y",
        "quantity": 5,
    }
    assert (made["autoRenewEnabled"], made["billingPartner"]) == (True, {"name": "Alder"})
    assert made["supportContact"] == {"name": "Alder"}  # R26
    assert {each.tenant_id for each in new_rows.records()} == {ALDER.id, MEADOW.id}
    assert {each.status for each in new_rows.records()} == {AuditStatus.SUCCEEDED}
    assert [each.operation for each in new_rows.events()] == ["create_subscription"]
    for persona in ("cedar-admin-agent", "birch-sales-agent", "dogwood-sales-agent"):  # R8
        assert read(api, persona, made["id"]) is None
    assert read(api, "meadow-global-admin", made["id"])["quantity"] == 5


@pytest.mark.rule("R52")
def test_the_us_government_cloud_has_no_agreement_to_ask_for(api: Api) -> None:
    made = done(api, "laurel-admin-agent", "createSubscription", customer=SUMMIT, **SEATS)

    assert (made["cloud"], made["billingPartner"]) == ("US_GOVERNMENT", {"name": "Laurel"})


@pytest.mark.rule("R19", "R21", "R22")
@pytest.mark.parametrize(
    ("persona", "customer", "expected"),
    [
        ("birch-sales-agent", CANYON, ("FORBIDDEN", ["RESTRICTED_PARTNER"])),  # R19
        ("dogwood-sales-agent", MEADOW, ("FORBIDDEN", ["RESELLERS_SELL_NOTHING"])),  # R22
        ("alder-sales-agent", QUARRY, ("NOT_FOUND", [])),  # R21: its request is not answered
    ],
)
def test_who_may_not_sell_is_told_why_if_it_knows_the_customer(
    api: Api, persona: str, customer: Organisation, expected: tuple[str, list[str]]
) -> None:
    agree(api, customer, None)
    assert denied(api, persona, "createSubscription", customer=customer, **SEATS) == expected


@pytest.mark.rule("R12")
def test_a_partner_sells_in_its_own_market(api: Api) -> None:
    agree(api, MEADOW, None)
    change(api, Customer, MEADOW.id, market="CA")

    assert denied(api, "alder-sales-agent", "createSubscription", customer=MEADOW, **SEATS) == (
        "FORBIDDEN",
        ["DIFFERENT_MARKET"],
    )


@pytest.mark.rule("R10", "R11")
@pytest.mark.parametrize("tenant", [CEDAR, DOGWOOD, BIRCH])
def test_no_partner_is_an_end_customer(api: Api, tenant: Organisation) -> None:
    """Neither itself, nor its reseller, nor another: a tenant is a partner or a customer, and absent here."""
    input = {"customer": f"customer_{tenant.id}", **SEATS}
    assert denied(api, "cedar-admin-agent", "createSubscription", **input) == ("NOT_FOUND", [])


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"quantity": 0}, "QUANTITY_OUT_OF_RANGE"),
        ({"quantity": 10_001}, "QUANTITY_OUT_OF_RANGE"),
        ({**AZURE, "quantity": 2}, "QUANTITY_OUT_OF_RANGE"),
        ({**AZURE, "quantity": 1, "termDuration": "P1Y"}, "TERMS_NOT_OFFERED"),
        ({**AZURE, "quantity": 1, "billingCycle": "ANNUAL"}, "TERMS_NOT_OFFERED"),
        ({**AZURE, "quantity": 1, "autoRenewEnabled": True}, "AUTO_RENEW_NOT_ALLOWED"),
        ({"commerce": "LEGACY", "termDuration": "P1M"}, "TERMS_NOT_OFFERED"),
        ({"termDuration": "P1M", "billingCycle": "ANNUAL"}, "TERMS_NOT_OFFERED"),
        ({"billingCycle": "TRIENNIAL"}, "TERMS_NOT_OFFERED"),
        ({"billingCycle": "ONE_TIME"}, "TERMS_NOT_OFFERED"),
        ({"isTrial": True, "autoRenewEnabled": True}, "AUTO_RENEW_NOT_ALLOWED"),
        ({"isTrial": True, "termDuration": "P1M"}, "TERMS_NOT_OFFERED"),
        ({"parentId": f"subscription_{ABSENT}"}, "ADD_ON_UNRELATED"),
        ({"partnerOfRecord": HAZEL.id}, "PARTNER_OF_RECORD_INVALID"),  # R25: Alder is no provider
    ],
)
def test_what_is_not_offered_is_refused(api: Api, order: dict[str, Any], code: str) -> None:
    agree(api, MEADOW, None)
    input = {"customer": MEADOW, **SEATS, **order}
    assert refused(api, "alder-sales-agent", "createSubscription", **input) == code


@pytest.mark.rule("R45")
@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ({"commerce": "LEGACY"}, {"termDuration": "P1Y", "cancellationAllowedUntilDate": None}),
        ({"termDuration": "P3Y", "billingCycle": "TRIENNIAL"}, {"termDuration": "P3Y"}),
        ({"termDuration": "P1M"}, {"termDuration": "P1M"}),
        ({"autoRenewEnabled": False}, {"autoRenewEnabled": False}),
        (
            {**AZURE, "quantity": 1},
            {"termDuration": None, "commitmentEndDate": None, "autoRenewEnabled": False},
        ),
        ({"isTrial": True}, {"termDuration": None, "autoRenewEnabled": False}),
    ],
)
def test_what_is_offered_is_sold(api: Api, order: dict[str, Any], shown: dict[str, Any]) -> None:
    made = sell(api, **order)

    assert {name: made[name] for name in shown} == shown


@pytest.mark.rule("R43")
def test_a_customer_gets_a_trial_once_and_it_runs_for_30_days(api: Api) -> None:
    made = sell(api, isTrial=True)

    again = {"customer": MEADOW, **SEATS, "isTrial": True}
    assert refused(api, "alder-sales-agent", "createSubscription", **again) == "ONE_PER_CUSTOMER"
    assert sell(api, "cedar-admin-agent", isTrial=True)["billingPartner"] == {"name": "Cedar"}
    api.world.clock.now += timedelta(days=30)
    assert read(api, "alder-sales-agent", made["id"])["status"] == "EXPIRED"


@pytest.mark.rule("R43")
def test_what_is_suspended_is_reactivated_and_not_bought_again(api: Api) -> None:
    made = sell(api)
    done(api, "alder-sales-agent", "suspendSubscription", **of(made, reason="NON_PAYMENT"))

    input = {"customer": MEADOW, **SEATS}
    assert refused(api, "alder-sales-agent", "createSubscription", **input) == "ONE_PER_CUSTOMER"
    assert sell(api, "cedar-admin-agent")["status"] == "ACTIVE"  # another partner learns nothing of it


@pytest.mark.rule("R41")
def test_an_add_on_ends_and_renews_with_its_base(api: Api) -> None:
    base = sell(api, autoRenewEnabled=False)
    api.world.clock.now += timedelta(days=100)

    made = sell(api, offerName="Mail archive", parentId=base["id"])

    assert made["parent"] == {"id": base["id"]}
    assert made["commitmentEndDate"] == base["commitmentEndDate"]
    assert made["autoRenewEnabled"] is False
    late = {"customer": MEADOW, **SEATS, "parentId": base["id"], "autoRenewEnabled": True}
    assert refused(api, "alder-sales-agent", "createSubscription", **late) == "AUTO_RENEW_NOT_ALLOWED"


@pytest.mark.rule("R41")
def test_an_add_on_of_a_base_with_unknown_renewal_ends_with_the_current_term(
    api: Api,
) -> None:
    base = sell(api)
    api.world.clock.now += timedelta(days=400)

    made = sell(api, offerName="Mail archive", parentId=base["id"])

    assert made["commitmentEndDate"] > utc_text(api.world.clock.now)
    assert made["commitmentEndDate"][4:] == base["commitmentEndDate"][4:]


@pytest.mark.rule("R41")
@pytest.mark.parametrize(
    "base",
    ["canyon-azure-alder", "meadow-phone-cedar", "meadow-office-direct", "meadow-archive-alder"],
)
def test_a_base_of_others_elsewhere_or_absent_is_refused_in_the_same_words(api: Api, base: str) -> None:
    """Another customer's, another partner's, another channel's, an add-on itself: as if not there."""
    agree(api, MEADOW, None)
    answers = [
        ask(api, "alder-sales-agent", "createSubscription", customer=MEADOW, **SEATS, parentId=parent).body
        for parent in (id_of(base), f"subscription_{ABSENT}")
    ]

    assert answers[0] == answers[1]
    assert answers[0]["data"]["createSubscription"]["userErrors"][0]["code"] == "ADD_ON_UNRELATED"


@pytest.mark.rule("R41")
def test_an_add_on_needs_an_active_base(api: Api) -> None:
    base = sell(api)
    done(api, "alder-sales-agent", "suspendSubscription", **of(base, reason="FRAUD"))

    input = {"customer": MEADOW, **SEATS, "offerName": "Mail archive", "parentId": base["id"]}
    assert refused(api, "alder-sales-agent", "createSubscription", **input) == "PARENT_NOT_ACTIVE"


@pytest.mark.rule("R25")
def test_a_provider_credits_an_active_reseller_of_its_own(api: Api) -> None:
    change(api, Partnership, fixed_id("cedar.hazel.partnership"), reseller_number="5550999")

    made = sell(api, "cedar-admin-agent", partnerOfRecord=HAZEL.id)

    assert made["partnerOfRecord"] == {"name": "Hazel"}
    assert (
        stored(api, Subscription, id=made["id"].removeprefix("subscription_"))[0].partner_number == "5550999"
    )
    assert api.ask("hazel-sales-agent", READ, id=made["id"]).body["data"]["node"]["status"] == "ACTIVE"


@pytest.mark.rule("R25")
@pytest.mark.parametrize("partner", [CEDAR, BIRCH, LINDEN, ALDER, WILLOW, MEADOW])
def test_other_partners_and_absent_ones_are_refused_alike(api: Api, partner: Organisation) -> None:
    """The provider itself, an invited and a removed reseller, strangers: all as one that is not there."""
    agree(api, MEADOW, None)
    made = {"customer": MEADOW, **SEATS}
    answers = [
        ask(api, "cedar-admin-agent", "createSubscription", **made, partnerOfRecord=guid).body
        for guid in (partner.id, ABSENT)
    ]
    assigned = [
        ask(
            api,
            "cedar-admin-agent",
            "assignPartnerOfRecord",
            id="meadow-phone-cedar",
            expectedVersion=1,
            partner=guid,
        ).body
        for guid in (partner.id, ABSENT)
    ]

    assert answers[0] == answers[1]
    assert assigned[0] == assigned[1]
    for body in (answers[0], assigned[0]):
        (payload,) = body["data"].values()
        assert [each["code"] for each in payload["userErrors"]] == ["PARTNER_OF_RECORD_INVALID"]


@pytest.mark.rule("R20")
def test_a_reseller_that_has_left_the_programme_is_not_credited(api: Api) -> None:
    agree(api, MEADOW, None)
    change(api, Partner, HAZEL.id, status="inactive")

    input = {"customer": MEADOW, **SEATS, "partnerOfRecord": HAZEL.id}
    assert refused(api, "cedar-admin-agent", "createSubscription", **input) == "PARTNER_OF_RECORD_INVALID"
