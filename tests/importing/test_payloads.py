from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multichannel.domain.base import plain_name
from multichannel.domain.commerce import BillingCycle, BillingType, Commerce, ContractType, SubscriptionStatus
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.transfers import TransferKind, TransferStatus
from multichannel.importing.customers import ImportedCustomer, RelationshipToPartner
from multichannel.importing.partnerships import ImportedPartnerRelationship, PartnerRelationshipType
from multichannel.importing.payloads import KINDS, Imported, kind_name, parse
from multichannel.importing.problems import Problem, Rejected
from multichannel.importing.reader import read_items
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.importing.transfers import ImportedTransfer

SAMPLES = Path(__file__).parent / "samples"
ALDER = "0a1b6c52-7f0d-4e57-9c1b-1d2f0e6a9b01"
BIRCH = "1b2c7d63-8a1e-4f68-8d2c-2e3a1f7b0c04"

Payload = dict[str, Any]


def sample(name: str, index: int = 0) -> Payload:
    return list(read_items(SAMPLES / f"{name}.json"))[index].data


def changed(payload: Payload, path: str, value: object) -> Payload:
    """A copy with another value at the path; `...` takes the field away."""
    result = copy.deepcopy(payload)
    *outer, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    holder: Any = result
    for key in outer:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return result


def problems(payload: Payload, customer: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        parse(payload, default_customer=customer)
    return [(each.field, each.code) for each in caught.value.problems]


def customer(payload: Payload) -> ImportedCustomer:
    facts = parse(payload, default_customer=None)
    assert isinstance(facts, ImportedCustomer)
    return facts


def subscription(payload: Payload, owner: str | None = None) -> ImportedSubscription:
    facts = parse(payload, default_customer=owner)
    assert isinstance(facts, ImportedSubscription)
    return facts


def transfer(payload: Payload) -> ImportedTransfer:
    facts = parse(payload, default_customer=None)
    assert isinstance(facts, ImportedTransfer)
    return facts


def test_a_customer_comes_with_company_and_billing_profile() -> None:
    facts = customer(sample("customer"))

    assert (facts.vendor_id, facts.tenant_id) == (ALDER, ALDER)
    assert (facts.company_name, facts.domain) == ("Alder Bakery", "alder-bakery.example")
    assert (facts.organization_registration_number, facts.email) == ("AB-1200", "office@alder-bakery.example")
    assert facts.commerce_id == "7c2d3f80-51aa-4d0e-8a41-6f2f3f0a8b02"
    assert facts.relationship_to_partner is RelationshipToPartner.RESELLER
    assert facts.allow_delegated_access is True
    assert facts.custom_domains == ("alder-bakery.example",)
    assert facts.market == "US"
    assert facts.address is not None
    assert (facts.address.city, facts.address.address_line1) == ("Larchford", "1 Mill Lane")
    assert facts.billing_profile is not None
    assert facts.billing_profile.vendor_id == "c9d2a6a4-5f0b-4f5e-b1f2-0c6a7e3d4b03"
    assert facts.billing_profile.address is not None
    assert facts.billing_profile.address.state == "WA"
    assert facts.billing_profile.etag == "-4100200300400500600"


def test_a_customer_of_a_list_comes_without_what_lists_leave_out() -> None:
    facts = customer(sample("customers", 1))

    assert facts.company_name == "Cedar Toys"
    assert (facts.address, facts.billing_profile, facts.market) == (None, None, None)
    assert facts.allow_delegated_access is None


def test_the_market_is_where_bills_go_when_the_company_has_no_address() -> None:
    payload = changed(sample("customer"), "companyProfile.address", None)

    assert customer(changed(payload, "billingProfile.defaultAddress.country", "ca")).market == "CA"


def test_a_usage_based_subscription_is_read_whole() -> None:
    facts = subscription(sample("subscriptions"))

    assert facts.vendor_id == "4e5f0a96-1d4b-4c9b-9a5f-5b6d4cae3f07"
    assert facts.customer_id == ALDER
    assert facts.entitlement_id == "5f6a1ba7-2e5c-4dac-8b60-6c7e5dbf4a08"
    assert (facts.offer_id, facts.country, facts.quantity) == ("MS-AZR-0145P", "US", 1)
    assert facts.creation_date == datetime(2016, 5, 10, 7, 30, 5, 427123, tzinfo=UTC)
    assert facts.commitment_end_date == datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert (facts.status, facts.billing_type) == (SubscriptionStatus.ACTIVE, BillingType.USAGE)
    assert facts.billing_cycle is BillingCycle.UNKNOWN
    assert facts.commerce is Commerce.LEGACY


def test_a_licence_based_subscription_of_the_new_generation_is_read_whole() -> None:
    facts = subscription(sample("subscriptions", 1))

    assert facts.customer_id == BIRCH
    assert facts.creation_date == datetime(2023, 4, 10, 21, 2, 26, 20000, tzinfo=UTC)
    assert facts.effective_start_date == datetime(2023, 4, 10, tzinfo=UTC)
    assert (facts.status, facts.billing_cycle) == (SubscriptionStatus.ACTIVE, BillingCycle.ONE_TIME)
    assert facts.contract_type is ContractType.PRODUCT_KEY
    assert (facts.partner_number, facts.order_id) == ("5550123", "d1f6ef8b1a2c")
    assert (facts.friendly_name, facts.parent_vendor_id, facts.suspension_reasons) == (None, None, ())
    assert facts.product_type_id == "OnlineServicesNCE"
    assert facts.commerce is Commerce.NEW_COMMERCE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offerId", "DZH318Z0AAAA:0001"),
        ("termDuration", "P1M"),
        ("migratedFromSubscriptionId", ALDER),
        ("productType", {"id": "OnlineServicesNCE"}),
    ],
)
def test_one_sign_of_new_commerce_is_enough(field: str, value: object) -> None:
    assert subscription(changed(sample("subscriptions"), field, value)).commerce is Commerce.NEW_COMMERCE


