from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from multichannel.domain.commerce import Channel
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus, DelegatedRight
from multichannel.domain.domains import CustomerDomain
from multichannel.domain.partnerships import PartnershipStatus
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Cloud, PartnerType, Tenant, TenantKind
from multichannel.errors import Refused
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
    notices,
    only,
    reseller,
    subscription,
    transfer,
)

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
SELLERS = [PartnerType.DIRECT_BILL, PartnerType.INDIRECT_PROVIDER]
NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "inferred": 0}

BILLING = {"firstName": "Accounts", "defaultAddress": {"country": "CA", "lastName": "Payable"}}


def everything() -> list[Payload]:
    return [
        subscription("archive", of="meadow", parentSubscriptionId=guid("mail")),
        customer("meadow", billingProfile=BILLING, associatedPartnerId=guid("dogwood")),
        transfer("move"),
        subscription("mail", of="meadow", partnerId="4847383"),
        reseller("dogwood"),
        subscription("phone", of="quarry"),
    ]


@pytest.mark.parametrize("kind", SELLERS)
def test_samples_of_all_kinds_are_stored_in_one_call(books: Books, kind: PartnerType) -> None:
    books.add_partner(BIRCH, kind)

    report = books.load_files(*SAMPLES, by=BIRCH)

    assert codes(report) == []
    assert report.stored
    assert counts(report)["created"] == sum(sum(file.kinds.values()) for file in report.files)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_an_import_sqlite_plans_by_what_is_stored(books: Books) -> None:
    books.load(*everything())
    with books.store.engine.connect() as connection:
        known = connection.exec_driver_sql("SELECT stat FROM sqlite_stat1 WHERE tbl = 'customers'").scalar()
    assert known


def test_the_same_again_changes_nothing(books: Books) -> None:
    first = books.load(*everything())
    before = books.dump()

    second = books.load(*everything())

    assert counts(first) == {"created": 6, "updated": 0, "unchanged": 0, "inferred": 1}
    assert counts(second) == {"created": 0, "updated": 0, "unchanged": 6, "inferred": 0}
    assert second.stored
    assert books.dump() == before


def test_a_changed_value_makes_a_new_version_of_that_row_only(books: Books) -> None:
    books.load(*everything())
    before = books.records()

    report = books.load(*everything()[:-1], subscription("phone", of="quarry", quantity=6))

    assert counts(report) == {"created": 0, "updated": 1, "unchanged": 5, "inferred": 0}
    old = next(row for row in before["subscriptions"] if row["vendor_id"] == guid("phone"))
    new = old | {"quantity": 6, "version": 2, "updated_at": books.now}
    assert books.records() == before | {
        "subscriptions": [new if row == old else row for row in before["subscriptions"]]
    }


def test_the_order_of_files_means_nothing(books: Books, tmp_path: Path) -> None:
    payloads = everything()
    first = books.load_files(*[books.write_file(each, name=f"{n}.json") for n, each in enumerate(payloads)])
    stored = books.facts()
    del stored["partners"], stored["tenants"]

    for number, order in enumerate(list(permutations(payloads))[100::103]):
        other = guid(f"partner {number}")
        books.add_partner(other)
        folder = tmp_path / str(number)
        folder.mkdir()
        books.folder = folder
        paths = [books.write_file(each, name=f"{n}.json") for n, each in enumerate(order)]

        report = books.load_files(*paths, by=other)

        assert counts(report) == counts(first)
        assert _of(books, other) == _of(books, ALDER)


def _of(books: Books, partner_id: str) -> dict[str, list[str]]:
    """A partner's own rows, as if it were nobody in particular, and as if they had been stored at no time."""
    lines = {}
    for table, rows in books.facts().items():
        mine = [row.replace(partner_id, "ME") for row in rows if partner_id in row]
        lines[table] = sorted(_timeless(row) for row in mine)
    del lines["partners"], lines["tenants"], lines["customers"]
    return lines


