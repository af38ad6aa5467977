"""Two partners import the same GUIDs and do not notice each other."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multichannel.domain.tenants import PartnerType
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.importing.books import ALDER, BIRCH, Books, Payload, customer, guid, opened, reseller, subscription

NAMES = st.sampled_from(["meadow", "quarry"])
COUNTRIES = st.sampled_from([None, "CA", "DE"])


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    """One of few things that both partners may speak of, each in its own words."""
    kind = draw(st.sampled_from(["customer", "subscription", "reseller"]))
    if kind == "customer":
        profile = {
            "companyName": draw(st.sampled_from(["One", "Two"])),
            "address": {"country": draw(COUNTRIES)},
        }
        return customer(
            draw(NAMES), profile=profile, relationshipToPartner=draw(st.sampled_from(["reseller", "none"]))
        )
    if kind == "reseller":
        return reseller(draw(st.sampled_from(["dogwood", "elder"])), mpnId=draw(st.sampled_from(["1", "2"])))
    return subscription(
        draw(st.sampled_from(["mail", "archive"])),
        of=draw(NAMES),
        quantity=draw(st.integers(1, 2)),
        partnerId=draw(st.sampled_from([None, "1", "2"])),
        parentSubscriptionId=draw(st.sampled_from([None, guid("base")])),
    )


def exports() -> st.SearchStrategy[list[Payload]]:
    return st.lists(
        payloads(), max_size=5, unique_by=lambda each: (each["id"], each["attributes"]["objectType"])
    )


def own(books: Books, partner_id: str) -> dict[str, list[str]]:
    """A partner's own rows, whatever they are called and whenever they were stored."""
    facts = books.facts()
    tables = ("subscriptions", "reseller_relationships", "billing_profiles", "partnerships", "transfers")
    return {name: [_untimed(row) for row in facts[name] if partner_id in row] for name in tables}


def _untimed(row: str) -> str:
    return ", ".join(part for part in row.split(", '") if not part.startswith(("created_at", "updated_at")))


@pytest.mark.parametrize("examples", [4, pytest.param(60, marks=pytest.mark.long)])
def test_what_a_partner_imports_and_is_told_is_the_same_whether_or_not_another_came_before(
    empty_sqlite: str, shipped_policy: Policy, examples: int
) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(first=exports(), again=exports(), second=exports())
    def compare(first: list[Payload], again: list[Payload], second: list[Payload]) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with (
                copy_of(empty_sqlite, folder) as shared,
                copy_of(empty_sqlite, folder) as private,
                opened(shared, shipped_policy, folder) as both,
                opened(private, shipped_policy, folder) as alone,
            ):
                both.add_partner(ALDER)
                both.add_partner(BIRCH)
                alone.add_partner(BIRCH)
                both.load(*first, by=ALDER)
                for export in (second, again, second):
                    assert both.load(*export, by=BIRCH).as_json() == alone.load(*export, by=BIRCH).as_json()
                assert own(both, BIRCH) == own(alone, BIRCH)

    compare()


def test_what_a_partner_sees_stays_as_it_was_when_another_imports_the_same(books: Books) -> None:
    books.add_partner(BIRCH, PartnerType.INDIRECT_PROVIDER)
    books.load(customer("meadow"), subscription("mail", of="meadow"), subscription("phone", of="meadow"))
    before = books.sight(ALDER)

    report = books.load(
        reseller("dogwood", of_customer="meadow"),
        customer("meadow", profile={"companyName": "Other"}, billingProfile={"firstName": "Other"}),
        subscription("mail", of="meadow", quantity=70),
        subscription("azure", of="meadow"),
        by=BIRCH,
    )

    assert report.stored
    assert len(before["Subscription"]) == 2
    assert len(books.table("subscriptions")) == 4
    assert books.sight(ALDER) == before
