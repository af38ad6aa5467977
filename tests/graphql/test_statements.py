"""What a response costs in statements: no more for a hundred rows than for one."""

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
from tests.graphql.conftest import Answer, Api
from tests.world import postgresql_later

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


WITHOUT_RECORDS = {
    "{ viewer { tenantId roles } }": 0,
    "{ viewer { capabilities { type actions } } }": 1,
    "{ __typename __schema { queryType { name } } }": 0,
}
"""Queries that the caller and the policy answer: a statement that holds the policy only checks the caller."""

READS = {
    "{ viewer { partner { name } } }": 1,
    "{ customers(first: 100) { nodes { id companyName email } } }": 1,
    "{ customers(first: 100) { nodes { id } edges { cursor node { email } } pageInfo { endCursor } } }": 1,
    "{ customers(first: 100) { totalCount } }": 1,
    "{ customers(first: 100) { totalCount nodes { id } } }": 1,
    "{ customers(first: 100) { nodes { id viewerCan } } }": 1,
    "{ customers(first: 100) { nodes { id viewerCanNow } } }": 4,
    "{ subscriptions(first: 100) { nodes { viewerCan } } }": 1,
    "{ subscriptions(first: 100) { nodes { id viewerCan viewerCanNow } } }": 6,
    "{ resellerRelationships(first: 100) { nodes { id viewerCanNow } } }": 3,
    "{ subscriptions(first: 100) { nodes { supportOptions { kind } } } }": 10,
    "{ subscriptions(first: 100) { nodes { transferEligibility(kind: LEGACY) { eligible } } } }": 8,
    "{ subscriptions(first: 100) { nodes { cspConflicts { subscriptionId } leftToMove { whole } } } }": 5,
    "{ subscriptions(first: 100) { nodes { sharing sharedWith { name } } } }": 5,
    "{ customers(first: 100) { nodes { domains { name } defaultSharing } } }": 6,
    "{ resellerRelationships(first: 100) { nodes { invitation { url } ifAccepted { total } } } }": 6,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { id } } } } }": 1,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { totalCount nodes { id } } } } }": 1,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { id viewerCan } } } } }": 1,
    "{ customers(first: 20) { nodes { a: subscriptions(first: 1) { nodes { id } }"
    " b: subscriptions(first: 2) { nodes { id } } } } }": 1,
    "{ customers(first: 20) { nodes { subscriptions(first: 5) { nodes { quantity customer {"
    " companyName resellerRelationships(first: 2) { nodes { id } } } } } } } }": 1,
    "{ subscriptions(first: 100) { nodes { customer { companyName } } } }": 1,
    "{ subscriptions(first: 100) { nodes {"
    " customer { id } billingPartner { name } supportContact { name } } } }": 1,
    "{ subscriptions(first: 100) { nodes { customer { subscriptions(first: 1) { totalCount } } } } }": 1,
    '{ subscriptions(first: 100, filter: {customer: {companyName: {contains: "e"}}}) { nodes { id } } }': 1,
    f'{{ node(id: "{MEADOW_ID}") {{ id ... on Customer {{ email }} }} }}': 1,
    f'{{ node(id: "{MEADOW_ID}") {{ ... on Customer {{ viewerCan }} }} }}': 1,
    f'{{ nodes(ids: ["{MEADOW_ID}", "partner_{ALDER.id}", "partner_{CEDAR.id}"]) {{ id }} }}': 1,
}
"""Queries with the number of their statements: one, and those of the steps that compute fields."""


@postgresql_later
def test_reading_takes_one_statement_and_a_few_for_computed_fields(crowded: Api) -> None:
    """The bound holds for 1 row and for 100, so the number of statements does not grow with the rows."""
    for query, most in READS.items():
        answer = crowded.ask(AGENT, query)
        assert answer.codes == []
        assert 0 < len(answer.statements) <= most, query


@pytest.mark.parametrize("query", WITHOUT_RECORDS)
def test_what_the_caller_and_the_policy_answer_reads_no_records(shared_api: Api, query: str) -> None:
    answer = shared_api.ask(AGENT, query)

    assert answer.codes == []
    assert len(answer.statements) == WITHOUT_RECORDS[query]
    assert not any("FROM customers" in each for each in answer.statements)


def test_a_request_without_a_token_takes_no_statement(shared_api: Api) -> None:
    assert shared_api.ask(None, "{ customers { totalCount nodes { id } } }").statements == []


def test_a_document_that_is_rejected_takes_no_statement(shared_api: Api) -> None:
    assert shared_api.ask(AGENT, "{ nothing }").statements == []
    assert shared_api.ask(AGENT, "{ customers(first: -1) { nodes { id } } }").statements == []


UPDATE = """mutation ($input: UpdateCustomerInput!) {
  updateCustomer(input: $input) { customer { id city } userErrors { code currentVersion } }
}"""


MOST_TO_CHANGE = 12
"""Decide and lock, update, audit record, event and idempotency key, and show: whatever the number of rows."""


@postgresql_later
def test_changing_takes_a_bounded_number_of_statements_with_and_without_a_key(crowded: Api) -> None:
    change = {"id": MEADOW_ID, "expectedVersion": 1, "city": "Dover"}
    answer = crowded.ask(AGENT, UPDATE, input=change)

    assert answer.data["updateCustomer"] == {"customer": {"id": MEADOW_ID, "city": "Dover"}, "userErrors": []}
    assert len(answer.statements) <= MOST_TO_CHANGE
    assert sorted(set(written(answer))) == [
        "audit_chains",
        "audit_records",
        "customers",
        "events",
        "idempotency_keys",
    ]

    again = {"id": MEADOW_ID, "expectedVersion": 2, "city": "Deal", "idempotencyKey": "one"}
    answer = crowded.ask(AGENT, UPDATE, input=again)

    assert answer.data["updateCustomer"]["userErrors"] == []
    assert len(answer.statements) <= MOST_TO_CHANGE
    assert "idempotency_keys" in written(answer)


def test_a_repeated_change_takes_one_statement_to_recognize_and_one_to_show(api: Api) -> None:
    once = {"id": MEADOW_ID, "expectedVersion": 1, "city": "Dover", "idempotencyKey": "one"}
    first = api.ask(AGENT, UPDATE, input=once)
    second = api.ask(AGENT, UPDATE, input=once)

    assert second.body == first.body
    assert len(second.statements) == 2
    assert written(second) == []


def test_a_stale_change_writes_its_audit_record_and_key_alone(api: Api) -> None:
    answer = api.ask(AGENT, UPDATE, input={"id": MEADOW_ID, "expectedVersion": 9, "city": "Dover"})

    assert answer.data["updateCustomer"] == {
        "customer": None,
        "userErrors": [{"code": "STALE_VERSION", "currentVersion": 1}],
    }
    assert set(written(answer)) == {"audit_chains", "audit_records", "idempotency_keys"}


def test_a_change_of_an_invisible_record_writes_its_audit_record_and_key_alone(
    api: Api,
) -> None:
    answer = api.ask(
        AGENT, UPDATE, input={"id": f"customer_{fixed_id('absent')}", "expectedVersion": 1, "city": "Dover"}
    )

    assert answer.codes == ["NOT_FOUND"]
    assert set(written(answer)) == {"audit_chains", "audit_records", "idempotency_keys"}


def written(answer: Answer) -> list[str]:
    """The table of each statement that writes."""
    words = [statement.split() for statement in answer.statements]
    return [each[1 if each[0] == "UPDATE" else 2] for each in words if each[0] not in {"SELECT", "WITH"}]