def _timeless(row: str) -> str:
    return ", ".join(part for part in row.split(", '") if not part.startswith(("created_at", "updated_at")))


def test_a_customer_is_one_row_and_keeps_the_profile_it_has(books: Books) -> None:
    books.add_partner(BIRCH)
    books.load(customer("meadow", profile={"companyName": "Meadow Dairy", "address": {"country": "CA"}}))

    report = books.load(
        customer("meadow", profile={"companyName": "Other"}, billingProfile=BILLING), by=BIRCH
    )

    assert counts(report) == NOTHING | {"created": 1}
    row = only(books.table("customers"))
    assert (row["company_name"], row["market"], row["version"]) == ("Meadow Dairy", "CA", 1)
    assert only(books.table("billing_profiles"))["partner_id"] == BIRCH
    assert {each["partner_id"] for each in books.table("reseller_relationships")} == {ALDER, BIRCH}


def test_a_customer_named_by_a_subscription_is_a_stub_until_somebody_describes_it(books: Books) -> None:
    books.add_partner(BIRCH)
    first = books.load(subscription("mail", of="meadow"))
    stub = only(books.table("customers"))

    second = books.load(customer("meadow"), by=BIRCH)

    assert counts(first) == NOTHING | {"created": 1, "inferred": 1}
    assert (stub["company_name"], stub["market"]) == (None, None)
    assert counts(second) == NOTHING | {"created": 1}
    filled = only(books.table("customers"))
    assert (filled["company_name"], filled["version"], filled["updated_at"]) == ("meadow", 2, books.now)


@pytest.mark.parametrize(
    ("kind", "channel", "bills", "credited"),
    [
        (PartnerType.DIRECT_BILL, Channel.CSP, True, False),
        (PartnerType.INDIRECT_PROVIDER, Channel.CSP, True, False),
        (PartnerType.INDIRECT_RESELLER, Channel.CSP, False, True),
        (PartnerType.ADVISOR, Channel.ADVISOR, False, False),
    ],
)
def test_who_bills_follows_from_what_the_partner_is(
    books: Books, kind: PartnerType, channel: Channel, *, bills: bool, credited: bool
) -> None:
    books.add_partner(BIRCH, kind)

    reports = [books.load(subscription("mail", of="meadow"), by=BIRCH) for _ in range(2)]

    row = only(books.table("subscriptions"))
    assert row["channel"] is channel
    assert row["billing_partner_id"] == (BIRCH if bills else None)
    assert row["partner_of_record_id"] == (BIRCH if credited else None)
    assert len(books.table("reseller_relationships")) == (kind is not PartnerType.ADVISOR)
    assert [counts(report)["inferred"] for report in reports] == [1, 0]


@pytest.mark.parametrize(
    ("said", "kind", "status"),
    [
        ("reseller", PartnerType.DIRECT_BILL, RelationshipStatus.ACTIVE),
        ("none", PartnerType.DIRECT_BILL, RelationshipStatus.REMOVED),
        ("advisor", PartnerType.DIRECT_BILL, RelationshipStatus.REMOVED),
        ("advisor", PartnerType.ADVISOR, RelationshipStatus.ACTIVE),
        ("unknown", PartnerType.DIRECT_BILL, RelationshipStatus.REMOVED),
        ("syndication", PartnerType.DIRECT_BILL, RelationshipStatus.REMOVED),
        ("microsoft_support", PartnerType.DIRECT_BILL, RelationshipStatus.REMOVED),
        (None, PartnerType.DIRECT_BILL, RelationshipStatus.ACTIVE),
    ],
)
def test_only_a_reseller_relationship_opens_a_customer(
    books: Books, said: str | None, kind: PartnerType, status: RelationshipStatus
) -> None:
    books.add_partner(BIRCH, kind)

    books.load(customer("meadow", relationshipToPartner=said), by=BIRCH)

    assert only(books.table("reseller_relationships"))["status"] is status


