"""Subscriptions changed through the API: by who sells them, and by nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import (
    ALDER,
    BIRCH,
    CEDAR,
    DOGWOOD,
    HAZEL,
    LAUREL,
    MEADOW,
    WILLOW,
    Organisation,
    fixed_id,
)
from multichannel.domain.audit import AuditStatus
from multichannel.domain.partnerships import Partnership
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import set_row
from tests.graphql.stored_rows import NewRows, stored
from tests.graphql.subscription_api import (
    ABSENT,
    MUTATIONS,
    READ,
    SEATS,
    ask,
    denied,
    done,
    everything,
    id_of,
    of,
    read,
    refused,
    sell,
)
from tests.world import postgresql_later

pytestmark = postgresql_later

MORE: dict[str, dict[str, Any]] = {
    "updateSubscription": {"quantity": 40},
    "suspendSubscription": {"reason": "CUSTOMER_REQUEST"},
    "cancelSubscription": {"reason": "CUSTOMER_REQUEST"},
    "assignSupportContact": {"partner": None},
    "linkSubscription": {"vendorId": ABSENT},
    "completeVendorTask": {},
}


def test_user_management_admins_may_add_licenses_without_reading_the_subscription(api: Api) -> None:
    """A summary names the version, so that whoever adds licences without viewing subscriptions can."""
    row_id = id_of("meadow-mail-alder")
    shown = "id friendlyName version"
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Subscription {{ {shown} }} }} }}"
    found = api.ask("alder-user-management-admin", query, id=row_id).data["node"]

    made = ask(
        api, "alder-user-management-admin", "updateSubscription", shown=shown, **of(found, quantity=31)
    )

    assert made.data["updateSubscription"]["subscription"]["version"] == 2
    assert read(api, "alder-sales-agent", row_id)["quantity"] == 31


CHANGES: dict[str, dict[str, Any]] = {
    "updateSubscription": {"quantity": 99},
    "suspendSubscription": {"reason": "FRAUD"},
    "reactivateSubscription": {},
    "cancelSubscription": {"reason": "FRAUD"},
}


@pytest.mark.rule("R22")
def test_a_reseller_changes_nothing_that_its_provider_sells(api: Api) -> None:
    """A reseller, of what its provider sells."""
    for mutation, input in CHANGES.items():
        asked = {"id": "meadow-phone-cedar", "expectedVersion": 1, **input}
        expected = ("FORBIDDEN", ["RESELLERS_SELL_NOTHING"])
        assert denied(api, "dogwood-sales-agent", mutation, **asked) == expected, mutation


@pytest.mark.rule("R46")
@pytest.mark.parametrize("mutation", MUTATIONS[2:7] + MUTATIONS[8:])
def test_a_change_of_another_version_is_refused_with_the_current_one(api: Api, mutation: str) -> None:
    persona, key = "cedar-admin-agent", "meadow-phone-cedar"
    if mutation == "cancelService":
        persona, key = "meadow-global-admin", "meadow-azure-ea"
    more = {
        **CHANGES,
        **MORE,
        "cancelService": {"service": "storage"},
        "assignPartnerOfRecord": {"partner": None},
    }

    assert refused(api, persona, mutation, id=key, expectedVersion=7, **more[mutation]) == "STALE_VERSION"


@pytest.mark.rule("R44")
def test_quantity_goes_up_at_any_time_and_down_while_the_window_is_open(api: Api) -> None:
    made = sell(api)
    fewer = done(api, "alder-helpdesk-agent", "updateSubscription", **of(made, quantity=2))
    api.world.clock.now += timedelta(days=8)
    assert refused(api, "alder-sales-agent", "updateSubscription", **of(fewer, quantity=1)) == (
        "QUANTITY_DECREASE_BARRED"
    )
    new_rows = NewRows(api)

    more = done(api, "alder-sales-agent", "updateSubscription", **of(fewer, quantity=9, friendlyName="Post"))

    assert (more["quantity"], more["friendlyName"], more["version"]) == (9, "Post", 3)
    (record,) = new_rows.records(ALDER.id)
    assert (record.old_value["quantity"], record.new_value["quantity"]) == (2, 9)
    (customers_record,) = new_rows.records(MEADOW.id)
    assert (customers_record.old_value["quantity"], customers_record.new_value["quantity"]) == (2, 9)
    assert [each.operation for each in new_rows.events()] == ["update_subscription"]


@pytest.mark.rule("R44")
def test_nothing_changes_while_it_is_suspended(api: Api) -> None:
    made = sell(api)
    held = done(api, "alder-sales-agent", "suspendSubscription", **of(made, reason="NON_PAYMENT"))

    for edit in ({"quantity": 9}, {"autoRenewEnabled": True}, {"friendlyName": "Post"}):
        assert refused(api, "alder-sales-agent", "updateSubscription", **of(held, **edit)) == (
            "SUBSCRIPTION_SUSPENDED"
        )


@pytest.mark.parametrize("edit", [{"quantity": None}, {"autoRenewEnabled": None}, {"friendlyName": " "}])
def test_a_meaningless_edit_is_bad_input(api: Api, edit: dict[str, Any]) -> None:
    input = {"id": "meadow-mail-alder", "expectedVersion": 1, **edit}
    assert denied(api, "alder-sales-agent", "updateSubscription", **input)[0] == "BAD_INPUT"


@pytest.mark.rule("R41")
def test_turning_renewal_off_ends_base_and_add_ons_together(api: Api) -> None:
    input = {"id": "meadow-mail-alder", "expectedVersion": 1, "autoRenewEnabled": False}
    base = done(api, "alder-sales-agent", "updateSubscription", **input)

    api.world.clock.now += timedelta(days=166)
    for row_id in (base["id"], id_of("meadow-archive-alder")):
        assert read(api, "alder-sales-agent", row_id)["status"] == "EXPIRED"
    assert refused(api, "alder-sales-agent", "updateSubscription", **of(base, autoRenewEnabled=True)) == (
        "SUBSCRIPTION_ENDED"
    )


@pytest.mark.rule("R42")
def test_suspending_and_reactivating_a_base_with_its_add_ons(api: Api) -> None:
    new_rows = NewRows(api)
    base = done(
        api,
        "alder-admin-agent",
        "suspendSubscription",
        id="meadow-mail-alder",
        expectedVersion=1,
        reason="FRAUD",
    )
    add_on = read(api, "alder-sales-agent", id_of("meadow-archive-alder"))
    assert (base["status"], base["suspensionReasons"], add_on["status"]) == (
        "SUSPENDED",
        ["FRAUD".lower()],
        "SUSPENDED",
    )
    assert len(new_rows.events()) == 2
    assert {each.operation for each in new_rows.events()} == {"suspend_subscription"}
    assert sorted(each.tenant_id for each in new_rows.records()) == sorted([ALDER.id, MEADOW.id] * 2)
    assert {each.new_value["status"] for each in new_rows.records(MEADOW.id)} == {"suspended"}

    assert refused(api, "alder-sales-agent", "reactivateSubscription", **of(add_on)) == "PARENT_NOT_ACTIVE"
    assert done(api, "alder-sales-agent", "reactivateSubscription", **of(base))["suspensionReasons"] == []
    assert done(api, "alder-sales-agent", "reactivateSubscription", **of(add_on))["status"] == "ACTIVE"


@pytest.mark.rule("R41", "R42")
def test_a_base_is_reactivated_with_its_add_ons_where_that_is_asked_for(api: Api) -> None:
    held = {"id": "meadow-mail-alder", "expectedVersion": 1, "reason": "NON_PAYMENT"}
    base = done(api, "alder-admin-agent", "suspendSubscription", **held)
    new_rows = NewRows(api)

    done(api, "alder-sales-agent", "reactivateSubscription", **of(base, includeAddOns=True))

    add_on = read(api, "alder-sales-agent", id_of("meadow-archive-alder"))
    assert (add_on["status"], add_on["suspensionReasons"]) == ("ACTIVE", [])
    assert len(new_rows.events()) == 2
    assert [each.new_value["status"] for each in new_rows.records(MEADOW.id)] == ["active", "active"]


@pytest.mark.rule("R48")
def test_new_commerce_is_canceled_within_seven_days_and_tells_when_that_was(api: Api) -> None:
    made = sell(api)
    until = api.world.clock.now + timedelta(days=7)
    api.world.clock.now = until + timedelta(seconds=1)
    input = of(made, reason="CUSTOMER_REQUEST")
    answer = ask(api, "alder-sales-agent", "cancelSubscription", **input).data["cancelSubscription"]
    assert answer["subscription"] is None
    assert [(each["code"], each["rule"]) for each in answer["userErrors"]] == [
        ("CANCEL_WINDOW_PASSED", "R48")
    ]
    assert f"{until:%Y-%m-%d %H:%M}" in answer["userErrors"][0]["message"]

    api.world.clock.now = until
    gone = done(api, "alder-sales-agent", "cancelSubscription", **input)
    assert (gone["status"], gone["cancellationReason"]) == ("DELETED", "customer_request")


@pytest.mark.rule("SM5")
def test_legacy_is_canceled_at_any_time_and_stays_so(api: Api) -> None:
    input = {"id": "ember-mail-alder", "expectedVersion": 1, "reason": "CUSTOMER_REQUEST"}
    gone = done(api, "alder-sales-agent", "cancelSubscription", **input)

    assert gone["status"] == "DELETED"
    for mutation, more in CHANGES.items():
        assert refused(api, "alder-sales-agent", mutation, **of(gone, **more)) == "SUBSCRIPTION_ENDED"


@pytest.mark.rule("R53")
def test_what_is_refused_is_in_the_chain_of_whoever_asked_and_in_no_other(api: Api) -> None:
    new_rows = NewRows(api)
    input = {"id": "meadow-mail-alder", "expectedVersion": 1, "reason": "FRAUD"}
    assert refused(api, "alder-sales-agent", "cancelSubscription", **input) == "CANCEL_WINDOW_PASSED"

    assert [(each.tenant_id, each.status, each.reasons) for each in new_rows.records()] == [
        (ALDER.id, AuditStatus.FAILED, ["CANCEL_WINDOW_PASSED"])
    ]
    assert new_rows.events() == []


@pytest.mark.rule("R53")
def test_what_is_denied_names_the_customer_it_was_asked_of(api: Api) -> None:
    new_rows = NewRows(api)
    denied(api, "dogwood-sales-agent", "createSubscription", customer=MEADOW, **SEATS)

    (record,) = new_rows.records()
    assert (record.tenant_id, record.status, record.resource_type, record.resource_id) == (
        DOGWOOD.id,
        AuditStatus.DECLINED,
        "Customer",
        MEADOW.id,
    )
    assert record.reasons == ["FORBIDDEN", "RESELLERS_SELL_NOTHING"]


def assign(api: Api, persona: str, key: str, partner: str | None) -> dict[str, Any]:
    version = stored(api, Subscription, id=fixed_id(f"{key}.subscription"))[0].version
    answer = ask(api, persona, "assignSupportContact", id=key, expectedVersion=version, partner=partner)
    payload: dict[str, Any] = answer.data["assignSupportContact"]
    return payload


@pytest.mark.rule("R26")
@pytest.mark.parametrize(
    ("persona", "key", "partner", "name"),
    [
        ("meadow-global-admin", "meadow-office-direct", ALDER, "Alder"),
        ("meadow-global-admin", "meadow-office-direct", WILLOW, "Willow"),
        ("alder-admin-agent", "meadow-mail-alder", ALDER, "Alder"),
        ("cedar-admin-agent", "meadow-phone-cedar", DOGWOOD, "Dogwood"),  # attached to Meadow
        ("cedar-admin-agent", "meadow-phone-cedar", CEDAR, "Cedar"),
    ],
)
def test_a_support_contact_serves_the_customer(
    api: Api, persona: str, key: str, partner: Organisation, name: str
) -> None:
    new_rows = NewRows(api)
    payload = assign(api, persona, key, partner.id)

    assert payload["userErrors"] == []
    row = stored(api, Subscription, id=fixed_id(f"{key}.subscription"))[0]
    assert (row.support_contact_id, row.version) == (partner.id, 2)
    assert [each.operation for each in new_rows.events()] == ["assign_support_contact"]
    assert partner.id in {each.tenant_id for each in new_rows.records()}
    assert read(api, persona, id_of(key))["supportContact"] in ({"name": name}, None)
    assert assign(api, persona, key, None)["userErrors"] == []
    assert stored(api, Subscription, id=row.id)[0].support_contact_id is None


@pytest.mark.rule("R26")
@pytest.mark.parametrize(
    ("persona", "key", "partner"),
    [
        ("meadow-global-admin", "meadow-office-direct", BIRCH),  # withdrew its request
        (
            "meadow-global-admin",
            "meadow-office-direct",
            DOGWOOD,
        ),  # serves through Cedar, holds no relationship
        ("meadow-global-admin", "meadow-office-direct", LAUREL),
        ("alder-admin-agent", "meadow-mail-alder", BIRCH),
        ("alder-admin-agent", "meadow-mail-alder", DOGWOOD),  # serves through Cedar
        ("meadow-global-admin", "meadow-phone-cedar", HAZEL),
        ("alder-admin-agent", "meadow-mail-alder", HAZEL),
        ("alder-admin-agent", "ember-mail-alder", ALDER),  # its own was removed
        ("cedar-admin-agent", "meadow-phone-cedar", HAZEL),  # its reseller, and not attached to Meadow
    ],
)
def test_an_unavailable_partner_is_refused_like_an_absent_one(
    api: Api, persona: str, key: str, partner: Organisation
) -> None:
    before = everything(api)
    answers = [assign(api, persona, key, guid) for guid in (partner.id, ABSENT)]

    assert answers[0] == answers[1]
    assert [each["code"] for each in answers[0]["userErrors"]] == ["CONTACT_NOT_AVAILABLE"]
    assert everything(api) == before


@pytest.mark.parametrize("input", [{}, {"partner": "no-guid"}])
@pytest.mark.parametrize("mutation", ["assignSupportContact", "assignPartnerOfRecord"])
def test_assigning_no_partner_takes_an_explicit_null(api: Api, mutation: str, input: dict[str, Any]) -> None:
    asked = {"id": "meadow-phone-cedar", "expectedVersion": 1, **input}
    assert denied(api, "cedar-admin-agent", mutation, **asked)[0] == "BAD_INPUT"


@pytest.mark.rule("R74")
def test_a_credited_reseller_keeps_its_own_number_when_it_is_named_again(api: Api) -> None:
    row_id = fixed_id("meadow-phone-cedar.subscription")

    def number() -> str | None:
        return stored(api, Subscription, id=row_id)[0].partner_number

    made = read(api, "cedar-admin-agent", f"subscription_{row_id}")
    for partner, expected in ((HAZEL, "5550106"), (DOGWOOD, "5550105"), (DOGWOOD, "5550105")):
        made = done(api, "cedar-admin-agent", "assignPartnerOfRecord", **of(made, partner=partner.id))
        assert number() == expected
    version = made["version"]
    set_row(api, Partner, DOGWOOD.id, partner_number=None)
    again = done(api, "cedar-admin-agent", "assignPartnerOfRecord", **of(made, partner=DOGWOOD.id))
    assert (number(), again["version"]) == ("5550105", version)
    set_row(api, Partnership, fixed_id("cedar.hazel.partnership"), reseller_number="5550999")
    done(api, "cedar-admin-agent", "assignPartnerOfRecord", **of(again, partner=HAZEL.id))
    assert number() == "5550999"  # R25: the location that the provider credits


@pytest.mark.rule("R24")
def test_credit_goes_to_one_reseller_at_a_time_and_shows_a_summary(api: Api) -> None:
    new_rows = NewRows(api)
    input = {"id": "meadow-phone-cedar", "expectedVersion": 1, "partner": HAZEL.id}
    made = done(api, "cedar-sales-and-billing", "assignPartnerOfRecord", **input)

    assert made["partnerOfRecord"] == {"name": "Hazel"}
    assert api.ask("hazel-sales-agent", READ, id=made["id"]).body["data"]["node"]["quantity"] is None
    assert {each.tenant_id for each in new_rows.records()} >= {CEDAR.id, HAZEL.id, MEADOW.id}
    cleared = done(api, "cedar-admin-agent", "assignPartnerOfRecord", **of(made, partner=None))
    assert cleared["partnerOfRecord"] is None
    assert read(api, "hazel-sales-agent", made["id"]) is None
