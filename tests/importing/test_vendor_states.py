"""What an export says of changes that were made here: it confirms them, or it contradicts them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from multichannel.domain.commerce import Channel, StopReason
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfer_effects import close_at_source
from multichannel.importing.report import ImportReport
from tests.importing.books import Books, Payload, Table, customer, notices, only, subscription

Change = Callable[[Subscription, datetime], None]


def mail(**fields: Any) -> Payload:
    return subscription("mail", of="meadow", **({"autoRenewEnabled": True} | fields))


def change(books: Books, change_it: Change) -> None:
    """Change the only subscription, as a mutation does."""
    books.now += timedelta(seconds=1)
    with Session(books.store.engine) as session:
        change_it(session.scalars(select(Subscription)).one(), books.now)
        session.commit()


def fewer(row: Subscription, at: datetime) -> None:
    row.change({"quantity": 7}, at=at)


def ending(row: Subscription, at: datetime) -> None:
    row.change({"auto_renew_enabled": False}, at=at)


def suspended(row: Subscription, at: datetime) -> None:
    row.suspend(StopReason.CUSTOMER_REQUEST, at=at)


def canceled(row: Subscription, at: datetime) -> None:
    row.cancel(StopReason.CUSTOMER_REQUEST, at=at)


def row_of(books: Books) -> dict[str, Any]:
    return only(books.table("subscriptions"))


def of_vendor(books: Books) -> tuple[str, str | None, Any]:
    row = row_of(books)
    return row["vendor_state"], row["vendor_task"], row["vendor_changes"]


def since(books: Books, before: Table) -> Table:
    return [row for row in books.table("audit_records") if row not in before]


CHANGES: list[tuple[Change, str, str, Payload]] = [
    (fewer, "change_quantity", "quantity", {"quantity": 7}),
    (ending, "change_auto_renew", "auto_renew_enabled", {"autoRenewEnabled": False}),
    (suspended, "suspend", "status", {"status": "suspended"}),
    (canceled, "cancel", "status", {"status": "deleted"}),
    (canceled, "cancel", "status", {"status": "expired"}),
]


@pytest.mark.parametrize(("change_it", "task", "column", "shown"), CHANGES)
def test_an_export_that_shows_a_change_confirms_it_and_completes_the_task(
    books: Books, change_it: Change, task: str, column: str, shown: Payload
) -> None:
    books.load(customer("meadow"), mail())
    assert of_vendor(books) == ("confirmed", None, {})
    change(books, change_it)
    assert of_vendor(books)[:2] == ("to_do", task)
    before = books.table("audit_records")
    here = row_of(books)[column]

    report = books.load(mail(**shown))

    assert of_vendor(books) == ("confirmed", None, {})
    record = only([row for row in since(books, before) if row["resource_type"] == "Subscription"])
    assert record["new_value"]["vendor_state"] == "confirmed"
    assert notices(report) == ([] if row_of(books)[column] == here else ["CHANGED_AT_VENDOR"])
    again = books.dump()
    books.load(mail(**shown))
    assert books.dump() == again


@pytest.mark.parametrize(("change_it", "task", "column", "shown"), CHANGES[:4])
def test_an_export_that_does_not_show_a_change_takes_it_back_and_it_stays_to_do(
    books: Books, change_it: Change, task: str, column: str, shown: Payload
) -> None:
    books.load(customer("meadow"), mail())
    there = row_of(books)[column]
    change(books, change_it)
    here = row_of(books)[column]
    seen = len(books.table("events"))

    report = books.load(mail())

    assert of_vendor(books) == ("differs", task, {column: [there, here]})
    assert (notices(report), f"{column}: {here} → {there}" in _told(report)) == (["DIFFERS"], True)
    row = row_of(books)
    assert (row[column], row["expires_at"], row["disabled_at"], row["deleted_at"]) == (
        there,
        None,
        None,
        None,
    )
    assert len(books.table("events")) == seen + 1
    before = books.dump()
    assert (notices(books.load(mail())), books.dump()) == (["DIFFERS"], before)

    books.load(mail(**shown))

    assert (row_of(books)[column], of_vendor(books)) == (here, ("confirmed", None, {}))


def _told(report: ImportReport) -> str:
    return " ".join(each.message for file in report.files for each in file.notices)


def test_what_an_export_does_not_say_neither_confirms_nor_contradicts(books: Books) -> None:
    books.load(customer("meadow"), mail())
    change(books, ending)
    before = books.dump()

    books.load(subscription("mail", of="meadow"))

    assert books.dump() == before


def test_a_change_that_is_taken_back_here_is_nothing_to_do(books: Books) -> None:
    books.load(customer("meadow"), mail())
    change(books, fewer)

    change(books, lambda row, at: row.change({"quantity": 5}, at=at))

    assert of_vendor(books) == ("confirmed", None, {})


def test_what_ends_at_the_vendor_leaves_nothing_to_change_there(books: Books) -> None:
    books.load(customer("meadow"), mail())
    change(books, fewer)

    books.load(mail(status="deleted"))

    assert of_vendor(books) == ("confirmed", None, {})


def test_what_a_transfer_has_ended_stays_ended_while_the_vendor_still_shows_it(books: Books) -> None:
    books.load(customer("meadow"), mail(termDuration="P1Y"))
    change(books, close_at_source)

    report = books.load(mail(termDuration="P1Y"))

    assert notices(report) == ["DIFFERS"]
    assert (row_of(books)["status"], *of_vendor(books)) == (
        "deleted",
        "differs",
        "release",
        {"status": ["active", "deleted"]},
    )


def test_a_partner_that_only_advises_has_nothing_to_do(books: Books) -> None:
    books.load(customer("meadow"), mail())
    change(books, lambda row, _at: setattr(row, "channel", Channel.ADVISOR))

    change(books, fewer)

    assert of_vendor(books) == ("confirmed", None, {})