def test_the_end_of_a_relationship_ends_delegated_administration(books: Books) -> None:
    books.load(customer("meadow", allowDelegatedAccess=True))
    books.load(customer("meadow", allowDelegatedAccess=None))
    kept = only(books.table("delegated_admin_grants"))

    report = books.load(customer("meadow", relationshipToPartner="none"))

    assert (kept["status"], kept["version"]) == (DelegatedAdminStatus.ACTIVE, 1)
    assert counts(report)["updated"] == 1
    assert only(books.table("reseller_relationships"))["status"] is RelationshipStatus.REMOVED
    ended = only(books.table("delegated_admin_grants"))
    assert (ended["status"], ended["version"], ended["ended_by"]) == (
        DelegatedAdminStatus.TERMINATED,
        2,
        None,
    )


@pytest.mark.rule("SM7")
def test_access_that_an_export_states_is_a_grant_of_every_right_for_a_year(books: Books) -> None:
    first = books.load(customer("meadow", allowDelegatedAccess=True))
    given_at = books.now
    again = books.load(customer("meadow", allowDelegatedAccess=True))

    grant = only(books.table("delegated_admin_grants"))
    assert all(grant[right] for right in DelegatedRight)
    assert grant["status"] is DelegatedAdminStatus.ACTIVE
    assert grant["ends_at"] == given_at + timedelta(days=365)
    assert (counts(first), counts(again)) == (NOTHING | {"created": 1}, NOTHING | {"unchanged": 1})

    revoked = books.load(customer("meadow", allowDelegatedAccess=False))
    given_again = books.load(customer("meadow", allowDelegatedAccess=True))

    assert counts(revoked) == counts(given_again) == NOTHING | {"updated": 1}
    states = sorted(row["status"] for row in books.table("delegated_admin_grants"))
    assert states == [DelegatedAdminStatus.ACTIVE, DelegatedAdminStatus.TERMINATED]


@pytest.mark.rule("R62")
def test_an_import_gives_no_permission_back_that_the_customer_has_taken(books: Books) -> None:
    books.load(customer("meadow", allowDelegatedAccess=True))
    ended = {**only(books.table("reseller_relationships")), "status": RelationshipStatus.ENDED_BY_CUSTOMER}
    again = {**ended, "id": guid("again"), "status": RelationshipStatus.REQUESTED, "created_at": books.now}
    table: Any = ResellerRelationship.__table__
    with books.store.engine.begin() as connection:
        connection.execute(update(table).values(status=ended["status"]))
        connection.execute(
            update(DelegatedAdminGrant.__table__).values(status=DelegatedAdminStatus.TERMINATED)  # type: ignore[arg-type]  # a table
        )
        connection.execute(insert(table).values(again))

    books.load(
        customer("meadow", relationshipToPartner="reseller", allowDelegatedAccess=True),
        subscription("mail", of="meadow"),
    )

    rows = books.table("reseller_relationships")
    assert sorted(row["status"] for row in rows) == [
        RelationshipStatus.ENDED_BY_CUSTOMER,
        RelationshipStatus.REQUESTED,
    ]
    assert only(books.table("delegated_admin_grants"))["status"] is DelegatedAdminStatus.TERMINATED


@pytest.mark.rule("SM1", "R14")
@pytest.mark.parametrize("reopens", [False, True])
@pytest.mark.parametrize(
    "status",
    [RelationshipStatus.REQUESTED, RelationshipStatus.DECLINED, RelationshipStatus.ENDED_BY_CUSTOMER],
)
def test_what_only_the_customer_can_answer_no_import_answers(
    books: Books, status: RelationshipStatus, *, reopens: bool
) -> None:
    waiting = _change_relationship(books, status=status, expires_at=books.now + timedelta(days=90))

    unspecified = books.load(customer("meadow", relationshipToPartner="unknown"))
    report = books.load(customer("meadow"), subscription("mail", of="meadow"), reopens=reopens)

    assert (counts(unspecified)["unchanged"], notices(unspecified)) == (1, [])
    assert notices(report) == ["RELATIONSHIP_NOT_OPEN"]
    assert only(books.table("reseller_relationships")) == waiting


