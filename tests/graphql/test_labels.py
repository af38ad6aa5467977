"""Labels: a partner's own name and tags of a record, which no other tenant sees by any way."""

from __future__ import annotations

from typing import Any

import pytest

from multichannel.demo.cast import CANYON, MEADOW, fixed_id
from multichannel.domain.labels import CustomerLabel
from tests.graphql.conftest import Api
from tests.graphql.stored_rows import stored
from tests.world import postgresql_later

AGENT = "alder-admin-agent"
OTHERS = ("cedar-admin-agent", "meadow-global-admin", "willow-sales-agent")
MAIL, PHONE = (
    f"subscription_{fixed_id(f'{key}.subscription')}" for key in ("meadow-mail-alder", "meadow-phone-cedar")
)
MEADOW_ID, CANYON_ID = f"customer_{MEADOW.id}", f"customer_{CANYON.id}"
SET = {
    "customer": """mutation ($input: LabelCustomerInput!) {
      labelCustomer(input: $input) { customer { id alias tags version } userErrors { code } } }""",
    "subscription": """mutation ($input: LabelSubscriptionInput!) {
      labelSubscription(input: $input) { subscription { id alias tags version } userErrors { code } } }""",
}
READ = """query ($f: CustomerFilter, $o: [CustomerOrder!], $s: String) {
  customers(filter: $f, orderBy: $o, search: $s) { totalCount nodes { id alias tags } } }"""


def label(api: Api, persona: str, row_id: str, **values: Any) -> Any:
    kind = row_id.partition("_")[0]
    answer = api.ask(persona, SET[kind], input={"id": row_id, **values})
    (payload,) = answer.data.values()
    assert payload["userErrors"] == []
    return payload[kind]


def aliases(api: Api, persona: str, **arguments: Any) -> list[Any]:
    connection = api.ask(persona, READ, **arguments).data["customers"]
    assert connection["totalCount"] == len(connection["nodes"])
    return [each["alias"] for each in connection["nodes"]]


def test_a_label_is_set_changed_in_part_and_removed(api: Api) -> None:
    first = label(api, AGENT, MEADOW_ID, alias=" Milk & Co ", tags=["key account", "west", "west"])
    assert first == {"id": MEADOW_ID, "alias": "Milk & Co", "tags": ["key account", "west"], "version": 1}
    assert label(api, AGENT, MEADOW_ID, tags=["east"])["alias"] == "Milk & Co"
    assert label(api, AGENT, MEADOW_ID, alias="Dairy")["tags"] == ["east"]
    assert label(api, AGENT, MEADOW_ID, alias="Dairy", tags=["east"])["alias"] == "Dairy"
    last = label(api, AGENT, MEADOW_ID, alias="", tags=[])
    assert (last["alias"], last["tags"], last["version"]) == (None, None, 1)
    assert stored(api, CustomerLabel) == []
    mail = label(api, AGENT, MAIL, alias="Post", tags=["renewal"])
    assert (mail["alias"], mail["tags"]) == ("Post", ["renewal"])


@postgresql_later
def test_each_partner_has_its_own_and_nobody_sees_that_of_another(api: Api) -> None:
    """In lists, filters, orders, searches, groups, the audit log and events."""
    views = {persona: seen_by(api, persona) for persona in OTHERS}

    label(api, AGENT, MEADOW_ID, alias="Secret of Alder", tags=["watch"])
    label(api, AGENT, MAIL, alias="Secret of Alder", tags=["watch"])

    assert {persona: seen_by(api, persona) for persona in OTHERS} == views
    label(api, "cedar-admin-agent", MEADOW_ID, alias="Cedar's")
    assert set(aliases(api, AGENT)) == {"Secret of Alder", None}
    assert set(aliases(api, "cedar-admin-agent")) == {"Cedar's", None}
    assert set(aliases(api, "alder-billing-admin")) == {"Secret of Alder", None}  # it reads the summary


