"""What was bought in other channels: recorded, and recreated in CSP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import (
    ALDER,
    MEADOW,
    fixed_id,
)
from multichannel.domain.base import utc_text
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import NewRows
from tests.graphql.subscription_api import (
    AZURE,
    EA,
    agree,
    change,
    denied,
    done,
    id_of,
    of,
    read,
    refused,
)
from tests.world import postgresql_later

pytestmark = postgresql_later


@pytest.mark.rule("R4", "R1")
def test_what_a_customer_records_is_seen_by_the_partners_it_has_a_relationship_with(api: Api) -> None:
    made = done(api, "meadow-global-admin", "recordExternalSubscription", customer=MEADOW, **EA)

    assert (made["recordedBy"], made["channel"], made["status"], made["commerce"]) == (
        "CUSTOMER",
        "EA",
        "ACTIVE",
        "LEGACY",
    )
    assert made["billingPartner"] is None
    for persona in ("alder-sales-agent", "cedar-admin-agent", "willow-sales-agent", "meadow-global-admin"):
        assert read(api, persona, made["id"])["quantity"] == 3
    for persona in ("birch-sales-agent", "dogwood-sales-agent", "canyon-global-admin", "laurel-admin-agent"):
        assert read(api, persona, made["id"]) is None


@pytest.mark.rule("R4")
def test_what_a_partner_records_is_seen_by_it_and_the_customer_alone(api: Api) -> None:
    new_rows = NewRows(api)

    made = done(api, "alder-sales-agent", "recordExternalSubscription", customer=MEADOW, **EA)

    assert made["recordedBy"] == "PARTNER"
    assert read(api, "meadow-global-admin", made["id"])["recordedBy"] == "PARTNER"
    for persona in ("cedar-admin-agent", "willow-sales-agent", "birch-sales-agent"):
        assert read(api, persona, made["id"]) is None
    assert {each.tenant_id for each in new_rows.records()} == {ALDER.id, MEADOW.id}
    assert [(each.operation, each.resource_type) for each in new_rows.events()] == [
        ("record_external_subscription", "Subscription")
    ]


def test_two_parties_record_the_same_and_neither_learns_of_the_other(api: Api) -> None:
    same = {**AZURE, "channel": "EA", "entitlementId": fixed_id("meadow-azure-ea.entitlement")}

    for persona in ("alder-sales-agent", "cedar-admin-agent", "meadow-global-admin", "alder-admin-agent"):
        assert done(api, persona, "recordExternalSubscription", customer=MEADOW, **same)["version"] == 1


@pytest.mark.rule("R2")
def test_what_syndication_sells_is_recorded_and_not_recreated(api: Api) -> None:
    agree(api, MEADOW, None)
    azure = {**AZURE, "channel": "SYNDICATION"}
    made = done(api, "meadow-global-admin", "recordExternalSubscription", customer=MEADOW, **azure)

    assert denied(api, "alder-sales-agent", "moveSubscriptionToCsp", id=made["id"]) == (
        "FORBIDDEN",
        ["SOLD_BY_SYNDICATION"],
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "CSP"},
        {"status": "DELETED"},
        {"status": "NONE"},
        {"billingType": "NONE"},
        {"services": ["storage"]},
        {"billingType": "USAGE", "quantity": 1, "services": ["storage", "storage"]},
        {"billingType": "USAGE", "quantity": 1, "services": [" "]},
        {"entitlementId": "no-guid"},
        {"offerName": " "},
        {"commitmentEndDate": "9999-12-31T00:00:00Z"},
    ],
)
def test_an_impossible_record_is_bad_input(api: Api, wrong: dict[str, Any]) -> None:
    input = {"customer": MEADOW, **EA, **wrong}
    assert denied(api, "meadow-global-admin", "recordExternalSubscription", **input)[0] == "BAD_INPUT"


@pytest.mark.rule("R44")
def test_the_quantity_of_a_record_is_checked(api: Api) -> None:
    input = {"customer": MEADOW, **EA, "quantity": 0}
    assert (
        refused(api, "meadow-global-admin", "recordExternalSubscription", **input) == "QUANTITY_OUT_OF_RANGE"
    )


@pytest.mark.rule("SM5")
def test_a_record_whose_term_ends_ends_with_it(api: Api) -> None:
    end = utc_text(api.world.clock.now + timedelta(days=10))
    input = {"customer": MEADOW, **EA, "commitmentEndDate": end, "autoRenewEnabled": False}
    made = done(api, "meadow-global-admin", "recordExternalSubscription", **input)

    api.world.clock.now += timedelta(days=10)
    assert read(api, "alder-sales-agent", made["id"])["status"] == "DISABLED"


@pytest.mark.rule("R5", "R6")
def test_usage_is_recreated_in_csp_and_canceled_service_by_service(api: Api) -> None:
    agree(api, MEADOW, ALDER)
    old = id_of("meadow-azure-ea")
    assert (
        refused(api, "meadow-global-admin", "cancelService", id=old, expectedVersion=1, service="storage")
        == "NOT_MOVED_YET"
    )
    new_rows = NewRows(api)

    new = done(api, "alder-sales-agent", "moveSubscriptionToCsp", id=old)

    assert {name: new[name] for name in ("status", "channel", "commerce", "billingType", "friendlyName")} == {
        "status": "ACTIVE",
        "channel": "CSP",
        "commerce": "NEW_COMMERCE",
        "billingType": "USAGE",
        "friendlyName": "Meadow azure ea",
    }
    assert (new["continues"], new["billingPartner"]) == ({"id": old}, {"name": "Alder"})
    assert new["services"] == ["virtual-machines", "storage", "sql-database"]
    assert [each.operation for each in new_rows.events()] == ["move_subscription_to_csp"]
    assert {each.tenant_id for each in new_rows.records()} == {ALDER.id, MEADOW.id}
    both = read(api, "meadow-global-admin", old)
    assert (both["status"], both["version"], both["continuedBy"]["nodes"]) == (
        "ACTIVE",
        1,
        [{"id": new["id"]}],
    )
    assert read(api, "willow-sales-agent", old)["continuedBy"]["nodes"] == []  # R8

    cancel = {"id": old, "service": "storage"}
    one = done(api, "meadow-global-admin", "cancelService", **cancel, expectedVersion=1)
    assert one["leftToMove"] == {"services": ["virtual-machines", "sql-database"], "whole": True}
    assert refused(api, "meadow-global-admin", "cancelService", **cancel, expectedVersion=2) == (
        "SERVICE_ALREADY_CANCELED"
    )
    other = {"id": old, "service": "mail", "expectedVersion": 2}
    assert refused(api, "meadow-global-admin", "cancelService", **other) == "SERVICE_UNKNOWN"
    assert read(api, "alder-sales-agent", old)["canceledServices"] == ["storage"]

    whole = {"id": old, "expectedVersion": 2, "reason": "CUSTOMER_REQUEST"}
    gone = done(api, "meadow-global-admin", "cancelSubscription", **whole)
    assert (gone["status"], gone["leftToMove"]) == ("DELETED", {"services": [], "whole": False})
    assert read(api, "alder-sales-agent", new["id"])["status"] == "ACTIVE"


@pytest.mark.rule("R6")
def test_two_partners_recreate_the_same_and_each_only_once(api: Api) -> None:
    agree(api, MEADOW, None)
    first = done(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea")
    assert refused(api, "alder-admin-agent", "moveSubscriptionToCsp", id="meadow-azure-ea") == "ALREADY_MOVED"
    done(api, "cedar-admin-agent", "moveSubscriptionToCsp", id="meadow-azure-ea")

    done(api, "alder-sales-agent", "cancelSubscription", **of(first, reason="CUSTOMER_REQUEST"))
    again = done(
        api,
        "alder-sales-agent",
        "moveSubscriptionToCsp",
        id="meadow-azure-ea",
        offerName="Azure",
        friendlyName="Farm",
    )
    assert (again["offerName"], again["friendlyName"]) == ("Azure", "Farm")


@pytest.mark.rule("R5")
def test_a_partner_recreates_and_cancels_what_it_recorded_itself(api: Api) -> None:
    agree(api, MEADOW, ALDER)
    note = {**AZURE, "channel": "OPEN", "services": ["storage"]}
    made = done(api, "alder-sales-agent", "recordExternalSubscription", customer=MEADOW, **note)
    old = done(api, "meadow-global-admin", "confirmExternalSubscription", **of(made))
    done(api, "alder-sales-agent", "moveSubscriptionToCsp", id=old["id"])

    left = done(api, "alder-sales-agent", "cancelService", **of(old, service="storage"))

    assert left["leftToMove"] == {"services": [], "whole": True}
    assert denied(api, "meadow-global-admin", "cancelSubscription", **of(left, reason="FRAUD")) == (
        "FORBIDDEN",
        [],
    )
    assert (
        done(api, "alder-sales-agent", "cancelSubscription", **of(left, reason="FRAUD"))["status"]
        == "DELETED"
    )


@pytest.mark.rule("R5")
def test_what_has_ended_is_not_recreated(api: Api) -> None:
    agree(api, MEADOW, None)
    end = {"id": "meadow-azure-ea", "expectedVersion": 1, "reason": "CUSTOMER_REQUEST"}
    done(api, "meadow-global-admin", "cancelSubscription", **end)

    assert (
        refused(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea")
        == "SUBSCRIPTION_ENDED"
    )


@pytest.mark.rule("R13")
def test_recreating_takes_the_customer_agreement_as_any_purchase(api: Api) -> None:
    assert (
        refused(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea")
        == "AGREEMENT_REQUIRED"
    )


@pytest.mark.rule("R22")
@pytest.mark.parametrize("partner_type", ["indirect_reseller"])
def test_a_reseller_with_a_relationship_recreates_nothing(api: Api, partner_type: str) -> None:
    agree(api, MEADOW, None)
    change(api, Partner, ALDER.id, type=partner_type)

    assert denied(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea") == (
        "FORBIDDEN",
        ["RESELLERS_SELL_NOTHING"],
    )


@pytest.mark.rule("R12")
def test_nothing_is_recreated_in_another_market(api: Api) -> None:
    agree(api, MEADOW, None)
    change(api, Subscription, fixed_id("meadow-azure-ea.subscription"), market="CA")

    assert denied(api, "alder-sales-agent", "moveSubscriptionToCsp", id="meadow-azure-ea") == (
        "FORBIDDEN",
        ["DIFFERENT_MARKET"],
    )


@pytest.mark.rule("R5")
@pytest.mark.parametrize("persona", ["alder-sales-agent", "cedar-admin-agent", "willow-sales-agent"])
def test_services_of_the_customer_are_canceled_by_the_customer(api: Api, persona: str) -> None:
    input = {"id": "meadow-azure-ea", "expectedVersion": 1}
    assert denied(api, persona, "cancelService", **input, service="storage") == ("FORBIDDEN", [])
    assert denied(api, persona, "cancelSubscription", **input, reason="FRAUD") == ("FORBIDDEN", [])