@pytest.mark.rule("SM1")
@pytest.mark.parametrize(
    "status", [RelationshipStatus.REMOVED, RelationshipStatus.CANCELED, RelationshipStatus.EXPIRED]
)
def test_a_relationship_that_is_over_here_is_opened_again_only_if_the_import_is_told_to(
    books: Books, status: RelationshipStatus
) -> None:
    over = _change_relationship(books, status=status, closed_at=books.now, expires_at=books.now)

    kept = books.load(customer("meadow"))

    assert notices(kept) == ["RELATIONSHIP_NOT_OPEN"]
    assert "--reopen-relationships" in kept.files[0].notices[0].message
    assert only(books.table("reseller_relationships")) == over

    opened = books.load(customer("meadow"), reopens=True)
    again = books.load(customer("meadow"), reopens=True)

    assert (notices(opened), notices(again)) == (["RELATIONSHIP_REOPENED"], [])
    row = only(books.table("reseller_relationships"))
    assert (row["status"], row["closed_at"], row["expires_at"]) == (RelationshipStatus.ACTIVE, None, None)
    last = books.table("audit_records")
    assert [each["old_value"]["status"] for each in last if each["old_value"].get("status")] == [status]


def _change_relationship(books: Books, **values: Any) -> Payload:
    """The relationship with meadow after a change of its columns."""
    books.load(customer("meadow"))
    table: Any = ResellerRelationship.__table__
    with books.store.engine.begin() as connection:
        connection.execute(update(table).values(values))
    return only(books.table("reseller_relationships"))


@pytest.mark.rule("R62", "R24")
@pytest.mark.parametrize("way", ["detached", "through", "own", "permitted again", "permitted by itself"])
def test_an_import_attaches_no_reseller_that_the_customer_has_ended(books: Books, way: str) -> None:
    described = [reseller("dogwood"), customer("meadow", associatedPartnerId=guid("dogwood"))]
    books.load(*described)
    held = only(books.table("reseller_relationships"))
    ended, active = RelationshipStatus.ENDED_BY_CUSTOMER, RelationshipStatus.ACTIVE
    own = {**held, "id": guid("own"), "partner_id": guid("dogwood"), "associated_partner_id": None}
    own["status"] = active if way == "permitted by itself" else ended
    through = {**held, "id": guid("through"), "status": active if way == "permitted again" else ended}
    more = {"own": own, "permitted by itself": own, "through": through, "permitted again": through}
    detached = [guid("dogwood")] if way.startswith(("detached", "permitted")) else []
    table: Any = ResellerRelationship.__table__
    with books.store.engine.begin() as connection:
        values = {"associated_partner_id": None, "detached_reseller_ids": detached}
        connection.execute(update(table).values(values))
        if way in more:
            connection.execute(insert(table).values(more[way]))
    before = books.table("reseller_relationships")

    reports = [books.load(*described), books.load(reseller("dogwood", of_customer="meadow"))]

    assert [counts(each)["updated"] for each in reports] == [0, 0]
    assert books.table("reseller_relationships") == before


def test_an_add_on_hangs_on_its_base_whenever_that_comes(books: Books) -> None:
    add_on = subscription("archive", of="meadow", parentSubscriptionId=guid("mail"))
    elsewhere = subscription("backup", of="quarry", parentSubscriptionId=guid("mail"))
    books.load(add_on, elsewhere)

    alone = books.load(subscription("mail", of="meadow"))

    rows = {row["vendor_id"]: row for row in books.table("subscriptions")}
    assert counts(alone) == NOTHING | {"created": 1}
    assert rows[guid("archive")]["parent_id"] == rows[guid("mail")]["id"]
    assert (rows[guid("archive")]["version"], rows[guid("archive")]["updated_at"]) == (2, books.now)
    assert (rows[guid("backup")]["parent_id"], rows[guid("backup")]["version"]) == (None, 1)


