"""What a customer is told that a request would open is what it opens, once the customer has accepted it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from multichannel.demo.cast import EMBER, PERSONAS
from tests.graphql.conftest import Api
from tests.world import postgresql_later

pytestmark = postgresql_later

REQUEST = """mutation($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) { resellerRelationship { id } userErrors { code } } }"""
TOLD = """query($id: ID!) { node(id: $id) { ... on ResellerRelationship {
  ifAccepted { right type actions total ids } } } }"""
ACCEPT = """mutation($input: AcceptResellerRelationshipInput!) { acceptResellerRelationship(input: $input) {
  resellerRelationship { status } userErrors { code } } }"""
RECORD = """mutation($input: RecordExternalSubscriptionInput!) {
  recordExternalSubscription(input: $input) { userErrors { code } } }"""
CAN = """query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { viewerCan }
  ... on Subscription { viewerCan } ... on User { viewerCan } ... on CustomerAgreement { viewerCan }
  ... on SupportCase { viewerCan } } }"""
SIGNER = {"firstName": "Ann", "lastName": "Ash", "email": "ann@ember.example"}
ALDER = [each.name for each in PERSONAS if each.organisation.key == "alder"]


def request(api: Api, **more: Any) -> str:
    made = api.ask("alder-admin-agent", REQUEST, input={"customer": EMBER.id, **more}).data
    request_id: str = made["requestResellerRelationship"]["resellerRelationship"]["id"]
    return request_id


def told(api: Api, request_id: str, persona: str = "ember-global-admin") -> list[dict[str, Any]]:
    effects: list[dict[str, Any]] = api.ask(persona, TOLD, id=request_id).data["node"]["ifAccepted"]
    return effects


def by_record(effects: list[dict[str, Any]], rights: list[str]) -> dict[str, set[str]]:
    """The actions by record, with some of the rights."""
    actions: dict[str, set[str]] = defaultdict(set)
    for effect in effects:
        assert effect["total"] == len(effect["ids"])
        if effect["right"] is None or effect["right"] in rights:
            for record_id in effect["ids"]:
                actions[record_id] |= set(effect["actions"])
    return dict(actions)


def reality(api: Api, ids: list[str]) -> dict[str, set[str]]:
    """What people of the partner can do, all of them together."""
    actions: dict[str, set[str]] = defaultdict(set)
    for persona in ALDER:
        for node in api.ask(persona, CAN, ids=ids).data["nodes"]:
            if node is not None and node["viewerCan"]:
                actions[node["id"]] |= set(node["viewerCan"])
    return dict(actions)


def records_of(api: Api) -> list[str]:
    """Every record of the customer that its global admin sees."""
    lists = ("subscriptions", "agreements", "users", "supportCases")
    query = " ".join(f"{each}(first: 100) {{ nodes {{ id }} }}" for each in lists)
    (customer,) = api.ask("ember-global-admin", f"{{ customers {{ nodes {{ id {query} }} }} }}").data[
        "customers"
    ]["nodes"]
    return [customer["id"], *(node["id"] for each in lists for node in customer[each]["nodes"])]


@pytest.mark.rule("R4")
@pytest.mark.parametrize("rights", [[], ["SUPPORT"], ["MANAGE_USERS", "READ_DIRECTORY"]])
def test_what_is_told_is_what_the_partner_then_can_do(api: Api, rights: list[str]) -> None:
    wanted = {"includeDelegatedAdmin": True, "delegatedRights": ["SUPPORT", "MANAGE_USERS", "READ_DIRECTORY"]}
    request_id = request(api, **wanted)
    effects = told(api, request_id)
    assert {each["right"] for each in effects} == {None, "SUPPORT", "MANAGE_USERS", "READ_DIRECTORY"}
    records = records_of(api)
    before = reality(api, records)

    answer = api.ask(
        "ember-global-admin",
        ACCEPT,
        input={"id": request_id, "delegatedRights": rights, "agreement": SIGNER},
    ).data["acceptResellerRelationship"]

    assert answer == {"resellerRelationship": {"status": "ACTIVE"}, "userErrors": []}
    promised = by_record(effects, rights)
    after = reality(api, records)
    assert {key: actions for key, actions in promised.items() if key in records} == after
    assert before != after
    assert told(api, request_id) == []


def test_only_who_may_accept_is_told(api: Api) -> None:
    request_id = request(api)

    assert told(api, request_id) != []
    assert told(api, request_id, "alder-admin-agent") == []


def test_the_number_of_statements_does_not_depend_on_what_there_is(api: Api) -> None:
    request_id = request(api, includeDelegatedAdmin=True)
    few = api.ask("ember-global-admin", TOLD, id=request_id).statements
    for name in ("One", "Two", "Three"):
        input = {
            "customer": f"customer_{EMBER.id}",
            "offerName": name,
            "channel": "EA",
            "billingType": "USAGE",
        }
        made = api.ask("ember-global-admin", RECORD, input=input).data["recordExternalSubscription"]
        assert made["userErrors"] == []

    answer = api.ask("ember-global-admin", TOLD, id=request_id)

    listed = [each for each in answer.data["node"]["ifAccepted"] if each["type"] == "Subscription"]
    assert sum(each["total"] for each in listed if each["right"] is None) == 5
    assert len(answer.statements) == len(few)
