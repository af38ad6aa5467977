"""What several items, files and imports say of one record comes to one end in any order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import update

from multichannel.domain.customers import Customer
from multichannel.domain.tenants import PartnerType
from multichannel.policy.schema.vocabulary import Action
from tests.databases import sqlite_first
from tests.importing.books import (
    ALDER,
    BIRCH,
    Books,
    Payload,
    Table,
    codes,
    counts,
    customer,
    guid,
    only,
    reseller,
    subscription,
    transfer,
)

LISTED = customer("berlin", profile={"companyName": "Berlin Bau"})
DETAILED = customer(
    "berlin",
    profile={"companyName": "Berlin Bau GmbH", "address": {"country": "DE", "city": "Berlin"}},
    billingProfile={"email": "ada@berlin.example"},
    allowDelegatedAccess=True,
)
SHORT = subscription("mail", of="berlin")
LONG = subscription(
    "mail", of="berlin", termDuration="P1Y", entitlementId=guid("e"), partnerId="123", suspensionReasons=None
)
LINES = transfer("move", transferType="NewCommerce")
NO_LINES = {name: value for name, value in transfer("move").items() if name != "lineItems"}


def state(books: Books) -> dict[str, Table]:
    """What is stored, but for ids, times and versions."""
    left_out = {"id", "created_at", "updated_at", "version", "relationship_id", "transfer_id"}
    tables = (
        *("customers", "reseller_relationships", "billing_profiles", "subscriptions"),
        *("transfers", "transfer_lines", "partnerships"),
    )
    return {
        table: sorted(
            ({name: value for name, value in row.items() if name not in left_out} for row in rows), key=str
        )
        for table in tables
        for rows in [books.table(table)]
    }


@sqlite_first
@pytest.mark.parametrize(
    "items",
    [
        (LISTED, DETAILED),
        (SHORT, LONG),
        (LINES, NO_LINES),
        (customer("berlin"), customer("berlin", profile={"email": "a@berlin.example"}), DETAILED),
        (customer("berlin"), subscription("mail", of="berlin"), DETAILED),
    ],
)
def test_lists_and_details_come_to_one_end_in_any_order(
    books: Books, items: Sequence[Payload], fresh: Callable[[], Books]
) -> None:
    ends = []
    for order in permutations(items):
        other = fresh()
        for item in order:
            assert codes(other.load(item)) == []
        assert counts(other.load(order[0])) == {"created": 0, "updated": 0, "unchanged": 1, "inferred": 0}
        ends.append(state(other))
    del books

    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize(
    "items",
    [
        (customer("berlin"), customer("berlin", billingProfile={"email": "ada@berlin.example"})),
        (customer("berlin") | {"attributes": {"objectType": "Customer", "etag": "1"}}, customer("berlin")),
        (SHORT, LONG),
        (LINES, NO_LINES),
        (reseller("dogwood", "berlin", mpnId=None), reseller("dogwood")),
        (
            customer("berlin", profile={"address": {"country": "DE"}}),
            customer("berlin", profile={"address": {"city": "Berlin"}}),
        ),
    ],
)
def test_items_of_one_import_that_say_more_or_less_are_put_together(
    fresh: Callable[[], Books], items: Sequence[Payload]
) -> None:
    together, reversed_, one_by_one = fresh(), fresh(), fresh()

    report = together.load(*items)
    reversed_.load(*reversed(items))
    for item in items:
        one_by_one.load(item)

    assert (codes(report), counts(report)["created"], counts(report)["unchanged"]) == ([], 1, len(items) - 1)
    assert state(together) == state(reversed_) == state(one_by_one)


@sqlite_first
@pytest.mark.parametrize(
    ("items", "named"),
    [
        ((SHORT, SHORT | {"quantity": 6}), "quantity is 6 and was 5"),
        ((LISTED, DETAILED), "company_name is 'Berlin Bau GmbH' and was 'Berlin Bau'"),
        (
            (DETAILED, DETAILED | {"billingProfile": {"email": "b@berlin.example"}}),
            "email is 'b@berlin.example'",
        ),
    ],
)
def test_what_contradicts_is_refused_and_the_field_is_named(
    books: Books, items: Sequence[Payload], named: str
) -> None:
    report = books.load(*items)

    assert (codes(report), report.stored) == (["CONTRADICTION"], False)
    assert named in report.files[0].rejections[0].message
    assert report.files[0].rejections[0].item == 1


@sqlite_first
@pytest.mark.rule("R12")
def test_a_partner_sells_nothing_to_a_customer_whose_market_nobody_has_named(books: Books) -> None:
    books.load(LISTED)
    assert (only(books.table("customers"))["market"], _may_sell(books)) == (None, False)

    books.load(customer("berlin", profile={"address": {"country": "US"}}))
    assert (only(books.table("customers"))["market"], _may_sell(books)) == ("US", True)

    books.load(DETAILED)
    assert (only(books.table("customers"))["market"], _may_sell(books)) == ("DE", False)


def _may_sell(books: Books) -> bool:
    customers = books.sight_of(ALDER, "Customer", Action.CREATE_SUBSCRIPTION)
    return guid("berlin") in customers


@sqlite_first
def test_only_who_described_a_customer_corrects_it_and_others_name_an_unknown_market(books: Books) -> None:
    books.add_partner(BIRCH)
    books.load(LISTED)
    other = customer("berlin", profile={"companyName": "Other", "address": {"country": "DE"}})

    books.load(other, by=BIRCH)
    row = only(books.table("customers"))
    assert (row["company_name"], row["country"], row["market"]) == ("Berlin Bau", None, "DE")

    books.load(customer("berlin", profile={"companyName": "Other", "address": {"country": "FR"}}), by=BIRCH)
    assert only(books.table("customers")) == row

    books.load(customer("berlin", profile={"companyName": "Renamed"}))
    assert only(books.table("customers"))["company_name"] == "Renamed"


@sqlite_first
def test_what_somebody_has_typed_since_no_import_changes(books: Books) -> None:
    books.load(LISTED)
    with books.store.engine.begin() as connection:
        connection.execute(update(Customer).values(company_name="Typed", described_by_id=None))

    books.load(DETAILED)

    row = only(books.table("customers"))
    assert (row["company_name"], row["country"], row["market"]) == ("Typed", None, "DE")


@sqlite_first
def test_an_advisor_does_not_know_the_market_of_what_it_advises_on(books: Books) -> None:
    books.add_partner(BIRCH, PartnerType.ADVISOR)
    books.load(SHORT, by=BIRCH)
    books.load(subscription("mail", of="berlin"))

    markets: dict[str, Any] = {row["owner_id"]: row["market"] for row in books.table("subscriptions")}
    assert markets == {BIRCH: None, ALDER: "US"}