def test_an_add_on_whose_base_comes_with_it_counts_as_updated_and_then_as_unchanged(books: Books) -> None:
    add_on = subscription("archive", of="meadow", parentSubscriptionId=guid("mail"))
    books.load(add_on)

    reports = [books.load(add_on, subscription("mail", of="meadow")) for _ in range(2)]

    assert counts(reports[0]) == NOTHING | {"created": 1, "updated": 1}
    assert counts(reports[1]) == NOTHING | {"unchanged": 2}
    assert sorted(row["version"] for row in books.table("subscriptions")) == [1, 2]


def test_a_reseller_becomes_a_partner_and_partner_of_record_by_its_number(books: Books) -> None:
    sold = subscription("mail", of="meadow", partnerId="4847383")
    books.load(sold)
    assert only(books.table("subscriptions"))["partner_of_record_id"] is None

    report = books.load(sold, reseller("dogwood"))

    assert counts(report) == NOTHING | {"created": 1, "updated": 1}
    partner = next(row for row in books.table("partners") if row["id"] == guid("dogwood"))
    assert (partner["type"], partner["market"]) == (PartnerType.INDIRECT_RESELLER, "US")
    partnership = only(books.table("partnerships"))
    assert (partnership["provider_id"], partnership["status"]) == (ALDER, PartnershipStatus.ACTIVE)
    row = only(books.table("subscriptions"))
    assert (row["partner_of_record_id"], row["partner_number"]) == (guid("dogwood"), "4847383")
    assert counts(books.load(sold)) == NOTHING | {"unchanged": 1}
    books.load(subscription("phone", of="meadow", partnerId="4847383"))
    assert {each["partner_of_record_id"] for each in books.table("subscriptions")} == {guid("dogwood")}


def test_two_resellers_with_one_number_get_no_credit(books: Books) -> None:
    books.load(subscription("mail", of="meadow", partnerId="4847383"), reseller("dogwood"), reseller("elder"))

    assert only(books.table("subscriptions"))["partner_of_record_id"] is None


def test_a_known_partner_keeps_its_name_and_type(books: Books) -> None:
    books.add_partner(BIRCH, PartnerType.ADVISOR)

    books.load(reseller("birch"))

    partner = next(row for row in books.table("partners") if row["id"] == BIRCH)
    assert (partner["name"], partner["type"]) == ("Alder", PartnerType.ADVISOR)


def test_a_reseller_exports_its_provider(books: Books) -> None:
    books.add_partner(BIRCH, PartnerType.INDIRECT_RESELLER)

    books.load(reseller("fir", relationshipType="is_indirect_reseller_of"), by=BIRCH)

    partnership = only(books.table("partnerships"))
    assert (partnership["provider_id"], partnership["reseller_id"]) == (guid("fir"), BIRCH)


def test_a_reseller_named_for_a_customer_is_attached_to_it(books: Books) -> None:
    books.load(reseller("dogwood"), customer("meadow"))
    before = only(books.table("reseller_relationships"))

    described = books.load(reseller("dogwood", of_customer="meadow"))
    by_option = books.load(reseller("dogwood"), customer=guid("quarry"))

    assert before["associated_partner_id"] is None
    assert counts(described) == NOTHING | {"updated": 1}
    assert counts(by_option) == NOTHING | {"updated": 1, "inferred": 1}
    attached = {row["customer_id"]: row for row in books.table("reseller_relationships")}
    assert {row["associated_partner_id"] for row in attached.values()} == {guid("dogwood")}
    assert attached.keys() == {guid("meadow"), guid("quarry")}
    assert [counts(books.load(reseller("dogwood", of_customer="meadow")))["unchanged"]] == [1]