def test_a_partner_relationship_is_active_unless_it_says_otherwise() -> None:
    payload = sample("partner-relationships")
    facts = parse(payload, default_customer=ALDER)

    assert isinstance(facts, ImportedPartnerRelationship)
    assert facts.partner_id == "3d4e9f85-0c3a-4b8a-8f4e-4a5c3b9d2e06"
    assert (facts.name, facts.mpn_id) == ("Dogwood Consulting", "5550123")
    assert facts.relationship_type is PartnerRelationshipType.IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF
    assert (facts.state, facts.customer_id) == (PartnershipStatus.ACTIVE, ALDER)


def test_a_transfer_comes_with_its_lines_and_their_add_ons() -> None:
    facts = transfer(sample("transfer"))

    assert (facts.kind, facts.status) == (TransferKind.LEGACY, TransferStatus.PENDING)
    assert facts.created_time == datetime(2020, 3, 27, 18, 22, 33, 287530, tzinfo=UTC)
    assert facts.customer_id == ALDER
    assert (facts.source_partner_name, facts.target_partner_name) == ("Elm Direct", "Fir Distribution")
    (line,) = facts.lines
    assert (line.number, line.quantity, line.status) == (0, 3, TransferStatus.COMPLETED)
    assert line.subscription_vendor_id == "c0d182be-9fd3-4eb3-82d7-d3efcef0b10f"
    (add_on,) = line.add_ons
    assert (add_on.number, add_on.status, add_on.error) == (
        1,
        TransferStatus.FAILED,
        "The base is suspended.",
    )


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        ("Pending", TransferStatus.PENDING),
        ("InProgress", TransferStatus.IN_PROGRESS),
        ("in_progress", TransferStatus.IN_PROGRESS),
        ("Complete", TransferStatus.COMPLETED),
        ("Completed", TransferStatus.COMPLETED),
        ("PartiallyComplete", TransferStatus.COMPLETED_WITH_ERRORS),
        ("CompletedWithErrors", TransferStatus.COMPLETED_WITH_ERRORS),
        ("Reject", TransferStatus.DECLINED),
        ("Rejected", TransferStatus.DECLINED),
        ("Cancel", TransferStatus.CANCELED),
        ("Cancelled", TransferStatus.CANCELED),
        ("EXPIRED", TransferStatus.EXPIRED),
    ],
)
def test_each_generation_spells_a_transfers_status_its_own_way(spelled: str, status: TransferStatus) -> None:
    assert transfer(changed(sample("transfer"), "status", spelled)).status is status


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (3, TransferKind.AZURE_PLAN),
        ("ModernAzure", TransferKind.AZURE_PLAN),
        (5, TransferKind.NEW_COMMERCE),
        ("newCommerce", TransferKind.NEW_COMMERCE),
        (None, TransferKind.LEGACY),
    ],
)
def test_the_transfer_type_tells_the_kind(type_: object, kind: TransferKind) -> None:
    assert transfer(changed(sample("transfer"), "transferType", type_)).kind is kind


