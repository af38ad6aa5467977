"""A customer's own list of what it bought elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from multichannel.domain.commerce import BillingType, Channel, RecordedBy, SubscriptionStatus
from multichannel.domain.customers import Customer
from multichannel.errors import NotPermitted, Refused
from multichannel.importing.inventory import DateOrder, Decimals, InventoryFormat
from multichannel.importing.report import ImportRefused, ImportReport
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.services.imports.inventory import import_inventory
from tests.databases import sqlite_first
from tests.importing.books import Books, Table, codes, counts, customer, guid, only

pytestmark = sqlite_first

MEADOW = guid("meadow")
PLAIN = InventoryFormat(channel=Channel.EA)
GERMAN = InventoryFormat(dates=DateOrder.DMY, decimals=Decimals.COMMA, channel=Channel.DIRECT)


def load(books: Books, content: str | bytes, how: InventoryFormat = PLAIN, of: str = MEADOW) -> ImportReport:
    """The report on a list of meadow, whether it was stored or not."""
    path: Path = books.folder / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        return import_inventory(books.store, of, path, how)
    except ImportRefused as refused:
        return refused.report


@pytest.fixture
def meadow(books: Books) -> Books:
    books.load(customer("meadow", profile={"address": {"country": "US"}}))
    return books


def rows(books: Books) -> Table:
    return sorted(books.table("subscriptions"), key=lambda row: str(row["offer_name"]))


def test_a_list_becomes_records_of_the_customer(meadow: Books) -> None:
    content = (
        "Product name;Display Name;Agreement type;Seats;End date;Auto-renew;Billing;Entitlement ID;Owner\n"
        f"Azure;Prod;Enterprise Agreement;1;31.12.2027;ja;Azure;{guid('azure').upper()};Ada\n"
        "Office;;Open License;1.250;1.3.2027;nein;seats;;\n"
        ";;;;;;;;\n"
    )

    report = load(meadow, content, GERMAN)

    assert (codes(report), counts(report)["created"], report.stored) == ([], 2, True)
    azure, office = rows(meadow)
    assert (azure["channel"], azure["billing_type"], azure["entitlement_id"]) == (
        Channel.EA,
        BillingType.USAGE,
        guid("azure"),
    )
    assert azure["commitment_end_date"] == datetime(2027, 12, 31, tzinfo=UTC)
    assert (azure["friendly_name"], azure["auto_renew_enabled"]) == ("Prod", True)
    assert (office["quantity"], office["channel"], office["status"]) == (
        1250,
        Channel.OPEN,
        SubscriptionStatus.ACTIVE,
    )
    assert {row["recorded_by"] for row in (azure, office)} == {RecordedBy.CUSTOMER}
    assert {row["owner_id"] for row in (azure, office)} == {MEADOW}
    records = [row for row in meadow.table("audit_records") if row["operation"] == "import_inventory"]
    assert {row["actor_tenant_id"] for row in records} == {MEADOW}


def test_the_same_list_again_changes_nothing_and_a_later_one_what_it_says(meadow: Books) -> None:
    load(meadow, "product,quantity,end\nOffice,5,2027-01-31\n")
    before = meadow.table("subscriptions")

    again = load(meadow, "Offer,Seats,Expires\noffice,5,2027-01-31\n")
    assert (counts(again)["unchanged"], meadow.table("subscriptions")) == (1, before)

    later = load(meadow, "product,quantity,renews\nOffice,7,no\n")
    row = only(meadow.table("subscriptions"))
    assert (counts(later)["updated"], row["quantity"], row["auto_renew_enabled"]) == (1, 7, False)
    assert (row["commitment_end_date"], row["version"]) == (datetime(2027, 1, 31, tzinfo=UTC), 2)
    assert row["disabled_at"] == datetime(2027, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "how", "column", "code"),
    [
        ("product\n", PLAIN, None, None),
        ("product,quantity\nOffice,1.5", PLAIN, "quantity", "WRONG_TYPE"),
        ("product,quantity\nOffice,0", PLAIN, "quantity", "QUANTITY_OUT_OF_RANGE"),
        ("product,end\nOffice,31.12.2027", PLAIN, "end", "NOT_A_DATE"),
        ("product,end\nOffice,12/31/2027", GERMAN, "end", "NOT_A_DATE"),
        ("product,end\nOffice,31.12.27", GERMAN, "end", "NOT_A_DATE"),
        ("product\nOffice", InventoryFormat(), "channel", "MISSING"),
        ("product,channel\nOffice,CSP", PLAIN, "channel", "UNKNOWN_VALUE"),
        ("product,channel\nOffice,shop", PLAIN, "channel", "UNKNOWN_VALUE"),
        ("product,name\n,Prod", PLAIN, "product", "MISSING"),
        ("product,id\nOffice,12", PLAIN, "id", "NOT_A_GUID"),
        ("product,status\nOffice,deleted", PLAIN, "status", "UNKNOWN_VALUE"),
        ("product,renews\nOffice,maybe", PLAIN, "renews", "UNKNOWN_VALUE"),
        ("product,term\nOffice,1 year", PLAIN, "term", "UNKNOWN_VALUE"),
        ("product,name\nOff\u202eice,Prod", PLAIN, "product", "BAD_TEXT"),
        ("product\nOffice\nOFFICE", PLAIN, "product", "CONTRADICTION"),
    ],
)
def test_one_invalid_line_keeps_all_out_and_is_named(
    meadow: Books, line: str, how: InventoryFormat, column: str | None, code: str | None
) -> None:
    report = load(meadow, line, how)

    assert codes(report) == ([code] if code else [])
    assert report.stored is (code is None)
    if code:
        place = report.files[0].rejections[0].place()
        assert place.startswith("line ")
        assert place.endswith(f", {column}")
    assert rows(meadow) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"name,quantity\nProd,1", "NO_HEADER"),
        (b"product,seats,quantity\nOffice,1,1", "NO_HEADER"),
        (b"product\nB\xfccher", "NOT_UTF8"),
        (b'product\n"Office', "FILE_FAILED"),
    ],
)
def test_what_is_no_table_of_subscriptions_is_refused(meadow: Books, content: bytes, code: str) -> None:
    assert codes(load(meadow, content)) == [code]
    assert rows(meadow) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_list_of_a_spreadsheet_is_read_in_its_encoding(meadow: Books, encoding: str) -> None:
    load(meadow, "Product\tSeats\nB\u00fccher\t3\n".encode(encoding))

    assert only(rows(meadow))["offer_name"] == "B\u00fccher"


def test_an_unknown_customer_or_a_partner_has_no_list(meadow: Books) -> None:
    for tenant_id in (guid("nobody"), guid("alder")):
        with pytest.raises(Refused, match="Add it first: multichannel customer add"):
            load(meadow, "product\nOffice", of=tenant_id)


def test_the_policy_decides_as_for_the_customers_own_users(meadow: Books, shipped_policy: Policy) -> None:
    texts = dict(shipped_policy.source.texts)
    texts["main.polar"] += '\nforbid("CLOSED", _: Principal, "record_subscription", _: Customer);\n'
    meadow.store = meadow.store.with_policy(Policy(PolicySource(tuple(texts.items()))))

    with pytest.raises(NotPermitted):
        load(meadow, "product\nOffice")
    assert rows(meadow) == []
    assert Customer.__tablename__ == "customers"
