"""Several partners serve one customer at once, and none is the worse for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from multichannel.demo.cast import fixed_id
from tests.graphql.conftest import Api

REQUEST = f"reseller_relationship_{fixed_id('alder.quarry.relationship')}"
ACCEPT = """mutation ($input: AcceptResellerRelationshipInput!) {
  acceptResellerRelationship(input: $input) {
    resellerRelationship { status } userErrors { code message } } }"""
SIGNER = {"firstName": "Sam", "lastName": "Field", "email": "office@quarry.example"}
TABLES = ("subscriptions", "billing_profiles", "partnerships", "transfers")


def rows(api: Api) -> dict[str, list[Any]]:
    """Everything that is sold, billed and agreed between partners."""
    with api.world.store.engine.connect() as connection:
        return {
            table: sorted(connection.execute(text(f"SELECT * FROM {table}")).all(), key=str)  # noqa: S608  (names of tables)
            for table in TABLES
        }


@pytest.mark.rule("R9")
def test_another_partner_changes_nothing_of_what_the_customer_has(api: Api) -> None:
    """Quarry buys from Cedar through Hazel, and accepts Alder's request besides."""
    before = rows(api)
    cedars = "{ subscriptions(first: 100) { nodes { id partnerOfRecord { id } billingPartner { id } } } }"
    seen = api.ask("cedar-admin-agent", cedars).data

    done = api.ask("quarry-global-admin", ACCEPT, input={"id": REQUEST, "agreement": SIGNER}).data
    assert done["acceptResellerRelationship"] == {
        "resellerRelationship": {"status": "ACTIVE"},
        "userErrors": [],
    }

    assert rows(api) == before
    assert api.ask("cedar-admin-agent", cedars).data == seen


@pytest.mark.rule("R6", "R8")
def test_the_second_partner_sees_nothing_of_what_the_first_sells(api: Api) -> None:
    api.ask("quarry-global-admin", ACCEPT, input={"id": REQUEST, "agreement": SIGNER})
    query = '{ subscriptions(filter: {customer: {companyName: {eq: "Quarry Stone"}}}) { nodes { channel } } }'

    shown = api.ask("alder-sales-agent", query).data["subscriptions"]["nodes"]

    assert shown == [{"channel": "DIRECT"}]
