"""Rows that are readable in part, and rows that are not: nothing of the rest comes out by another way."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    assert_enum_type,
    get_named_type,
    is_composite_type,
    is_required_argument,
)
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from multichannel.demo.cast import CANYON, CEDAR, EMBER, HAZEL, MEADOW, QUARRY, find_persona
from multichannel.domain.base import utc_text
from multichannel.domain.bulk_operations import BulkPage
from multichannel.domain.customers import Customer
from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.subscriptions import SubscriptionShare
from multichannel.domain.support_cases import SupportCaseComment
from multichannel.graphql.execution.limits import MAX_ROOT_FIELDS
from multichannel.graphql.framework.fields import DECLARATIONS, ToMany, ToOne, TypeDeclaration, camel
from multichannel.graphql.framework.filter_inputs import ORDERS
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.schema import build_schema
from multichannel.policy.schema.resources import (
    BULK_OPERATION,
    DELEGATED_ADMIN_GRANT,
    RELATIONSHIP,
    SUBSCRIPTION,
    SUPPORT_CASE,
)
from multichannel.policy.schema.vocabulary import Action
from tests.graphql.conftest import Api
from tests.world import one_shared_engine, postgresql_later, shared_postgresql_later

PERSONAS = [
    "alder-sales-agent",
    "hazel-sales-agent",
    "meadow-global-admin",
    "alder-billing-admin",
    "alder-user-management-admin",
    "birch-sales-agent",
    "cedar-admin-agent",
    "hazel-billing-admin",
    "dogwood-sales-agent",
    "willow-sales-agent",
    "laurel-helpdesk-agent",
    "alder-user",
]
LISTS = {
    "customers": "Customer",
    "subscriptions": "Subscription",
    "resellerRelationships": "ResellerRelationship",
    "partnerships": "Partnership",
}
EXPLAINED = PERSONAS[:3]
"""A partner, a reseller and a customer: explanations are slow, and tests/policy compares many more."""
personas = pytest.mark.parametrize("persona", PERSONAS)

# Who reads all rows of a list by summary only.
BY_SUMMARY = [
    ("alder-billing-admin", "customers"),
    ("alder-user-management-admin", "customers"),
    ("alder-user-management-admin", "subscriptions"),
    ("alder-user-management-admin", "resellerRelationships"),
]
by_summary = pytest.mark.parametrize(("persona", "field"), BY_SUMMARY)


def selection(declaration: TypeDeclaration) -> str:
    """Every leaf, every single relation and everything computed of a type."""
    kind = build_schema().type_map[declaration.name]
    assert isinstance(kind, GraphQLObjectType)
    return " ".join(
        camel(name) + arguments(kind.fields[camel(name)])
        if not is_composite_type(get_named_type(kind.fields[camel(name)].type))
        else f"{camel(name)}{arguments(kind.fields[camel(name)])} "
        f"{{ {'id' if isinstance(item, ToOne) else '__typename'} }}"
        for name, item in declaration.fields.items()
        if not isinstance(item, ToMany)
    )


def arguments(field: GraphQLField) -> str:
    """The required arguments of a field, which are enums, each with its first value."""
    required = {
        name: assert_enum_type(get_named_type(each.type))
        for name, each in field.args.items()
        if is_required_argument(each)
    }
    written = ", ".join(f"{name}: {next(iter(kind.values))}" for name, kind in required.items())
    return f"({written})" if written else ""


def denied_to_summaries(declaration: TypeDeclaration) -> set[str]:
    return {
        camel(name)
        for name, item in declaration.fields.items()
        if not isinstance(item, ToMany) and item.read is not Action.READ_SUMMARY
    }


WAYS = {
    "nodes": "{{ {field} {{ nodes {{ {all} }} }} }}",
    "edges": "{{ {field} {{ edges {{ node {{ {all} }} }} }} }}",
    "a fragment": "{{ {field} {{ nodes {{ ...F }} }} }} fragment F on {type} {{ ... on {type} {{ {all} }} }}",
    "an alias": "{{ a: {field} {{ b: nodes {{ {all} }} }} }}",
}


@one_shared_engine
@pytest.mark.parametrize("way", WAYS)
@by_summary
def test_what_a_summary_does_not_hold_is_null_and_forbidden_at_its_path(
    shared_api: Api, persona: str, field: str, way: str
) -> None:
    declaration = DECLARATIONS[LISTS[field]]
    query = WAYS[way].format(field=field, type=declaration.name, all=selection(declaration))

    answer = shared_api.ask(persona, query)

    root, below = next(iter(answer.body["data"].items()))
    place, rows = next(iter(below.items()))
    inner: list[str | int] = ["node"] if way == "edges" else []
    # R65: who has access is for the roles that manage users.
    access = {"access"} & set(declaration.fields) if persona == "alder-billing-admin" else set()
    hidden = denied_to_summaries(declaration) | access
    expected = [([root, place, i, *inner, name], "FORBIDDEN") for i in range(len(rows)) for name in hidden]
    assert rows
    assert sorted(answer.errors, key=str) == sorted(expected, key=str)
    for row in rows:
        record = row["node"] if inner else row
        assert {name for name, value in record.items() if value is None} >= hidden


def test_node_and_nested_paths_deny_alike(shared_api: Api) -> None:
    query = f"""{{
      node(id: "customer_{MEADOW.id}") {{ ... on Customer {{ companyName email }} }}
      subscriptions(first: 1, filter: {{friendlyName: {{eq: "Meadow mail alder"}}}}) {{
        nodes {{ customer {{ name: companyName mail: email subscriptions {{ nodes {{ id quantity }} }} }} }}
      }}
    }}"""

    answer = shared_api.ask("alder-user-management-admin", query)

    customer = answer.body["data"]["subscriptions"]["nodes"][0]["customer"]
    path: list[str | int] = ["subscriptions", "nodes", 0, "customer"]
    below = [
        ([*path, "subscriptions", "nodes", i, "quantity"], "FORBIDDEN")
        for i in range(len(customer["subscriptions"]["nodes"]))
    ]
    expected = [(["node", "email"], "FORBIDDEN"), ([*path, "mail"], "FORBIDDEN"), *below]
    assert below
    assert sorted(answer.errors, key=str) == sorted(expected, key=str)
    assert answer.body["data"]["node"] == {"companyName": MEADOW.name, "email": None}
    assert (customer["name"], customer["mail"]) == (MEADOW.name, None)


def values_in(api: Api, kind: Any, attribute: str) -> list[Any]:
    """What a column really holds, as a client would write it."""
    if attribute == "status" and kind is ResellerRelationship:
        attribute = "stored_status"
    with Session(api.world.store.engine) as session:
        statement = select(getattr(kind, attribute)).select_from(kind)  # some are subqueries
        found = session.scalars(statement, {"now": api.world.clock()}).all()
    different = {repr(value): value for value in found if value is not None}  # lists have no hash
    return [_as_written(value) for value in different.values()]


def _as_written(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return utc_text(value)
    return value.upper() if hasattr(value, "name") else value


@shared_postgresql_later
@by_summary
def test_a_filter_on_what_a_summary_does_not_hold_matches_nothing(
    shared_api: Api, persona: str, field: str
) -> None:
    declaration = DECLARATIONS[LISTS[field]]
    query = f"query ($f: {declaration.name}Filter) {{ {field}(filter: $f) {{ totalCount nodes {{ id }} }} }}"
    nothing = {field: {"totalCount": 0, "nodes": []}}
    everything = shared_api.ask(persona, query).data
    assert everything != nothing

    for name, column in declaration.columns.items():
        if not column.filter or column.read is Action.READ_SUMMARY:
            continue
        held = values_in(shared_api, declaration.resource.model, name)
        for test in matching(held):
            condition = {camel(name): test}
            assert shared_api.ask(persona, query, f=condition).data == nothing, condition
            either = {"or": [condition, {"and": [condition]}]}
            assert shared_api.ask(persona, query, f=either).data == nothing, either
    visible = {"or": [{camel(hidden_filter(declaration)): {"isNull": False}}, {"cloud": {"eq": "PUBLIC"}}]}
    if "cloud" in declaration.columns and declaration.columns["cloud"].read is Action.READ_SUMMARY:
        assert shared_api.ask(persona, query, f=visible).data == everything


def hidden_filter(declaration: TypeDeclaration) -> str:
    """A filter on text that a summary does not hold."""
    return {"Customer": "email", "Subscription": "offer_id", "ResellerRelationship": "market"}[
        declaration.name
    ]


def is_text(value: str) -> bool:
    """Whether it is no time, which can only be told from another time."""
    return not value.endswith("Z")


def matching(held: list[Any]) -> list[dict[str, Any]]:
    """Tests that would match if the column were readable, as far as its type has them."""
    if any(isinstance(value, list) for value in held):
        texts = [text for value in held for text in value]
        return [*({"has": text} for text in texts[:3]), {"isEmpty": True}, {"isEmpty": False}]
    tests: list[dict[str, Any]] = []
    for value in held[:3]:
        tests += [{"eq": value}]
        if not isinstance(value, bool):
            tests += [{"in": held[:100]}]
        if isinstance(value, str) and not value.isupper():
            tests += [{"ne": value.lower() + "x"}] if is_text(value) else []
    word = bool(held) and isinstance(held[0], str) and held[0].isupper()
    return tests + ([] if word else [{"isNull": True}, {"isNull": False}])


THROUGH = [
    ("alder-billing-admin", "subscriptions", {"customer": {"email": {"contains": "@"}}}),
    ("alder-billing-admin", "subscriptions", {"customer": {"city": {"isNull": False}}}),
    ("alder-billing-admin", "subscriptions", {"customer": {"city": {"isNull": True}}}),
    ("alder-user-management-admin", "customers", {"subscriptions": {"quantity": {"gte": 0}}}),
    ("alder-user-management-admin", "customers", {"subscriptions": {"billingPartner": {}}}),
    ("alder-user-management-admin", "subscriptions", {"supportContact": {}}),
    ("alder-user-management-admin", "resellerRelationships", {"associatedPartner": {}}),
    # What the related row would show, the caller does not see at all.
    ("alder-sales-agent", "customers", {"subscriptions": {"friendlyName": {"contains": "cedar"}}}),
    ("alder-sales-agent", "customers", {"resellerRelationships": {"partner": {"name": {"eq": "Cedar"}}}}),
    ("alder-sales-agent", "customers", {"billingProfiles": {}}),
    ("alder-sales-agent", "subscriptions", {"billingPartner": {"name": {"eq": "Birch"}}}),
    ("alder-sales-agent", "subscriptions", {"customer": {"companyName": {"eq": EMBER.name}}}),
    ("hazel-billing-admin", "subscriptions", {"customer": {}}),
]


@pytest.mark.parametrize(("persona", "field", "condition"), THROUGH)
def test_a_filter_through_a_relation_tells_nothing_of_what_is_not_readable(
    shared_api: Api, persona: str, field: str, condition: dict[str, Any]
) -> None:
    query = f"query ($f: {LISTS[field]}Filter) {{ {field}(filter: $f) {{ totalCount nodes {{ id }} }} }}"

    assert shared_api.ask(persona, query, f=condition).data == {field: {"totalCount": 0, "nodes": []}}


def test_the_same_filters_match_for_those_who_may_read(shared_api: Api) -> None:
    query = "query ($f: CustomerFilter) { customers(filter: $f) { nodes { companyName } } }"
    by_name = {"subscriptions": {"friendlyName": {"contains": "CEDAR"}}}
    by_partner = {"resellerRelationships": {"partner": {"name": {"eq": "Cedar"}}}}

    assert shared_api.ask("cedar-admin-agent", query, f=by_name).data["customers"]["nodes"] == [
        {"companyName": each.name} for each in sorted((MEADOW, QUARRY), key=lambda each: each.id)
    ]
    assert len(shared_api.ask("cedar-admin-agent", query, f=by_partner).data["customers"]["nodes"]) == 2


@by_summary
def test_an_order_by_what_a_summary_does_not_hold_is_the_order_of_ids(
    shared_api: Api, persona: str, field: str
) -> None:
    declaration = DECLARATIONS[LISTS[field]]
    query = f"""query ($o: [{declaration.name}Order!]) {{
      {field}(orderBy: $o) {{ edges {{ cursor node {{ id }} }} }}
    }}"""
    for word, order in ORDERS[f"{declaration.name}Order"].items():
        if isinstance(order, bool) or order.column.read is Action.READ_SUMMARY:
            continue
        edges = shared_api.ask(persona, query, o=word.upper()).data[field]["edges"]
        ids = [edge["node"]["id"] for edge in edges]
        assert ids == sorted(ids, reverse=order.descending)
        assert [decoded(edge["cursor"])[1] for edge in edges] == [None] * len(edges)


def decoded(cursor: str) -> list[Any]:
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return found


def test_an_order_where_some_values_are_readable_puts_the_others_last(shared_api: Api) -> None:
    query = """query ($o: [SubscriptionOrder!]) {
      subscriptions(orderBy: $o) { edges { cursor node { friendlyName } } }
    }"""
    read, credited = "Quarry mail cedar", "Meadow azure cedar"

    for order, names in {"QUANTITY": [read, credited], "QUANTITY_DESC": [credited, read]}.items():
        edges = shared_api.ask("hazel-sales-agent", query, o=order).data["subscriptions"]["edges"]
        assert [edge["node"]["friendlyName"] for edge in edges] == names
        held = {edge["node"]["friendlyName"]: decoded(edge["cursor"])[1] for edge in edges}
        assert held == {read: 12, credited: None}


@personas
def test_counts_lists_and_pages_agree(shared_api: Api, persona: str) -> None:
    for field, kind in LISTS.items():
        query = f"""query ($after: String) {{
          all: {field}(first: 100) {{ totalCount nodes {{ id }} }}
          page: {field}(first: 2, after: $after) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }}
        }}"""
        ids: list[str] = []
        after, more = None, True
        while more:
            found = shared_api.ask(persona, query, after=after).data
            ids += [node["id"] for node in found["page"]["nodes"]]
            more, after = found["page"]["pageInfo"]["hasNextPage"], found["page"]["pageInfo"]["endCursor"]
        whole = [node["id"] for node in found["all"]["nodes"]]
        assert (ids, len(ids)) == (whole, found["all"]["totalCount"]), kind
        assert len(set(ids)) == len(ids)


@personas
def test_nested_lists_show_what_the_root_shows_and_no_more(shared_api: Api, persona: str) -> None:
    query = """{
      customers(first: 50) { nodes {
        id
        subscriptions(first: 50) { totalCount nodes { id customer { id } } }
        resellerRelationships(first: 50) { totalCount nodes { id customer { id } } }
      } }
      subscriptions(first: 50) { nodes { id customer { id } } }
      resellerRelationships(first: 50) { nodes { id customer { id } } }
    }"""
    data = shared_api.ask(persona, query).data

    for field in ("subscriptions", "resellerRelationships"):
        nested = {customer["id"]: customer[field]["nodes"] for customer in data["customers"]["nodes"]}
        rows = data[field]["nodes"]
        for customer, found in nested.items():
            expected = {row["id"] for row in rows if row["customer"] and row["customer"]["id"] == customer}
            assert {row["id"] for row in found} == expected
            assert {row["customer"]["id"] for row in found} <= {customer}
        assert {row["customer"]["id"] for row in rows if row["customer"]} <= nested.keys()
        for customer in data["customers"]["nodes"]:
            assert customer[field]["totalCount"] == len(customer[field]["nodes"])


@pytest.mark.parametrize(
    ("persona", "id", "actions"),
    [
        (
            "alder-sales-agent",
            f"customer_{MEADOW.id}",
            [
                "READ_SUMMARY",
                "READ",
                "UPDATE",
                "LABEL",
                "LINK",
                "CONFIRM_AGREEMENT",
                "RECORD_SUBSCRIPTION",
                "CREATE_SUBSCRIPTION",
            ],
        ),
        ("alder-billing-admin", f"customer_{MEADOW.id}", ["READ_SUMMARY"]),
        ("linden-admin-agent", f"customer_{EMBER.id}", ["READ_SUMMARY", "READ", "LABEL"]),
        (
            "meadow-global-admin",
            f"customer_{MEADOW.id}",
            [
                "READ_SUMMARY",
                "READ",
                "READ_ACCESS",
                "READ_OWN_ACCESS",
                "UPDATE",
                "CONFIRM_AGREEMENT",
                "RECORD_SUBSCRIPTION",
                "SET_SHARING",
                "ADD_USER",
                "START_BULK",
            ],
        ),
        (
            "hazel-sales-agent",
            f"partner_{HAZEL.id}",
            ["READ_SUMMARY", "READ", "REQUEST_RELATIONSHIP_THROUGH_PROVIDER", "START_BULK"],
        ),
        ("hazel-sales-agent", f"partner_{CEDAR.id}", ["READ_SUMMARY"]),
    ],
)
def test_viewer_can_what_the_policy_grants(
    shared_api: Api, persona: str, id: str, actions: list[str]
) -> None:
    query = (
        "query ($id: ID!) { node(id: $id) { ... on Customer { viewerCan } ... on Partner { viewerCan } } }"
    )

    assert shared_api.ask(persona, query, id=id).data["node"] == {"viewerCan": actions}


@one_shared_engine
@pytest.mark.parametrize(
    "persona",
    [*EXPLAINED, *(pytest.param(each, marks=pytest.mark.long) for each in PERSONAS[len(EXPLAINED) :])],
)
@pytest.mark.parametrize("records", [1, pytest.param(3, marks=pytest.mark.long)])
def test_viewer_can_and_explain_decision_agree(shared_api: Api, persona: str, records: int) -> None:
    for field, kind in LISTS.items():
        listed = shared_api.ask(persona, f"{{ {field} {{ nodes {{ id viewerCan }} }} }}").data[field]["nodes"]
        for node in listed[:records]:
            questions = [
                f'{action.name}: explainDecision(action: {action.name}, id: "{node["id"]}") {{ allowed }}'
                for action in DECLARATIONS[kind].resource.actions
            ]
            explained: dict[str, Any] = {}
            for some in in_parts(questions):
                explained |= shared_api.ask(persona, f"{{ {some} }}").data
            assert [name for name, found in explained.items() if found["allowed"]] == node["viewerCan"]


PARTS = {
    SUPPORT_CASE: (SupportCaseComment.support_case_id,),
    SUBSCRIPTION: (SubscriptionShare.subscription_id,),
    BULK_OPERATION: (BulkPage.bulk_operation_id,),
}
"""Rows that go with a record."""


def everything(api: Api, persona: str, every: int) -> list[bytes]:
    """All that a persona can find out: lists with every field, and in orders, and explanations of records."""
    bodies = [api.ask(persona, "{ viewer { tenantId capabilities { type actions } } }").response.content]
    ids: set[str] = set()
    for field, kind in LISTS.items():
        declaration = DECLARATIONS[kind]
        nested = " ".join(
            f"{camel(name)} {{ totalCount nodes {{ id }} }}"
            for name, item in declaration.fields.items()
            if isinstance(item, ToMany)
        )
        answer = api.ask(
            persona, f"{{ {field} {{ nodes {{ id viewerCan {selection(declaration)} {nested} }} }} }}"
        )
        bodies.append(answer.response.content)
        ids |= {node["id"] for node in answer.body["data"][field]["nodes"]}
        listed = "totalCount pageInfo { hasNextPage startCursor endCursor } edges { cursor node { id } }"
        orders = [
            f"{word}: {field}(orderBy: {word.upper()}) {{ {listed} }}"
            for word in [*ORDERS[f"{kind}Order"]][::every]
        ]
        bodies += [api.ask(persona, f"{{ {some} }}").response.content for some in in_parts(orders)]
    bodies += [body for id in sorted(ids)[::every] for body in explanation(api, persona, id)]
    return bodies


def in_parts(fields: list[str]) -> Iterator[str]:
    """The fields of as many operations as their number takes."""
    for start in range(0, len(fields), MAX_ROOT_FIELDS):
        yield " ".join(fields[start : start + MAX_ROOT_FIELDS])


def explanation(api: Api, persona: str, id: str) -> list[bytes]:
    kind = next(each for each in DECLARATIONS.values() if id.startswith(prefix(each.resource)))
    questions = [
        f"""{action.name}: explainDecision(action: {action.name}, id: "{id}") {{
          allowed grants {{ standing roles }} restrictions {{ code }}
          nearMisses {{ standing rolesNeeded failedConditions {{ condition value }} }}
        }}"""
        for action in kind.resource.actions
    ]
    return [api.ask(persona, f"{{ {some} }}").response.content for some in in_parts(questions)]


@postgresql_later
@pytest.mark.parametrize(
    "persona", ["hazel-sales-agent", pytest.param("willow-sales-agent", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_nothing_depends_on_what_concerns_others(api: Api, persona: str, every: int) -> None:
    """Take away all that the persona does not see and that does not name its tenant: it cannot tell.

    Each run compares the explanations of every fifth record, and every fifth order.
    """
    before = everything(api, persona, every)
    tenant = find_persona(persona).organisation.id

    removed = remove_others(api, persona, tenant)

    assert removed
    for now, then in zip(everything(api, persona, every), before, strict=True):
        assert json.loads(now) == json.loads(then)


def remove_others(api: Api, persona: str, tenant: str) -> int:
    """Take away what does not concern a tenant, and say how many rows that was."""
    removed = 0
    with Session(api.world.store.engine) as session:
        for resource in (SUPPORT_CASE, SUBSCRIPTION, DELEGATED_ADMIN_GRANT, RELATIONSHIP):
            rows: list[Any] = list(session.scalars(select(resource.mapped)))
            ids = [prefix(resource) + row.id for row in rows]
            seen = api.ask(persona, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids).data["nodes"]
            others = [
                row.id
                for row, node in zip(rows, seen, strict=True)
                if node is None and tenant not in vars(row).values()
            ]
            for part in PARTS.get(resource, ()):
                session.execute(delete(part.class_).where(part.in_(others)))
            session.execute(delete(resource.mapped).where(resource.mapped.id.in_(others)))
            removed += len(others)
        for partnership in session.scalars(select(Partnership)):
            if tenant not in vars(partnership).values():
                session.delete(partnership)
                removed += 1
        session.commit()
    return removed


def test_a_customer_looks_the_same_to_its_partners_whoever_else_serves_it(shared_api: Api) -> None:
    """Canyon is served by Alder and Birch; neither learns of the other from the customer they share."""
    query = f"""{{ node(id: "customer_{CANYON.id}") {{ ... on Customer {{
      resellerRelationships {{ totalCount nodes {{ partner {{ name }} }} }}
    }} }} }}"""

    for persona, name in (("alder-sales-agent", "Alder"), ("birch-sales-agent", "Birch")):
        found = shared_api.ask(persona, query).data["node"]["resellerRelationships"]
        assert found == {"totalCount": 1, "nodes": [{"partner": {"name": name}}]}


def test_the_company_profile_read_by_summary_is_really_there(shared_api: Api) -> None:
    with Session(shared_api.world.store.engine) as session:
        assert session.scalars(select(Customer.email).where(Customer.id == MEADOW.id)).one()
