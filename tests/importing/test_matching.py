"""What the product made itself is recognized in the vendor's next export, and never added again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from multichannel.domain.commerce import BillingType
from multichannel.domain.subscriptions import Subscription
from multichannel.importing.differences import Change
from tests.databases import sqlite_first
from tests.importing.books import (
    Books,
    Payload,
    codes,
    counts,
    customer,
    guid,
    notices,
    only,
    subscription,
)

pytestmark = sqlite_first

OFFER = "DZH318Z0BPS6:0001"
BEGAN = datetime(2026, 2, 20, 10, tzinfo=UTC)


def there(name: str = "mail", **fields: Any) -> Payload:
    values = {"offerId": OFFER, "offerName": "Business Premium", "effectiveStartDate": "2026-02-22T00:00:00Z"}
    return subscription(name, of="meadow", **values | fields)


def make(books: Books, *names: str, **values: Any) -> None:
    """Subscriptions that were made here, as createSubscription stores them: without a vendor id."""
    books.load(customer("meadow"), *(there(f"model of {name}") for name in names))
    table: Any = Subscription.__table__
    with books.store.engine.begin() as connection:
        for name in names:
            made = {"vendor_id": None, "effective_start_date": BEGAN, "creation_date": BEGAN, "etag": None}
            columns = {key: value for key, value in (made | values).items() if key in table.c}
            where = table.c.vendor_id == guid(f"model of {name}")
            connection.execute(update(table).where(where).values(friendly_name=name, **columns))


@pytest.mark.parametrize(
    ("here", "differences"),
    [
        ({}, []),
        ({"offer_id": OFFER.lower()}, []),
        ({"offer_id": None, "offer_name": "business premium"}, []),
        ({"entitlement_id": guid("entitlement"), "quantity": 3, "offer_id": "other"}, ["DIFFERS"]),
    ],
)
def test_what_was_made_here_is_linked_and_told(
    books: Books, here: dict[str, Any], differences: list[str]
) -> None:
    make(books, "made", **here)
    before = only(books.table("subscriptions"))

    report = books.load(there(entitlementId=guid("entitlement")))

    after = only(books.table("subscriptions"))
    assert (codes(report), notices(report), counts(report)["updated"]) == ([], ["MATCHED", *differences], 1)
    assert (after["id"], after["vendor_id"], after["version"]) == (before["id"], guid("mail"), 2)
    last = books.table("audit_records")
    linked = [row for row in last if row["new_value"].get("vendor_id") == guid("mail")]
    assert only(linked)["old_value"]["vendor_id"] is None
    again = books.load(there(entitlementId=guid("entitlement")))
    assert (counts(again)["unchanged"], notices(again)) == (1, differences)


@pytest.mark.parametrize(
    ("here", "fields"),
    [
        ({"quantity": 6}, {}),
        ({"offer_id": "DZH318Z0BPS6:0002"}, {}),
        ({"billing_type": BillingType.USAGE}, {}),
        ({"effective_start_date": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
        ({}, {"links": {"self": {"uri": f"/customers/{guid('quarry')}/subscriptions/{guid('mail')}"}}}),
    ],
)
def test_what_differs_is_another(books: Books, here: dict[str, Any], fields: Payload) -> None:
    make(books, "made", **here)

    report = books.load(there() | fields)

    assert (codes(report), notices(report), counts(report)["created"]) == ([], [], 1)
    assert len(books.table("subscriptions")) == 2


@pytest.mark.parametrize("items", [[there("mail")], [there("mail"), there("phone")]])
def test_where_several_fit_the_importer_is_asked(books: Books, items: list[Payload]) -> None:
    make(books, *(["one", "two"] if len(items) == 1 else ["one"]))
    before = books.dump()

    report = books.load(*items)

    assert codes(report) == ["SEVERAL_MATCHES"] * len(items)
    assert f"--link {guid('mail')}=" in report.files[0].rejections[0].message
    assert books.dump() == before


def test_the_answer_links_one_or_adds_another(books: Books) -> None:
    make(books, "one", "two")
    one = next(row["id"] for row in books.table("subscriptions") if row["friendly_name"] == "one")

    report = books.load(there("mail"), there("phone"), links={guid("mail"): one, guid("phone"): "new"})

    rows = {row["vendor_id"]: row["id"] for row in books.table("subscriptions")}
    assert (codes(report), notices(report), rows[guid("mail")]) == ([], ["MATCHED"], one)
    assert rows.keys() == {guid("mail"), guid("phone"), None}


def test_an_answer_that_does_not_fit_is_asked_again(books: Books) -> None:
    make(books, "one", "two")

    report = books.load(there("mail"), links={guid("mail"): guid("nobody's")})

    assert codes(report) == ["SEVERAL_MATCHES"]


def test_a_dry_run_shows_what_is_matched(books: Books) -> None:
    make(books, "made")

    report = books.load(there(), is_dry_run=True)

    assert report.differences.counts == {(Change.MATCHED, "Subscription"): 1}
    assert only(books.table("subscriptions"))["vendor_id"] is None
