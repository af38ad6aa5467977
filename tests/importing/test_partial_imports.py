"""Imports that leave invalid items out, and imports that only show what they would do."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from multichannel.domain.subscriptions import Subscription
from multichannel.importing.differences import Change
from multichannel.importing.export import Export
from multichannel.importing.report import ImportReport
from multichannel.services.imports import ImportOptions, import_export
from tests.databases import sqlite_first
from tests.importing.books import (
    ALDER,
    BIRCH,
    Books,
    Payload,
    codes,
    counts,
    customer,
    guid,
    only,
    subscription,
)

pytestmark = sqlite_first

REJECTED: list[Payload] = [
    subscription("new status", of="meadow", status="scheduled"),
    subscription("new type", of="meadow", billingType="tokens"),
    subscription("new cycle", of="meadow", billingCycle="weekly"),
    customer("uk", profile={"address": {"country": "UK"}}),
    customer("friend", relationshipToPartner="friend"),
    customer("alder"),
]


@pytest.mark.parametrize("number", range(len(REJECTED)))
def test_by_default_one_invalid_item_keeps_everything_out(books: Books, number: int) -> None:
    before = books.dump()

    report = books.load(subscription("mail", of="meadow"), REJECTED[number])

    assert (len(codes(report)), report.stored) == (1, False)
    assert report.files[0].rejections[0].item == 1
    assert books.dump() == before


def test_the_rest_is_stored_and_the_rejected_items_can_be_fixed_and_imported(books: Books) -> None:
    good = [subscription("mail", of="meadow"), customer("meadow")]
    path = books.write_file(good[0], *REJECTED, good[1])
    export = Export([path])

    report = import_export(books.store, ALDER, export, ImportOptions(keeps_going=True))

    assert (report.stored, counts(report)["created"], len(codes(report))) == (True, 2, len(REJECTED))
    rejected = list(export.rejected(report))
    assert [each["id"] for each in rejected] == [each["id"] for each in REJECTED]
    assert [each["rejected"][0]["code"] for each in rejected] == codes(report)
    assert len(books.table("events")) == len(books.table("audit_records")) == 3

    fixed = [{**each, "status": "active", "billingType": "license"} for each in rejected[:2]]
    again = books.load(*fixed)
    assert (codes(again), counts(again)["created"]) == ([], 2)


def test_of_items_that_contradict_each_other_none_is_stored(books: Books) -> None:
    mails = [subscription("mail", of="meadow", quantity=number) for number in (5, 6)]
    export = Export([books.write_file(*mails, customer("quarry"))])

    report = import_export(books.store, ALDER, export, ImportOptions(keeps_going=True))

    assert (report.stored, books.table("subscriptions")) == (True, [])
    assert [each["quantity"] for each in export.rejected(report)] == [5, 6]


def test_a_file_that_cannot_be_read_keeps_everything_out_all_the_same(books: Books) -> None:
    good = books.write_file(subscription("mail", of="meadow"), name="good.json")
    bad = books.folder / "bad.json"
    bad.write_text('[{"id": ')

    report = books.load_files(good, bad, keeps_going=True)

    assert (codes(report), report.stored) == (["NOT_JSON"], False)
    assert books.table("subscriptions") == []


def test_a_dry_run_shows_what_is_new_changed_and_missing_and_stores_nothing(books: Books) -> None:
    phone = subscription("phone", of="meadow")
    books.load(customer("meadow"), subscription("mail", of="meadow"), phone, customer("quarry"))
    before = books.dump()

    report = books.load(
        customer("meadow", profile={"companyName": "Renamed"}),
        subscription("mail", of="meadow", quantity=6),
        subscription("azure", of="meadow"),
        customer("canyon"),
        is_dry_run=True,
    )

    assert books.dump() == before
    assert (report.stored, report.is_dry_run) == (False, True)
    listed = {(each.change, each.kind, each.name): dict(each.fields) for each in report.differences.listed}
    relationship = "ResellerRelationship"
    assert {key for key in listed if key[1] != relationship} == {
        (Change.CHANGED, "Customer", "Renamed"),
        (Change.CHANGED, "Subscription", "mail"),
        (Change.NEW, "Subscription", "azure"),
        (Change.MISSING, "Subscription", "phone"),
    }
    assert listed[Change.CHANGED, "Subscription", "mail"] == {"quantity": (5, 6)}
    assert listed[Change.CHANGED, "Customer", "Renamed"] == {"company_name": ("meadow", "Renamed")}
    assert report.differences.counts[Change.NEW, relationship] == 1
    assert report.differences.counts[Change.MISSING, relationship] == 1


def test_a_dry_run_and_the_import_agree(books: Books) -> None:
    items = [customer("meadow"), subscription("mail", of="meadow"), subscription("phone", of="quarry")]

    dry_run = books.load(*items, is_dry_run=True)
    stored = books.load(*items)
    again = books.load(*items, is_dry_run=True)

    assert counts(dry_run) == counts(stored)
    assert (sum(dry_run.differences.counts.values()), again.differences.counts) == (4, {})


def test_a_dry_run_does_not_tell_that_another_partner_has_brought_a_customer(books: Books) -> None:
    books.add_partner(BIRCH)
    item = customer("meadow", profile={"address": {"country": "DE"}})
    alone = books.load(item, is_dry_run=True)
    books.load(customer("meadow"), by=BIRCH)

    beside = books.load(item, is_dry_run=True)

    assert beside.as_json() == alone.as_json()


def test_an_invalid_item_of_a_dry_run_is_reported(books: Books) -> None:
    refused = books.load(REJECTED[0], is_dry_run=True)
    partial = books.load(subscription("mail", of="meadow"), REJECTED[0], is_dry_run=True, keeps_going=True)

    assert (codes(refused), refused.is_dry_run) == (["UNKNOWN_VALUE"], False)
    assert (codes(partial), partial.is_dry_run, partial.stored) == (["UNKNOWN_VALUE"], True, False)
    assert partial.differences.counts[Change.NEW, "Subscription"] == 1


def test_what_differs_here_is_shown_before_it_is_changed(books: Books) -> None:
    books.load(subscription("mail", of="meadow"))
    with books.store.engine.begin() as connection:
        connection.execute(update(Subscription).values(quantity=9))

    report = books.load(subscription("mail", of="meadow"), is_dry_run=True)

    (difference,) = report.differences.listed
    assert json.loads(json.dumps(difference.as_json())) == {
        "change": "changed",
        "kind": "Subscription",
        "id": guid("mail"),
        "name": "mail",
        "fields": {"quantity": {"old": 9, "new": 5}},
    }
    assert only(books.table("subscriptions"))["quantity"] == 9
    assert isinstance(report, ImportReport)
