"""A connection is as readable as the relation back: it does not tell what that relation would not."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from tests.demo.expected import CUSTOMER_IDS, SUBSCRIPTION_IDS
from tests.graphql.conftest import Api

BASE, ADD_ON = SUBSCRIPTION_IDS["quarry-mail-cedar"], SUBSCRIPTION_IDS["meadow-azure-cedar"]


@pytest.fixture
def made_an_add_on(api: Api) -> None:
    """Hazel reads the base, and of what is now its add-on only a summary."""
    with Session(api.world.store.engine) as session:
        session.execute(update(Subscription).where(Subscription.id == ADD_ON).values(parent_id=BASE))
        session.commit()


@pytest.mark.usefixtures("made_an_add_on")
def test_the_base_of_an_add_on_is_not_in_its_summary(api: Api) -> None:
    query = "query($id: ID!) { node(id: $id) { ... on Subscription { addOns { totalCount nodes { id } } } } }"
    below = api.ask("hazel-sales-agent", query, id=f"subscription_{BASE}").data["node"]["addOns"]
    assert below == {"totalCount": 0, "nodes": []}

    filtered = "{ subscriptions(filter: {addOns: {}}) { totalCount nodes { id } } }"
    assert api.ask("hazel-sales-agent", filtered).data["subscriptions"] == {"totalCount": 0, "nodes": []}


@pytest.mark.usefixtures("made_an_add_on")
def test_whoever_reads_the_add_on_finds_it_below_its_base(api: Api) -> None:
    query = "query($id: ID!) { node(id: $id) { ... on Subscription { addOns { totalCount nodes { id } } } } }"
    below = api.ask("cedar-admin-agent", query, id=f"subscription_{BASE}").data["node"]["addOns"]
    assert below == {"totalCount": 1, "nodes": [{"id": f"subscription_{ADD_ON}"}]}


def test_one_count_is_made_however_often_it_is_asked_for(api: Api) -> None:
    names = " ".join(f"c{number}: totalCount" for number in range(50))
    answer = api.ask("alder-sales-agent", f"{{ customers {{ {names} }} }}")
    assert set(answer.data["customers"].values()) == {2}
    assert len(answer.statements) == 1


def test_upper_and_lower_case_are_told_apart_at_the_start_and_not_within(api: Api) -> None:
    with Session(api.world.store.engine) as session:
        rename = update(Customer).where(Customer.id == CUSTOMER_IDS["canyon"])
        session.execute(rename.values(company_name="Canyon \u00c4st"))
        session.commit()
    query = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }"

    found = {
        text: api.ask("alder-sales-agent", query, filter={"companyName": {test: text}}).data["customers"][
            "totalCount"
        ]
        for test, text in (("startsWith", "Cany"), ("startsWith", "cany"), ("contains", "ANYO"))
    }
    assert found == {"Cany": 1, "cany": 0, "ANYO": 1}
