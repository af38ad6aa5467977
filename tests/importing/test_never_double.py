"""Whatever is sold, changed, ended and bought at the vendor in between: no import adds it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multichannel.importing.report import ImportReport
from tests.importing.books import Books, Payload, codes, customer, guid, subscription
from tests.importing.made_here import OFFER, People

STEPS = st.lists(
    st.tuples(
        st.sampled_from(("sell", "more", "cancel", "buy there", "import", "import")),
        st.integers(0, 3),
        st.integers(0, 9),
    ),
    max_size=12,
)


class History:
    """A seller, the vendor's portal, and which purchase there is which here."""

    def __init__(self, books: Books) -> None:
        self.books, self.people = books, People(books)
        self.sold: list[str] = []
        self.there: dict[str, Payload] = {}

    def begin(self) -> None:
        self.books.load(customer("meadow", profile={"address": {"country": "US"}}))
        self.people.agree(guid("meadow"))

    def rows(self) -> dict[str, dict[str, object]]:
        return {row["id"]: row for row in self.books.table("subscriptions")}

    def step(self, what: str, which: int, number: int) -> None:
        live = [row_id for row_id in self.sold if self.rows()[row_id]["status"] == "active"]
        if what == "sell":
            self.sold.append(self.people.sell(guid("meadow"), f"seats {len(self.sold)}", 1 + which))
        elif what == "more" and live:
            row_id = live[number % len(live)]
            quantity = self.rows()[row_id]["quantity"]
            assert isinstance(quantity, int)
            self.people.update(row_id, quantity=quantity + 1 + which)
        elif what == "cancel" and live:
            self.people.cancel(live[number % len(live)])
        elif what == "buy there" and self.sold:
            self.buy(self.sold[number % len(self.sold)])
        elif what == "import":
            self.load()

    def buy(self, row_id: str) -> None:
        """Somebody does in the portal what the task said then."""
        row = self.rows()[row_id]
        if row_id in self.there or row["vendor_task"] != "purchase":
            return
        begin = self.books.now + timedelta(hours=5)
        self.there[row_id] = subscription(
            f"there {row_id}",
            of="meadow",
            offerId=OFFER,
            quantity=row["quantity"],
            termDuration="P1Y",
            creationDate=begin.isoformat(),
            effectiveStartDate=begin.isoformat(),
        )

    def load(self) -> ImportReport:
        """Import what the vendor shows; where the report asks, the importer knows the answer."""
        report = self.books.load(*self.there.values())
        if codes(report):
            assert set(codes(report)) == {"SEVERAL_MATCHES"}
            links = {str(each["id"]): row_id for row_id, each in self.there.items()}
            report = self.books.load(*self.there.values(), links=links)
        assert codes(report) == []
        return report


def check(history: History, steps: list[tuple[str, int, int]]) -> None:
    history.begin()
    for step in steps:
        history.step(*step)
        assert history.rows().keys() == set(history.sold), "an import has added what was sold here"

    history.load()

    rows = history.rows()
    assert rows.keys() == set(history.sold)
    for row_id, payload in history.there.items():
        assert rows[row_id]["vendor_id"] == payload["id"]
        assert rows[row_id]["vendor_state"] in {"confirmed", "differs"}
    before = history.books.dump()
    history.load()
    assert history.books.dump() == before


def test_a_sale_that_was_changed_and_one_that_ended_before_the_import_saw_them(
    fresh: Callable[[], Books],
) -> None:
    steps = [("sell", 2, 0), ("buy there", 0, 0), ("more", 1, 0), ("import", 0, 0)]
    check(History(fresh()), [*steps, ("sell", 0, 0), ("buy there", 0, 1), ("cancel", 0, 1), ("sell", 0, 0)])


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_no_history_makes_an_import_add_what_was_sold_here(
    fresh: Callable[[], Books], steps: list[tuple[str, int, int]]
) -> None:
    check(History(fresh()), steps)
