"""What an answer costs: one statement for each distinct nested field, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from multichannel.demo.cast import ALDER, CEDAR, MEADOW, fixed_id
from multichannel.domain.base import Base
from multichannel.domain.commerce import Channel, RecordedBy
from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Tenant, TenantKind
from tests.graphql.conftest import Api

AGENT = "alder-sales-agent"
MEADOW_ID = f"customer_{MEADOW.id}"


def crowd(api: Api, size: int) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    """So many more customers of Alder, each with a relationship and two subscriptions."""
    now = api.world.clock.now
    ids = [fixed_id(f"crowd-{number}") for number in range(size)]
    place: dict[str, Any] = {"market": "US", "cloud": Cloud.PUBLIC, "created_at": now, "updated_at": now}
    yield (
        Tenant,
        [{"id": each, "kind": TenantKind.CUSTOMER, "cloud": Cloud.PUBLIC, "created_at": now} for each in ids],
    )
    yield Customer, [{"id": each, "company_name": each, **place} for each in ids]
    yield (
        ResellerRelationship,
        [
            {
                "partner_id": ALDER.id,
                "customer_id": each,
                "stored_status": RelationshipStatus.ACTIVE,
                **place,
            }
            for each in ids
        ],
    )
    yield (
        Subscription,
        [
            {
                "owner_id": ALDER.id,
                "vendor_id": fixed_id(f"{each}-{number}"),
                "customer_id": each,
                "recorded_by": RecordedBy.PARTNER,
                "channel": Channel.CSP,
                "billing_partner_id": ALDER.id,
                "support_contact_id": ALDER.id,
                "commerce": "legacy",
                "billing_cycle": "monthly",
                "billing_type": "license",
                "stored_status": "active",
                "quantity": number,
                **place,
            }
            for each in ids
            for number in (1, 2)
        ],
    )


@pytest.fixture(params=[1, 100])
def crowded(request: pytest.FixtureRequest, api: Api) -> Api:
    """The API over the demo world and 1 or 100 more customers of Alder."""
    with Session(api.world.store.engine) as session:
        for model, rows in crowd(api, request.param):
            session.execute(insert(model), rows)
        session.connection().commit()
    return api


READS = {
    "{ viewer { tenantId roles } }": 0,
    "{ viewer { partner { name } } }": 1,
    "{ viewer { capabilities { type actions } } }": 0,
    "{ customers(first: 100) { nodes { id companyName email } } }": 1,
    "{ customers(first: 100) { nodes { id } edges { cursor node { email } } pageInfo { endCursor } } }": 1,
    "{ customers(first: 100) { totalCount } }": 1,
    "{ customers(first: 100) { totalCount nodes { id } } }": 2,
    "{ customers(first: 100) { nodes { id viewerCan } } }": 2,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { id } } } } }": 2,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { totalCount nodes { id } } } } }": 3,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { id viewerCan } } } } }": 3,
    "{ customers(first: 20) { nodes { a: subscriptions(first: 1) { nodes { id } }"
    " b: subscriptions(first: 2) { nodes { id } } } } }": 3,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { quantity customer {"
    " companyName resellerRelationships(first: 2) { nodes { id } } } } } } } }": 4,
    "{ subscriptions(first: 100) { nodes { customer { companyName } } } }": 2,
    "{ subscriptions(first: 100) { nodes {"
    " customer { id } billingPartner { name } supportContact { name } } } }": 4,
    "{ subscriptions(first: 100) { nodes { customer { subscriptions(first: 1) { totalCount } } } } }": 3,
    '{ subscriptions(first: 100, filter: {customer: {companyName: {contains: "e"}}}) { nodes { id } } }': 1,
    f'{{ node(id: "{MEADOW_ID}") {{ id ... on Customer {{ email }} }} }}': 1,
    f'{{ node(id: "{MEADOW_ID}") {{ ... on Customer {{ viewerCan }} }} }}': 2,
    f'{{ nodes(ids: ["{MEADOW_ID}", "partner_{ALDER.id}", "partner_{CEDAR.id}"]) {{ id }} }}': 2,
    "{ __typename __schema { queryType { name } } }": 0,
}


def test_reading_takes_a_statement_for_each_distinct_nested_field(crowded: Api) -> None:
    for query, count in READS.items():
        answer = crowded.ask(AGENT, query)
        assert answer.codes == []
        assert (query, len(answer.statements)) == (query, count)


def test_nobody_costs_nothing(api: Api) -> None:
    assert api.ask(None, "{ customers { totalCount nodes { id } } }").statements == []


def test_a_document_that_is_refused_costs_nothing(api: Api) -> None:
    assert api.ask(AGENT, "{ nothing }").statements == []
    assert api.ask(AGENT, "{ customers(first: 0) { nodes { id } } }").statements == []


UPDATE = """mutation ($input: UpdateCustomerInput!) {
  updateCustomer(input: $input) { customer { id city } userErrors { code currentVersion } }
}"""


def test_changing_takes_the_same_few_statements_with_and_without_a_key(crowded: Api) -> None:
    answer = crowded.ask(AGENT, UPDATE, input={"id": MEADOW_ID, "expectedVersion": 1, "city": "Dover"})

    assert answer.data["updateCustomer"] == {"customer": {"id": MEADOW_ID, "city": "Dover"}, "userErrors": []}
    assert _first_words(answer.statements) == [
        "SELECT customers",  # decide, and lock
        "UPDATE customers",
        "SELECT tenants",  # whom it may concern
        "SELECT customers",  # and does
        "SELECT audit_chains",
        "INSERT audit_chains",  # the first act of all
        "INSERT audit_records",
        "UPDATE audit_chains",
        "INSERT events",
        "SELECT customers",  # show
    ]

    again = {"id": MEADOW_ID, "expectedVersion": 2, "city": "Deal", "idempotencyKey": "one"}
    answer = crowded.ask(AGENT, UPDATE, input=again)

    assert answer.data["updateCustomer"]["userErrors"] == []
    assert _first_words(answer.statements) == [
        "SELECT idempotency_keys",
        "SELECT customers",
        "UPDATE customers",
        "SELECT tenants",
        "SELECT customers",
        "SELECT audit_chains",
        "INSERT audit_records",
        "UPDATE audit_chains",
        "INSERT events",
        "INSERT idempotency_keys",
        "SELECT customers",
    ]


def test_a_repeated_change_takes_one_statement_to_know_and_one_to_show(crowded: Api) -> None:
    once = {"id": MEADOW_ID, "expectedVersion": 1, "city": "Dover", "idempotencyKey": "one"}
    first = crowded.ask(AGENT, UPDATE, input=once)
    second = crowded.ask(AGENT, UPDATE, input=once)

    assert second.body == first.body
    assert _first_words(second.statements) == ["SELECT idempotency_keys", "SELECT customers"]


def test_a_stale_change_writes_only_the_audit_record_of_its_refusal(api: Api) -> None:
    answer = api.ask(AGENT, UPDATE, input={"id": MEADOW_ID, "expectedVersion": 9, "city": "Dover"})

    assert answer.data["updateCustomer"] == {
        "customer": None,
        "userErrors": [{"code": "STALE_VERSION", "currentVersion": 1}],
    }
    assert _first_words(answer.statements) == ["SELECT customers", *REMEMBERED, "SELECT customers"]


def test_a_change_of_an_invisible_record_writes_only_the_audit_record_of_its_denial(api: Api) -> None:
    answer = api.ask(
        AGENT, UPDATE, input={"id": f"customer_{fixed_id('absent')}", "expectedVersion": 1, "city": "Dover"}
    )

    assert answer.codes == ["NOT_FOUND"]
    assert _first_words(answer.statements) == ["SELECT customers", "SELECT customers", *REMEMBERED]


REMEMBERED = ["SELECT audit_chains", "INSERT audit_chains", "INSERT audit_records", "UPDATE audit_chains"]


def _first_words(statements: list[str]) -> list[str]:
    """What each statement does, and to which table first."""
    found = []
    for statement in statements:
        verb = statement.split()[0]
        after = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE"}[verb]
        found.append(f"{verb} {statement.partition(after)[2].split()[0]}")
    return found