def test_lines_of_a_transfer_are_replaced_when_they_change(books: Books) -> None:
    books.load(transfer("move"))
    base, add_on = books.table("transfer_lines")
    assert sorted([base["number"], add_on["number"]]) == [0, 1]

    report = books.load(
        transfer("move", lineItems=[{"id": 0, "subscriptionId": guid("moved"), "quantity": 4}])
    )

    assert counts(report) == NOTHING | {"updated": 1}
    line = only(books.table("transfer_lines"))
    assert (line["quantity"], line["tenant_id"]) == (4, ALDER)
    assert only(books.table("transfers"))["version"] == 2


def test_no_date_is_null_and_the_vendors_last_day_is_kept(books: Books) -> None:
    dated = subscription(
        "mail",
        of="meadow",
        creationDate="0001-01-01T00:00:00",
        commitmentEndDate="9999-12-31T23:59:59.9999999Z",
    )
    books.load(dated)

    row = only(books.table("subscriptions"))
    assert (row["creation_date"], row["commitment_end_date"].year) == (None, 9999)
    assert counts(books.load(dated)) == NOTHING | {"unchanged": 1}


def test_the_same_item_twice_counts_once(books: Books) -> None:
    mail = subscription("mail", of="meadow")
    again = subscription("mail", of="meadow") | {"id": guid("mail").upper()}

    assert counts(books.load(mail, again)) == NOTHING | {"created": 1, "unchanged": 1, "inferred": 1}


@sqlite_first
@pytest.mark.parametrize(
    ("payloads", "code", "field"),
    [
        ([customer("alder")], "TENANT_CONFLICT", "id"),
        ([subscription("mail", of="alder")], "TENANT_CONFLICT", "links.self.uri"),
        ([reseller("dogwood"), customer("dogwood")], "TENANT_CONFLICT", "id"),
        ([reseller("held customer")], "TENANT_CONFLICT", "id"),
        ([reseller("alder")], "CONTRADICTION", "id"),
        ([customer("elsewhere")], "TENANT_CONFLICT", "id"),
        ([subscription("mail", of="elsewhere")], "TENANT_CONFLICT", "links.self.uri"),
        ([customer("meadow", associatedPartnerId=guid("nobody"))], "UNKNOWN_RESELLER", "associatedPartnerId"),
        (
            [reseller("dogwood", state="removed"), customer("meadow", associatedPartnerId=guid("dogwood"))],
            "UNKNOWN_RESELLER",
            "associatedPartnerId",
        ),
        ([reseller("dogwood", "meadow"), reseller("elder", "meadow")], "CONTRADICTION", "links.self.uri"),
        ([subscription("mail", of="meadow"), subscription("mail", of="quarry")], "CONTRADICTION", "id"),
        ([reseller("dogwood", "meadow"), reseller("dogwood", mpnId="1")], "CONTRADICTION", "id"),
    ],
)
def test_what_cannot_be_so_is_refused_with_everything_beside_it(
    books: Books, payloads: list[Payload], code: str, field: str
) -> None:
    books.add_partner(guid("gov"), market="US", cloud=Cloud.US_GOVERNMENT)
    books.load(customer("elsewhere"), by=guid("gov"))
    books.load(customer("held customer"))
    before = books.dump()

    report = books.load(subscription("other", of="canyon"), *payloads)

    rejection = only([asdict(each) for file in report.files for each in file.rejections])
    assert (rejection["code"], rejection["field"]) == (code, field)
    assert not report.stored
    assert counts(report) == NOTHING
    assert books.dump() == before