@pytest.mark.parametrize(
    "spelled",
    ["isIndirectResellerOf", "is_indirect_reseller_of", "IsIndirectResellerOf", "IS_INDIRECT_RESELLER_OF"],
)
def test_a_word_may_be_spelled_in_any_way_the_vendor_does(spelled: str) -> None:
    facts = parse(
        changed(sample("partner-relationships"), "relationshipType", spelled), default_customer=None
    )

    assert isinstance(facts, ImportedPartnerRelationship)
    assert facts.relationship_type is PartnerRelationshipType.IS_INDIRECT_RESELLER_OF


def test_the_kind_may_be_spelled_in_any_case() -> None:
    assert customer(changed(sample("customer"), "attributes.objectType", "customer")).vendor_id == ALDER


def test_the_customer_given_stands_in_only_where_none_is_named() -> None:
    named = sample("subscriptions")

    assert subscription(named, BIRCH).customer_id == ALDER
    assert subscription(changed(named, "links", None), BIRCH).customer_id == BIRCH
    assert subscription(changed(named, "links.self.uri", "/subscriptions"), BIRCH).customer_id == BIRCH
    assert problems(changed(named, "links", ...)) == [("links", "MISSING")]
    assert problems(changed(named, "links.self.uri", ...)) == [("links.self.uri", "MISSING")]


