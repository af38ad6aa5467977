"""What an import changes is in the audit log and among the events; the importing partner is the actor."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from multichannel.domain.audit import GENESIS, seal_of
from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, PartnerType
from multichannel.domain.users import User
from multichannel.importing.report import ImportReport
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.store.session import PolicyBypass
from tests.databases import sqlite_first
from tests.importing.books import (
    ALDER,
    BIRCH,
    Books,
    Payload,
    Table,
    customer,
    guid,
    only,
    reseller,
    subscription,
    transfer,
)


def everything() -> list[Payload]:
    return [
        subscription("archive", of="meadow", parentSubscriptionId=guid("mail")),
        customer("meadow", billingProfile={"firstName": "Accounts"}, allowDelegatedAccess=True),
        transfer("move"),
        subscription("mail", of="meadow"),
        reseller("dogwood"),
        subscription("phone", of="quarry"),
    ]


def records(books: Books, tenant_id: str = ALDER) -> Table:
    rows = [row for row in books.table("audit_records") if row["tenant_id"] == tenant_id]
    return sorted(rows, key=lambda row: int(row["number"]))


def add_user(books: Books, tenant_id: str) -> None:
    row: Payload = {"id": guid(f"user of {tenant_id}"), "tenant_id": tenant_id, "object_id": guid("object")}
    row |= {"display_name": "Ada", "cloud": Cloud.PUBLIC, "created_at": books.now}
    with books.store.engine.begin() as connection:
        connection.execute(insert(User), row)


def verify(books: Books) -> list[str]:
    with books.store.reading(system_principal(SystemRole.AUDITOR)) as work:
        return [str(work.chains.verify(tenant_id)) for tenant_id in work.chains.tenants()]


def test_each_created_row_has_one_record_and_one_event(books: Books) -> None:
    books.load(*everything())

    kinds = Counter(row["resource_type"] for row in records(books))
    assert kinds == {
        "Subscription": 3,
        "Customer": 2,
        "ResellerRelationship": 2,
        "BillingProfile": 1,
        "DelegatedAdminGrant": 1,
        "Partnership": 1,
        "Partner": 1,
        "Transfer": 1,
    }
    assert {(row["operation"], row["actor_tenant_id"], row["actor_user_id"]) for row in records(books)} == {
        ("import", ALDER, None)
    }
    events = books.table("events")
    assert Counter(row["resource_type"] for row in events) == kinds
    assert {row["id"] for row in events} == {row["event_id"] for row in records(books)}
    assert len({row["correlation_id"] for row in (*events, *records(books))}) == 1
    assert all("intact" in line for line in verify(books))


def test_the_same_again_writes_neither_records_nor_events(books: Books) -> None:
    books.load(*everything())
    before = books.dump()

    books.load(*everything())

    assert books.dump() == before


@sqlite_first
def test_a_record_has_old_and_new_values_of_what_changed_and_nothing_else(books: Books) -> None:
    books.load(*everything())
    seen = len(records(books))
    renamed = customer("meadow", billingProfile={"firstName": "Payables"}, allowDelegatedAccess=False)

    books.load(subscription("mail", of="meadow", quantity=6), renamed)

    changed = {row["resource_type"]: (row["old_value"], row["new_value"]) for row in records(books)[seen:]}
    ended = changed.pop("DelegatedAdminGrant")
    assert changed == {
        "BillingProfile": ({"first_name": "Accounts"}, {"first_name": "Payables"}),
        "Subscription": ({"quantity": 5}, {"quantity": 6}),
    }
    assert (ended[0]["status"], ended[1]["status"]) == ("active", "terminated")
    assert len(books.table("events")) == len(records(books))


@sqlite_first
@pytest.mark.parametrize(
    ("column", "here", "there"),
    [
        ("status", SubscriptionStatus.SUSPENDED, "active"),
        ("quantity", 12, 5),
        ("friendly_name", "Renamed here", "mail"),
    ],
)
def test_what_was_changed_here_and_is_not_so_at_the_vendor_leaves_a_record(
    books: Books, column: str, here: Any, there: Any
) -> None:
    books.load(subscription("mail", of="meadow"))
    table: Any = Subscription.__table__
    with books.store.engine.begin() as connection:
        connection.execute(update(table).values({column: here}))

    books.load(subscription("mail", of="meadow"))

    last = records(books)[-1]
    assert (last["resource_type"], last["old_value"], last["new_value"]) == (
        "Subscription",
        {column: here},
        {column: there},
    )


@sqlite_first
def test_an_add_on_that_comes_before_its_base_has_one_record_with_the_base(books: Books) -> None:
    add_ons = [subscription(f"a{n}", of="meadow", parentSubscriptionId=guid("mail")) for n in range(2)]
    books.load(add_ons[0], subscription("mail", of="meadow"))
    base = next(row for row in books.table("subscriptions") if row["vendor_id"] == guid("mail"))
    own = [row for row in records(books) if row["new_value"].get("parent_vendor_id") == guid("mail")]

    assert only(own)["new_value"]["parent_id"] == base["id"]
    assert only(own)["old_value"] == {}

    books.load(subscription("late", of="meadow", parentSubscriptionId=guid("later")))
    books.load(subscription("later", of="meadow"))

    linked = records(books)[-1]
    assert (linked["old_value"].keys(), linked["new_value"].keys()) == ({"parent_id"}, {"parent_id"})


@sqlite_first
def test_what_changes_at_the_very_time_of_an_earlier_change_has_a_record_as_well(books: Books) -> None:
    books.load(subscription("mail", of="meadow"), subscription("phone", of="meadow"))
    seen = len(records(books))
    books.now -= timedelta(seconds=1)

    books.load(subscription("mail", of="meadow", quantity=6), subscription("phone", of="meadow", quantity=7))

    assert sorted(row["new_value"]["quantity"] for row in records(books)[seen:]) == [6, 7]
    assert len(books.table("events")) == len(records(books))
    assert all("intact" in line for line in verify(books))


@sqlite_first
def test_lines_of_a_transfer_are_part_of_its_record(books: Books) -> None:
    books.load(transfer("move"))

    books.load(transfer("move", lineItems=[{"id": 0, "subscriptionId": guid("moved"), "quantity": 4}]))

    last = records(books)[-1]
    assert last["new_value"] == {"lines": [f"{guid('moved')}: 4"]}
    assert last["old_value"]["lines"][0] == f"{guid('moved')}: 3"


@sqlite_first
def test_a_customer_with_users_learns_what_the_policy_shows_it_and_others_have_no_chain(books: Books) -> None:
    books.load(customer("meadow"), customer("quarry"))
    add_user(books, guid("meadow"))

    books.load(*(subscription(f"{name} {n}", of=name) for n in range(3) for name in ("meadow", "quarry")))

    told = records(books, guid("meadow"))
    assert [row["resource_type"] for row in told] == ["Subscription"] * 3
    assert {frozenset(row["new_value"]) for row in told} == {
        frozenset({"status", "quantity", "friendly_name"})
    }
    assert {(row["actor_tenant_id"], row["customer_id"]) for row in told} == {(ALDER, guid("meadow"))}
    assert {row["tenant_id"] for row in books.table("audit_records")} == {ALDER, guid("meadow")}
    assert all("intact" in line for line in verify(books))


def test_another_partner_learns_nothing_of_an_import_and_a_former_reader_of_its_end(books: Books) -> None:
    books.add_partner(BIRCH)
    books.add_partner(guid("provider"), PartnerType.INDIRECT_PROVIDER)
    add_user(books, BIRCH)
    sold = subscription("mail", of="meadow", partnerId="4847383")
    books.load(reseller("dogwood"), customer("meadow"), sold, by=guid("provider"))
    add_user(books, guid("dogwood"))
    credited = only(books.table("subscriptions"))
    assert credited["partner_of_record_id"] == guid("dogwood")

    books.load(subscription("mail", of="meadow", partnerId="9999999"), by=guid("provider"))

    told = only(records(books, guid("dogwood")))
    assert (told["resource_type"], told["resource_id"]) == ("Subscription", credited["id"])
    assert told["new_value"] == {}
    assert records(books, BIRCH) == []


@sqlite_first
def test_a_refused_import_leaves_no_record(books: Books) -> None:
    before = books.dump()

    refused: ImportReport = books.load(subscription("mail", of="meadow"), customer("alder"))

    assert not refused.stored
    assert books.dump() == before


@sqlite_first
def test_bulk_writes_without_an_audit_log_are_a_programming_error(books: Books) -> None:
    with pytest.raises(PolicyBypass, match="without an audit log"):
        books.store.write(
            system_principal(SystemRole.IMPORTER),
            lambda work: work.bulk_changes.settle(),
        )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(values=st.dictionaries(st.text(st.characters(codec="ascii"), max_size=9), JSON_VALUES, max_size=5))
def test_seals_are_those_of_canonical_json(values: dict[str, Any]) -> None:
    record = {"new_value": values, "number": 1}
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert seal_of(GENESIS, record) == hashlib.sha256(f"{GENESIS}\n{text}".encode()).hexdigest()