def test_a_contradiction_names_both_places(books: Books) -> None:
    one = books.write_file(subscription("mail", of="meadow"), name="one.json")
    two = books.write_file(customer("meadow"), subscription("mail", of="meadow", quantity=6), name="two.json")

    for first, second, item, other in ((one, two, 1, 0), (two, one, 0, 1)):
        rejection = only([asdict(each) for each in books.load_files(first, second).files[1].rejections])
        assert rejection["item"] == item
        assert f"items[{other}] of {first}." in rejection["message"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (PartnerType.ADVISOR, "is_indirect_cloud_solution_provider_of"),
        (PartnerType.INDIRECT_RESELLER, "is_indirect_cloud_solution_provider_of"),
        (PartnerType.INDIRECT_PROVIDER, "is_indirect_reseller_of"),
    ],
)
def test_a_partner_cannot_import_a_part_it_cannot_play(books: Books, kind: PartnerType, said: str) -> None:
    books.add_partner(BIRCH, kind)

    report = books.load(reseller("dogwood", relationshipType=said), by=BIRCH)

    assert codes(report) == ["WRONG_PARTNER_TYPE"]
    assert books.table("partnerships") == []


def test_an_unknown_partner_is_refused_before_anything_is_read(books: Books) -> None:
    with pytest.raises(Refused, match=r"Partner .* not found. Add it first: multichannel partner add"):
        books.load_files(Path("absent.json"), by=BIRCH)


def test_customers_are_tenants_of_the_importers_cloud(books: Books) -> None:
    books.load(customer("meadow"), subscription("phone", of="quarry"))

    kinds = {row["id"]: (row["kind"], row["cloud"]) for row in books.table("tenants")}
    assert kinds[guid("meadow")] == kinds[guid("quarry")] == (TenantKind.CUSTOMER, Cloud.PUBLIC)


@pytest.mark.rule("R54")
def test_an_export_that_names_the_directory_of_a_customer_created_here_means_that_customer(
    books: Books,
) -> None:
    books.load(*everything())
    created = guid("a customer that Alder created")
    with books.store.engine.begin() as connection:
        tenant = {"id": created, "kind": TenantKind.CUSTOMER, "cloud": Cloud.PUBLIC}
        times = {"created_at": books.now, "updated_at": books.now}
        connection.execute(
            insert(Tenant),
            {**tenant, "directory_id": guid("orchard"), "created_at": books.now},
        )
        customer_row = {"id": created, "company_name": "Orchard", "custom_domains": [], "market": "US"}
        connection.execute(insert(Customer), {**customer_row, "cloud": Cloud.PUBLIC, **times})

    items = customer("orchard"), subscription("juice", of="orchard"), reseller("dogwood", of="orchard")
    report = books.load(*items, transfer("squeeze", customerTenantId=guid("orchard")))

    assert codes(report) == []
    assert guid("orchard") not in {row["id"] for row in books.table("tenants")}
    for table in ("reseller_relationships", "subscriptions", "transfers"):
        assert created in {row["customer_id"] for row in books.table(table)}
        assert guid("orchard") not in {row["customer_id"] for row in books.table(table)}
    before = books.dump()
    assert counts(books.load(*items)) == NOTHING | {"unchanged": 3}
    assert books.dump() == before


@pytest.mark.rule("R54")
def test_history_does_not_reveal_that_another_partner_created_the_customer(books: Books) -> None:
    books.add_partner(BIRCH)
    created = _created(books, ALDER, "orchard.example")
    with books.store.engine.begin() as connection:
        connection.execute(update(Tenant).where(Tenant.id == created).values(directory_id=guid("orchard")))
    squeeze = transfer("squeeze", customerTenantId=guid("orchard"))

    assert codes(books.load(squeeze, by=BIRCH)) == codes(books.load(squeeze, by=ALDER)) == []

    owners = {row["owner_id"]: row["customer_id"] for row in books.table("transfers")}
    assert owners == {BIRCH: guid("orchard"), ALDER: created}