@pytest.mark.parametrize(
    ("name", "path", "value", "place", "code"),
    [
        ("customer", "id", ..., "id", "MISSING"),
        ("customer", "id", "", "id", "MISSING"),
        ("customer", "id", 7, "id", "WRONG_TYPE"),
        ("customer", "id", "{customer-tenant-id}", "id", "NOT_A_GUID"),
        ("customer", "id", "string", "id", "NOT_A_GUID"),
        ("customer", "id", BIRCH, "companyProfile.tenantId", "CONTRADICTION"),
        ("customer", "companyProfile", ..., "companyProfile", "MISSING"),
        ("customer", "companyProfile", "Alder", "companyProfile", "WRONG_TYPE"),
        ("customer", "companyProfile.companyName", None, "companyProfile.companyName", "MISSING"),
        ("customer", "companyProfile.companyName", "Al\0der", "companyProfile.companyName", "BAD_TEXT"),
        ("customer", "companyProfile.companyName", "Al\ud800", "companyProfile.companyName", "BAD_TEXT"),
        ("customer", "companyProfile.companyName", "x" * 513, "companyProfile.companyName", "TOO_LONG"),
        (
            "customer",
            "companyProfile.address.country",
            "USA",
            "companyProfile.address.country",
            "UNKNOWN_VALUE",
        ),
        ("customer", "companyProfile.address", [], "companyProfile.address", "WRONG_TYPE"),
        (
            "customer",
            "billingProfile.defaultAddress.city",
            7,
            "billingProfile.defaultAddress.city",
            "WRONG_TYPE",
        ),
        ("customer", "relationshipToPartner", "friend", "relationshipToPartner", "UNKNOWN_VALUE"),
        ("customer", "allowDelegatedAccess", "yes", "allowDelegatedAccess", "WRONG_TYPE"),
        ("customer", "customDomains", "alder.example", "customDomains", "WRONG_TYPE"),
        ("customer", "customDomains", ["a.example", 7], "customDomains[1]", "WRONG_TYPE"),
        ("customer", "attributes", ..., "attributes.objectType", "MISSING"),
        ("customer", "attributes.objectType", "Invoice", "attributes.objectType", "UNKNOWN_KIND"),
        ("customer", "attributes.objectType", 7, "attributes.objectType", "UNKNOWN_KIND"),
        ("subscriptions", "id", "<subscription-id>", "id", "NOT_A_GUID"),
        ("subscriptions", "id", BIRCH, "links.self.uri", "CONTRADICTION"),
        (
            "subscriptions",
            "links.self.uri",
            "/customers/{id}/subscriptions/x",
            "links.self.uri",
            "NOT_A_GUID",
        ),
        ("subscriptions", "links.self", "x", "links.self", "WRONG_TYPE"),
        ("subscriptions", "offerId", "{offer-id}", "offerId", "BAD_TEXT"),
        ("subscriptions", "quantity", True, "quantity", "WRONG_TYPE"),
        ("subscriptions", "quantity", 1.5, "quantity", "WRONG_TYPE"),
        ("subscriptions", "quantity", -1, "quantity", "OUT_OF_RANGE"),
        ("subscriptions", "quantity", 2**31, "quantity", "OUT_OF_RANGE"),
        ("subscriptions", "status", "sleeping", "status", "UNKNOWN_VALUE"),
        ("subscriptions", "status", 1, "status", "WRONG_TYPE"),
        ("subscriptions", "billingType", ..., "billingType", "MISSING"),
        ("subscriptions", "termDuration", "2 years", "termDuration", "UNKNOWN_VALUE"),
        ("subscriptions", "creationDate", "<date>", "creationDate", "NOT_A_DATE"),
        ("subscriptions", "creationDate", "2016-02-30T00:00:00Z", "creationDate", "NOT_A_DATE"),
        ("subscriptions", "creationDate", "9999-12-31T23:59:59-05:00", "creationDate", "NOT_A_DATE"),
        ("subscriptions", "creationDate", "2016-W05-1", "creationDate", "NOT_A_DATE"),
        ("subscriptions", "creationDate", 20160510, "creationDate", "WRONG_TYPE"),
        ("subscriptions", "links.offer.uri", "/offers/x?country={cc}", "links.offer.uri", "UNKNOWN_VALUE"),
        (
            "subscriptions",
            "parentSubscriptionId",
            "4E5F0A96-1D4B-4C9B-9A5F-5B6D4CAE3F07",
            "parentSubscriptionId",
            "CONTRADICTION",
        ),
        ("partner-relationships", "id", None, "id", "MISSING"),
        ("partner-relationships", "relationshipType", "cousin", "relationshipType", "UNKNOWN_VALUE"),
        ("transfer", "sourcePartnerTenantId", "{id}", "sourcePartnerTenantId", "NOT_A_GUID"),
        ("transfer", "transferType", 4, "transferType", "UNKNOWN_VALUE"),
        ("transfer", "transferType", [], "transferType", "WRONG_TYPE"),
        ("transfer", "lineItems.0", 7, "lineItems[0]", "WRONG_TYPE"),
        ("transfer", "lineItems.0.quantity", -3, "lineItems[0].quantity", "OUT_OF_RANGE"),
        (
            "transfer",
            "lineItems.0.addonItems.0.subscriptionId",
            "string",
            "lineItems[0].addonItems[0].subscriptionId",
            "NOT_A_GUID",
        ),
    ],
)
def test_one_damaged_field_gives_one_problem_at_its_place(
    name: str, path: str, value: object, place: str, code: str
) -> None:
    assert problems(changed(sample(name), path, value)) == [(place, code)]


def test_every_damaged_field_of_an_item_is_named_with_its_value() -> None:
    payload = changed(changed(sample("subscriptions"), "id", "{id}"), "status", "odd" * 1000)

    with pytest.raises(Rejected) as caught:
        parse(payload, default_customer=None)

    identity, status = caught.value.problems
    assert identity == Problem("id", "NOT_A_GUID", "'{id}' is not a valid GUID.")
    assert "'oddodd" in status.message
    assert len(status.message) < 200


def test_a_value_cannot_steer_the_terminal() -> None:
    with pytest.raises(Rejected) as caught:
        parse(changed(sample("subscriptions"), "status", "\x1b[2J\n"), default_customer=None)

    assert caught.value.message.isprintable()


@pytest.mark.parametrize("field", ["parentSubscriptionId", "orderId", "migratedFromSubscriptionId"])
def test_the_guid_of_zeros_and_blank_text_say_nothing(field: str) -> None:
    for nothing in ("00000000-0000-0000-0000-000000000000", "", "  ", None):
        assert subscription(changed(sample("subscriptions"), field, nothing)) == subscription(
            changed(sample("subscriptions"), field, None)
        )


