"""The activity log as each tenant may read it (R53)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from multichannel.demo.cast import ALDER, CANYON, CEDAR, DOGWOOD, MEADOW, fixed_id
from multichannel.domain.audit import AuditRecord
from multichannel.domain.base import utc_text
from tests.graphql.conftest import Api
from tests.graphql.relationship_api import bare
from tests.graphql.stored_rows import stored
from tests.world import postgresql_later

EDIT = """mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { version } userErrors { code } } }"""
SUMMARY = """query($filter: AuditRecordFilter, $orderBy: [AuditRecordOrder!], $first: Int, $after: String) {
  auditRecords(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { number operation status resourceType resourceId customerId actorTenantId reasons } } }"""
VALUES = """{ auditRecords(orderBy: NUMBER) { nodes {
  number seal actorUserId changes { field old new } } } }"""


def edit(api: Api, persona: str, customer: str, version: int, **changes: Any) -> None:
    input = {"id": f"customer_{customer}", "expectedVersion": version, **changes}
    assert api.ask(persona, EDIT, input=input).body


@pytest.fixture
def history(api: Api) -> Api:
    """Alder edits Meadow and fails on an old version; Cedar edits Meadow; Birch is denied Meadow."""
    edit(api, "alder-sales-agent", MEADOW.id, 1, city="Dover")
    edit(api, "alder-sales-agent", MEADOW.id, 1, city="Salem")
    api.world.clock.now += timedelta(hours=1)
    edit(api, "cedar-admin-agent", MEADOW.id, 2, city="Boise", state="Idaho")
    edit(api, "birch-sales-agent", MEADOW.id, 3, city="Reno")
    return api


def listed(api: Api, persona: str, **arguments: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = api.ask(persona, SUMMARY, **arguments).data["auditRecords"]["nodes"]
    return nodes


@postgresql_later
def test_each_tenant_reads_its_own_chain_and_no_other(history: Api) -> None:
    by_alder = listed(history, "alder-sales-agent", orderBy="NUMBER")
    by_cedar = listed(history, "cedar-admin-agent", orderBy="NUMBER")
    by_meadow = listed(history, "meadow-global-admin", orderBy="NUMBER")
    by_birch = listed(history, "birch-billing-admin", orderBy="NUMBER")

    facts = ("number", "status", "actorTenantId", "reasons")
    assert [tuple(each[fact] for fact in facts) for each in by_alder] == [
        (1, "SUCCEEDED", ALDER.id, []),
        (2, "FAILED", ALDER.id, ["STALE_VERSION"]),
    ]
    assert [tuple(each[fact] for fact in facts) for each in by_cedar] == [(1, "SUCCEEDED", CEDAR.id, [])]
    assert [tuple(each[fact] for fact in facts) for each in by_meadow] == [
        (1, "SUCCEEDED", ALDER.id, []),
        (2, "SUCCEEDED", CEDAR.id, []),
    ]
    assert [tuple(each[fact] for fact in facts) for each in by_birch] == [
        (1, "DECLINED", fixed_id("birch"), ["NOT_FOUND"])
    ]
    assert {each["resourceId"] for each in by_meadow} == {MEADOW.id}
    assert listed(history, "canyon-global-admin") == []


@postgresql_later
@pytest.mark.parametrize("persona", ["meadow-billing-admin", "meadow-user"])
def test_of_a_customers_people_only_the_global_admin_reads_its_log(history: Api, persona: str) -> None:
    assert listed(history, persona) == []


@postgresql_later
def test_the_global_admin_reads_values_and_the_acting_user(history: Api) -> None:
    nodes = history.ask("alder-global-admin", VALUES).data["auditRecords"]["nodes"]

    assert nodes[0]["changes"] == [{"field": "city", "old": "Springfield", "new": "Dover"}]
    assert nodes[0]["actorUserId"] == fixed_id("alder-sales-agent.user")
    assert nodes[1]["changes"] == []
    assert all(len(each["seal"]) == 64 for each in nodes)


@postgresql_later
def test_other_readers_see_that_it_happened_but_not_the_values(history: Api) -> None:
    answer = history.ask("alder-sales-agent", VALUES)

    assert set(answer.codes) == {"FORBIDDEN"}
    for node in answer.body["data"]["auditRecords"]["nodes"]:
        assert (node["seal"], node["actorUserId"], node["changes"]) == (None, None, None)


@postgresql_later
def test_a_customer_is_not_told_which_of_a_partners_people_acted_nor_with_what_values(history: Api) -> None:
    nodes = history.ask("meadow-global-admin", VALUES).data["auditRecords"]["nodes"]

    assert [(each["actorUserId"], each["changes"]) for each in nodes] == [(None, []), (None, [])]


def test_values_that_are_no_text_are_json(api: Api) -> None:
    mutation = """mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }"""
    newcomer = {"objectId": fixed_id("newcomer"), "displayName": "Newcomer", "roles": ["SALES_AGENT"]}
    api.ask("alder-global-admin", mutation, input=newcomer)

    nodes = api.ask("alder-global-admin", VALUES).data["auditRecords"]["nodes"]

    changes = {each["field"]: (each["old"], each["new"]) for each in nodes[0]["changes"]}
    assert changes["roles"] == (None, '["sales_agent"]')
    assert changes["displayName"] == (None, "Newcomer")


def test_the_log_is_ordered_filtered_and_paged(history: Api) -> None:
    by_time = [
        each["actorTenantId"]
        for each in listed(history, "meadow-global-admin", orderBy="OPERATION_DATE_DESC")
    ]
    assert by_time == [CEDAR.id, ALDER.id]
    first = history.ask("meadow-global-admin", SUMMARY, orderBy="NUMBER", first=1).data["auditRecords"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    cursor = first["pageInfo"]["endCursor"]
    rest = listed(history, "meadow-global-admin", orderBy="NUMBER", first=1, after=cursor)
    assert [each["number"] for each in rest] == [2]

    hour_ago = utc_text(history.world.clock.now - timedelta(minutes=30))
    since = {"operationDate": {"gte": hour_ago}}
    assert [each["number"] for each in listed(history, "meadow-global-admin", filter=since)] == [2]
    failed = {"status": {"eq": "FAILED"}, "customerId": {"isNull": True}}
    assert [each["number"] for each in listed(history, "alder-billing-admin", filter=failed)] == [2]
    assert listed(history, "alder-sales-agent", filter={"resourceId": {"eq": CANYON.id}}) == []


def test_a_filter_on_who_acted_finds_nothing_for_those_who_may_not_read_it(history: Api) -> None:
    acted = {"actorUserId": {"eq": fixed_id("alder-sales-agent.user")}}

    assert len(listed(history, "alder-global-admin", filter=acted)) == 2
    assert listed(history, "alder-admin-agent", filter=acted) == []


@postgresql_later
def test_another_tenants_record_is_no_node(history: Api) -> None:
    ids = history.ask("cedar-admin-agent", "{ auditRecords { nodes { id } } }").data["auditRecords"]["nodes"]
    node = "query($id: ID!) { node(id: $id) { id } }"

    assert history.ask("cedar-admin-agent", node, id=ids[0]["id"]).data == {"node": ids[0]}
    assert history.ask("alder-global-admin", node, id=ids[0]["id"]).data == {"node": None}
    assert history.ask("meadow-global-admin", node, id=ids[0]["id"]).data == {"node": None}


def test_a_page_with_values_takes_two_statements_whatever_its_length(history: Api) -> None:
    assert len(history.ask("alder-global-admin", VALUES).statements) == 2
    for version in range(3, 13):
        edit(history, "alder-sales-agent", MEADOW.id, version, city=f"City {version}")
    answer = history.ask("alder-global-admin", VALUES)
    assert len(answer.data["auditRecords"]["nodes"]) == 12
    assert len(answer.statements) == 2


@postgresql_later
def test_a_customer_reads_what_it_pays_and_other_parties_do_not(api: Api) -> None:
    """Cedar sells Meadow ten more; Dogwood, which is credited, learns only that something changed."""
    asked = """mutation ($id: ID!) { updateSubscription(input: {id: $id, quantity: 20, expectedVersion: 1}) {
      userErrors { code } } }"""
    phone = f"subscription_{fixed_id('meadow-phone-cedar.subscription')}"
    assert api.ask("cedar-admin-agent", asked, id=phone).data["updateSubscription"]["userErrors"] == []
    records = {each.tenant_id: each for each in stored(api, AuditRecord) if each.resource_id == bare(phone)}
    told = {"quantity": 20}
    assert (records[MEADOW.id].old_value, records[MEADOW.id].new_value) == ({"quantity": 10}, told)
    assert records[CEDAR.id].new_value == {**told, "vendor_state": "to_do"}
    assert records[DOGWOOD.id].new_value == {}
    changes = "{ auditRecords { nodes { resourceId changes { field old new } } } }"
    nodes = api.ask("meadow-global-admin", changes).data["auditRecords"]["nodes"]
    (shown,) = [each["changes"] for each in nodes if each["resourceId"] == bare(phone)]
    assert shown == [{"field": "quantity", "old": "10", "new": "20"}]