def seen_by(api: Api, persona: str) -> list[Any]:
    """Everything that could tell a persona of a label of Meadow or its mail."""
    named = {"alias": {"isNull": False}}
    tagged = {"tags": {"has": "watch"}}
    asked: list[tuple[str, dict[str, Any]]]
    asked = [(READ, {"f": each}) for each in (None, named, tagged, {"not": named}, {"not": tagged})]
    asked += [(READ, {"o": ["ALIAS_DESC"]}), (READ, {"s": "secret"})]
    audit = "{ auditRecords(first: 100) { totalCount nodes { operation resourceId } } }"
    page = """{ subscriptions(first: 50, orderBy: ALIAS) {
      edges { cursor node { id alias tags version updatedAt } } } }"""
    return [
        api.ask(persona, query, **variables).body for query, variables in [*asked, (audit, {}), (page, {})]
    ]


def test_lists_are_filtered_ordered_and_searched_by_own_labels(api: Api) -> None:
    label(api, AGENT, MEADOW_ID, alias="Zebra", tags=["West", "large"])
    label(api, AGENT, CANYON_ID, alias="Ähre", tags=["west"])

    def ids(**arguments: Any) -> list[str]:
        return [each["id"] for each in api.ask(AGENT, READ, **arguments).data["customers"]["nodes"]]

    both = {MEADOW_ID, CANYON_ID}
    assert ids(f={"alias": {"contains": "äHR"}}) == [CANYON_ID] == ids(s="ÄHRE")
    assert set(ids(f={"tags": {"has": "WEST"}})) == both
    assert ids(f={"tags": {"has": "large"}}) == [MEADOW_ID]
    assert ids(f={"alias": {"eq": "Zebra"}, "tags": {"isEmpty": False}}) == [MEADOW_ID]
    assert ids(o=["ALIAS"])[:2] == [MEADOW_ID, CANYON_ID]  # by code point, as all texts
    assert ids(o=["ALIAS_DESC"])[-2:] == [CANYON_ID, MEADOW_ID]
    page = """query ($after: String) { customers(first: 1, orderBy: ALIAS, after: $after) {
      nodes { id } pageInfo { endCursor } } }"""
    first = api.ask(AGENT, page).data["customers"]
    second = api.ask(AGENT, page, after=first["pageInfo"]["endCursor"]).data["customers"]
    assert [each["nodes"][0]["id"] for each in (first, second)] == [MEADOW_ID, CANYON_ID]


@postgresql_later
def test_who_does_not_read_a_record_as_a_partner_does_not_label_it(api: Api) -> None:
    before = stored(api, CustomerLabel)
    for persona, row_id, code in (
        ("alder-billing-admin", MEADOW_ID, "FORBIDDEN"),
        ("meadow-global-admin", MEADOW_ID, "FORBIDDEN"),
        ("alder-user", MEADOW_ID, "NOT_FOUND"),
        ("hazel-sales-agent", MEADOW_ID, "NOT_FOUND"),
        (AGENT, PHONE, "NOT_FOUND"),
        ("alder-user-management-admin", MAIL, "FORBIDDEN"),
    ):
        kind = row_id.partition("_")[0]
        answer = api.ask(persona, SET[kind], input={"id": row_id, "alias": "x"})
        assert answer.codes == [code], persona
    assert stored(api, CustomerLabel) == before


@postgresql_later
@pytest.mark.parametrize(
    "values",
    [
        {"alias": " "},
        {"alias": "x" * 513},
        {"alias": "a\u0000"},
        {"tags": [""]},
        {"tags": ["x" * 65]},
        {"tags": [f"t{number}" for number in range(21)]},
        {"tags": [None]},
    ],
)
def test_what_is_no_name_or_tag_is_bad_input(api: Api, values: dict[str, Any]) -> None:
    assert api.ask(AGENT, SET["customer"], input={"id": MEADOW_ID, **values}).codes == ["BAD_INPUT"]


@postgresql_later
def test_customers_are_labelled_in_bulk(api: Api) -> None:
    query = """mutation ($input: BulkLabelCustomerInput!) {
      bulkLabelCustomer(input: $input) { results { customer { alias } } } }"""
    items = [{"id": MEADOW_ID, "alias": "One"}, {"id": f"customer_{fixed_id('nobody')}", "alias": "Two"}]
    answer = api.ask(AGENT, query, input={"items": items})
    assert answer.body["data"]["bulkLabelCustomer"]["results"] == [{"customer": {"alias": "One"}}, None]