def test_unknown_fields_are_ignored() -> None:
    payload = sample("subscriptions")

    assert subscription(payload | {"surprise": {"id": [1, None]}}) == subscription(payload)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("customer", "Customer"),
        ("subscriptions", "Subscription"),
        ("partner-relationships", "PartnerRelationship"),
        ("transfer", "TransferEntity"),
    ],
)
def test_facts_know_the_vendors_name_of_their_kind(name: str, kind: str) -> None:
    assert kind_name(type(parse(sample(name), default_customer=None))) == kind


GUIDS = st.uuids().filter(lambda each: each.int).map(str)
NAMES = st.text(min_size=1).map(lambda name: plain_name(name) or "Alder")
# The first year is .NET's for no date.
TIMES = st.datetimes(min_value=datetime(2, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (they get their zone)
SPELLED: list[Callable[[str], str]] = [str, str.upper, lambda word: word.replace("_", "")]


@given(
    identity=GUIDS,
    owner=GUIDS,
    name=NAMES,
    quantity=st.integers(0, 2**31 - 1),
    created=TIMES,
    status=st.sampled_from(SubscriptionStatus),
    cycle=st.sampled_from(BillingCycle),
    spell=st.sampled_from(SPELLED),
    upper=st.booleans(),
)
def test_what_is_written_in_the_vendors_form_is_read_back(**drawn: Any) -> None:
    spell: Callable[[str], str] = drawn["spell"]
    identity = drawn["identity"].upper() if drawn["upper"] else drawn["identity"]
    facts = subscription(
        {
            "id": identity,
            "offerId": identity,
            "friendlyName": drawn["name"],
            "quantity": drawn["quantity"],
            "creationDate": drawn["created"].isoformat().replace("+00:00", "Z"),
            "status": spell(drawn["status"]),
            "billingType": "license",
            "billingCycle": spell(drawn["cycle"]),
            "links": {"self": {"uri": f"/v1/customers/{drawn['owner']}/subscriptions/{identity}"}},
            "attributes": {"objectType": "Subscription"},
        }
    )

    assert (facts.vendor_id, facts.offer_id) == (drawn["identity"], drawn["identity"])
    assert (facts.customer_id, facts.friendly_name) == (drawn["owner"], drawn["name"])
    assert (facts.quantity, facts.creation_date) == (drawn["quantity"], drawn["created"])
    assert (facts.status, facts.billing_cycle) == (drawn["status"], drawn["cycle"])


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | GUIDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
PLACES = [
    ("customer", path)
    for path in (
        "id",
        "companyProfile",
        "companyProfile.address",
        "billingProfile",
        "customDomains",
        "attributes",
    )
] + [
    ("transfer", path)
    for path in ("status", "transferType", "lineItems", "lineItems.0", "lineItems.0.addonItems")
]


@given(place=st.sampled_from(PLACES), value=ANY)
def test_any_value_anywhere_is_understood_or_rejected(place: tuple[str, str], value: object) -> None:
    name, path = place
    with suppress(Rejected):
        parse(changed(sample(name), path, value), default_customer=None)


@given(kind=st.sampled_from([*KINDS, None]), item=st.dictionaries(st.text(max_size=6), ANY))
def test_any_object_is_understood_or_rejected(kind: str | None, item: Payload) -> None:
    with suppress(Rejected):
        facts: Imported = parse(item | {"attributes": {"objectType": kind}}, default_customer=ALDER)
        assert json.dumps(str(facts))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00.0000000+00:00", None),
        ("/Date(-62135596800000)/", None),
        ("/Date(1709251200000)/", datetime(2024, 3, 1, tzinfo=UTC)),
        ("/Date(1709251200123+0100)/", datetime(2024, 3, 1, 0, 0, 0, 123000, tzinfo=UTC)),
        ({"value": "/Date(1709251200000)/", "DateTime": "Friday, 1 March"}, datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_dates_of_dotnet_are_read(value: object, read: datetime | None) -> None:
    assert (
        subscription(changed(sample("subscriptions"), "commitmentEndDate", value)).commitment_end_date == read
    )


@pytest.mark.parametrize(
    "value", ["/Date(x)/", "/Date(99999999999999999999)/", "/Date(999999999999999)/", {}]
)
def test_dates_that_are_none_are_refused(value: object) -> None:
    ((place, code),) = problems(changed(sample("subscriptions"), "commitmentEndDate", value))

    assert (place, code in {"NOT_A_DATE", "WRONG_TYPE"}) == ("commitmentEndDate", True)


@pytest.mark.parametrize("value", [1.0, 250.0, 0.0])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(value: float) -> None:
    facts = subscription(changed(sample("subscriptions"), "quantity", value))

    assert (facts.quantity, type(facts.quantity)) == (int(value), int)


@pytest.mark.parametrize("value", ["P1M", "P1Y", "P3Y", "P5Y", "P1Y6M", "P30D", "p4w", "PT12H"])
def test_a_term_is_any_iso_8601_duration(value: str) -> None:
    assert (
        subscription(changed(sample("subscriptions"), "termDuration", value)).term_duration == value.upper()
    )


@pytest.mark.parametrize("value", ["P", "PT", "P1", "1Y", "P1YT", "P-1Y", "one year"])
def test_what_is_no_duration_is_refused(value: str) -> None:
    assert problems(changed(sample("subscriptions"), "termDuration", value)) == [
        ("termDuration", "UNKNOWN_VALUE")
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [("UK", "Did you mean GB?"), ("el", "Did you mean GR?"), ("ZZ", "ISO 3166"), ("\u1d2cE", "")],
)
def test_a_country_is_one_of_iso_3166(code: str, told: str) -> None:
    payload = changed(sample("customer"), "companyProfile.address.country", code)

    with pytest.raises(Rejected) as caught:
        parse(payload, default_customer=None)

    (problem,) = caught.value.problems
    assert (problem.code, told in problem.message) == ("UNKNOWN_VALUE", True)


@pytest.mark.parametrize(
    ("name", "path", "value", "place"),
    [
        ("customer", "companyProfile", "@{tenantId=1; companyName=Alder}", "companyProfile"),
        ("customer", "companyProfile.address", "@{country=US}", "companyProfile.address"),
        ("subscriptions", "links", "@{self=}", "links"),
        ("subscriptions", "suspensionReasons", "System.Object[]", "suspensionReasons"),
        ("transfer", "lineItems.0.addonItems", "@{id=0}", "lineItems[0].addonItems"),
        ("customer", "attributes", "@{objectType=Customer}", "attributes"),
    ],
)
def test_what_powershell_has_cut_off_is_named(name: str, path: str, value: str, place: str) -> None:
    assert problems(changed(sample(name), path, value)) == [(place, "TRUNCATED")]


@pytest.mark.parametrize(
    "error",
    [
        {"code": 2000, "description": "Access denied"},
        {"error": {"code": "Forbidden", "message": "Access denied"}},
        {"error": "invalid_grant", "error_description": "Access denied"},
    ],
)
def test_an_error_of_the_api_is_told_as_what_it_is(error: Payload) -> None:
    with pytest.raises(Rejected, match="Access denied") as caught:
        parse(error, default_customer=None)

    assert caught.value.problems[0].code == "API_ERROR"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("\u0634\u0631\u06a9\u062a \u0646\u0631\u0645\u200c\u0627\u0641\u0632\u0627\u0631", None),
        ("\u0936\u094d\u200d\u0930\u0940", None),
        ("Cafe\u0301", "Caf\u00e9"),
        ("\u682a\u5f0f\u4f1a\u793e\u3000\u5c71\u7530", "\u682a\u5f0f\u4f1a\u793e \u5c71\u7530"),
        (" Alder\u00a0AG ", "Alder AG"),
        ("A\u202eB", ...),
        ("A\u2066B", ...),
        ("A\u200fB", ...),
        ("A\u0007B", ...),
        ("A\tB", ...),
    ],
)
def test_names_are_stored_by_one_rule(written: str, stored: object) -> None:
    payload = changed(sample("customer"), "companyProfile.companyName", written)

    if stored is ...:
        assert problems(payload) == [("companyProfile.companyName", "BAD_TEXT")]
    else:
        assert customer(payload).company_name == (stored or written)
