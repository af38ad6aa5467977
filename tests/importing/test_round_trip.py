"""What was made here is in the vendor's next export: it comes back once, and confirmed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from multichannel.domain.commerce import Channel
from multichannel.domain.tenants import TenantKind
from multichannel.domain.vendor_tasks import VendorTask
from multichannel.importing.report import ImportReport
from multichannel.store.change_tracker import TRACKED
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
    notices,
    subscription,
    transfer,
)
from tests.importing.made_here import OFFER, People, row_named

US = {"address": {"country": "US"}}


def sold(name: str, of: str = "meadow", *, at: str, **fields: Any) -> Payload:
    """A subscription of new commerce as the vendor shows it, with a term that is the vendor's."""
    values = {
        "offerId": OFFER,
        "offerName": "Business mail",
        "termDuration": "P1Y",
        "creationDate": at,
        "effectiveStartDate": at,
        "commitmentEndDate": "2027-02-28T00:00:00Z",
        "autoRenewEnabled": True,
    }
    return subscription(name, of=of, **values | fields)


def rows_of_sellers(books: Books) -> Table:
    return [row for row in books.table("subscriptions") if row["channel"] == Channel.CSP]


def tracked(books: Books) -> dict[str, Any]:
    """Every record that the audit log is about, by table and id."""
    models: list[Any] = [model for model in TRACKED if model is not VendorTask and model is not None]
    names = [model.__tablename__ for model in models]
    return {f"{name} {row['id']}": row for name in names for row in books.table(name)}


def load_and_count(books: Books, *items: Payload, by: str) -> ImportReport:
    """Import, and compare the audit log and the events with what has changed."""
    before, events, log = tracked(books), books.table("events"), books.table("audit_records")

    report = books.load(*items, by=by)

    after = tracked(books)
    changed = {key.partition(" ")[2] for key, row in after.items() if before.get(key) != row}
    own = [row for row in books.table("audit_records") if row not in log and row["tenant_id"] == by]
    fresh = [row for row in books.table("events") if row not in events]
    assert sorted(row["resource_id"] for row in fresh) == sorted(changed)
    assert sorted(row["resource_id"] for row in own) == sorted(changed)
    assert {row["operation"] for row in own} <= {"import"}
    return report


@pytest.mark.parametrize("is_linked_by_hand", [False, True])
def test_what_was_done_here_comes_back_once_and_confirmed(books: Books, *, is_linked_by_hand: bool) -> None:
    books.now = datetime(2026, 3, 1, tzinfo=UTC)
    books.add_partner(BIRCH)
    today, later = "2026-03-01T00:00:00Z", "2026-03-03T10:00:00Z"
    imported = ("mail", "archive", "brief", "backup")
    first = [customer("meadow", profile=US), *(sold(name, at=today) for name in imported)]
    assert codes(load_and_count(books, *first, by=ALDER)) == []
    load_and_count(books, customer("meadow", profile=US), by=BIRCH)
    assert {row["vendor_state"] for row in rows_of_sellers(books)} == {"confirmed"}

    alder, birch = People(books), People(books, BIRCH)
    meadow = People(books, guid("meadow"), TenantKind.CUSTOMER)
    meadow.agree(guid("meadow"))
    orchard = alder.add_customer("orchard")
    alder.agree(orchard)
    chat = alder.sell(orchard, "chat", 3)
    phone = alder.sell(guid("meadow"), "phone", 9)
    azure = alder.move(meadow.record_azure(guid("meadow")))
    alder.update(row_named(books, "mail"), quantity=8)
    alder.update(row_named(books, "archive"), auto_renew_enabled=False)
    alder.cancel(row_named(books, "brief"))
    asked = birch.request_transfer(guid("meadow"), ALDER)
    alder.accept_transfer(asked, row_named(books, "backup"))
    made = rows_of_sellers(books)
    assert {row["vendor_state"] for row in made} == {"to_do"}
    if is_linked_by_hand:
        alder.link(phone, guid("phone at the vendor"))

    moved: dict[str, Any] = {
        "status": "Complete",
        "transferType": "5",
        "createdTime": later,
        "customerTenantId": guid("meadow"),
        "sourcePartnerTenantId": ALDER,
        "targetPartnerTenantId": BIRCH,
        "lineItems": [{"id": 0, "subscriptionId": guid("backup"), "quantity": 5}],
    }
    of_alder = [
        customer("meadow", profile=US),
        customer("orchard", profile=US),
        sold("mail", at=today, quantity=8),
        sold("archive", at=today, autoRenewEnabled=False),
        sold("brief", at=today, status="deleted"),
        sold("backup", at=today, status="deleted"),
        sold("chat at the vendor", "orchard", at=later, quantity=3),
        sold("phone at the vendor", at=later, quantity=9),
        subscription(
            "plan at the vendor",
            of="meadow",
            offerId="DZH318Z0BPS6:0002",
            offerName="Azure plan",
            billingType="usage",
            quantity=1,
            creationDate=later,
            effectiveStartDate=later,
        ),
        transfer("moved", **moved),
    ]
    of_birch = [
        customer("meadow", profile=US),
        sold("backup at Birch", at=later, migratedFromSubscriptionId=guid("backup")),
        transfer("moved", **moved),
    ]

    report = load_and_count(books, *of_alder, by=ALDER)
    assert codes(report) == []
    told = notices(report)
    assert told.count("MATCHED") == (3 if is_linked_by_hand else 4)
    of_target = load_and_count(books, *of_birch, by=BIRCH)
    assert (codes(of_target), notices(of_target).count("MATCHED")) == ([], 2)

    after = rows_of_sellers(books)
    assert {row["id"] for row in after} == {row["id"] for row in made}
    assert {row["vendor_state"] for row in after} == {"confirmed"}
    assert {row["vendor_task"] for row in after} == {None}
    vendor_ids = {row["id"]: row["vendor_id"] for row in after}
    assert [vendor_ids[each] for each in (chat, phone, azure)] == [
        guid("chat at the vendor"),
        guid("phone at the vendor"),
        guid("plan at the vendor"),
    ]
    messages = " ".join(each.message for file in report.files for each in file.notices)
    assert "commitment_end_date: " in messages
    assert "→ 2027-02-28" in messages
    assert len(books.table("transfers")) == 1
    assert len([row for row in books.table("customers") if row["company_name"] == "orchard"]) == 1

    before = books.dump()
    for items, by in ((of_alder, ALDER), (of_birch, BIRCH)):
        again = load_and_count(books, *items, by=by)
        assert (codes(again), notices(again), counts(again)["unchanged"]) == ([], [], len(items))
    assert books.dump() == before