@pytest.mark.rule("R54", "R58")
def test_an_export_links_a_customer_that_its_partner_created_by_the_domain(books: Books) -> None:
    books.add_partner(BIRCH)
    mine, theirs = _created(books, ALDER, "orchard.example"), _created(books, BIRCH, "lagoon.example")
    named = {"companyName": "Orchard", "domain": "Orchard.Example"}
    items = customer("orchard", profile=named), subscription("juice", of="orchard")

    report = books.load(*items, customer("lagoon", profile={"domain": "lagoon.example"}))

    assert codes(report) == []
    directories = {row["id"]: row["directory_id"] for row in books.table("tenants")}
    assert (directories[mine], directories[theirs]) == (guid("orchard"), None)
    assert directories[guid("lagoon")] == guid("lagoon")
    verified = {
        row["ascii_domain"]: row["customer_id"]
        for row in books.table("customer_domains")
        if row["is_verified"]
    }
    assert verified == {"orchard.example": mine, "lagoon.example": guid("lagoon")}
    assert {row["customer_id"] for row in books.table("subscriptions")} == {mine}
    before = books.dump()
    assert counts(books.load(*items)) == NOTHING | {"unchanged": 2}
    assert books.dump() == before


@pytest.mark.rule("R58")
def test_all_domains_of_an_export_are_verified_for_their_first_owner_and_receive_requests(
    books: Books,
) -> None:
    books.add_partner(BIRCH)
    with books.store.engine.begin() as connection:
        for address in ("dairy.example", guid("meadow"), "xn--bcher-kva.example"):
            connection.execute(insert(ResellerRelationship), _waiting(books, address))

    domains = {"customDomains": ["Dairy.Example", "B\u00fccher.example", "not a domain"]}
    books.load(customer("meadow", profile={"domain": "meadow.example"}, **domains))
    books.load(customer("quarry", profile={"domain": "Meadow.Example"}))

    waiting = {row["addressed_to"]: row["customer_id"] for row in books.table("reseller_relationships")}
    assert {waiting[each] for each in ("dairy.example", guid("meadow"), "xn--bcher-kva.example")} == {
        guid("meadow")
    }
    owners = {(row["ascii_domain"], row["customer_id"]) for row in books.table("customer_domains")}
    names = ("meadow.example", "dairy.example", "xn--bcher-kva.example")
    assert owners == {(name, guid("meadow")) for name in names}


def _created(books: Books, partner_id: str, domain: str) -> str:
    """A customer that a partner has created here, with a domain that it typed."""
    row_id, times = guid(f"created {domain}"), {"created_at": books.now, "updated_at": books.now}
    cloud, owned = {"cloud": Cloud.PUBLIC}, {"customer_id": row_id, "cloud": Cloud.PUBLIC}
    profile = {"company_name": "Created", "domain": domain, "custom_domains": [], "market": "US"}
    link = {"id": guid(f"link {domain}"), "partner_id": partner_id, "addressed_to": row_id, "market": "US"}
    with books.store.engine.begin() as connection:
        tenant = {"id": row_id, "kind": TenantKind.CUSTOMER, "created_at": books.now}
        connection.execute(insert(Tenant), {**tenant, **cloud})
        connection.execute(insert(Customer), {"id": row_id, **profile, **cloud, **times})
        connection.execute(insert(CustomerDomain), {**owned, "ascii_domain": domain, "is_verified": False})
        active = {"status": RelationshipStatus.ACTIVE}
        connection.execute(insert(ResellerRelationship), {**link, **owned, **times, **active})
    return row_id


def _waiting(books: Books, address: str) -> Payload:
    return {
        "id": guid(f"request to {address}"),
        "partner_id": BIRCH,
        "addressed_to": address,
        "status": RelationshipStatus.REQUESTED,
        "expires_at": books.now + timedelta(days=90),
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "created_at": books.now,
        "updated_at": books.now,
    }
