"""Ids, cursors, page arguments and tests of filters: what has no meaning is BAD_INPUT, never guessed at."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multichannel.demo.cast import ALDER, MEADOW, fixed_id
from multichannel.graphql.execution.cost import MAX_TEXT
from tests.graphql.conftest import Api
from tests.world import one_engine, one_shared_engine

AGENT = "alder-sales-agent"
MEADOW_ID = f"customer_{MEADOW.id}"


@one_engine
@pytest.mark.parametrize(
    "id",
    [
        "",
        " ",
        "x",
        MEADOW.id,
        f"company_{MEADOW.id}",
        f"Customer_{MEADOW.id}",
        MEADOW_ID.upper(),
        f"customer_{MEADOW.id.upper()}",
        f"customer-{MEADOW.id}",
        f"customer_{MEADOW.id.replace('-', '')}",
        f"customer_{{{MEADOW.id}}}",
        f"{MEADOW_ID} ",
        f"{MEADOW_ID}\n",
        f"{MEADOW_ID}\0",
        "\0",
        f"customer_{'0' * 36}",
        f"customer_{MEADOW.id}" * 1_000,
        "customer_٠٠٠٠٠٠٠٠-٠٠٠٠-٠٠٠٠-٠٠٠٠-٠٠٠٠٠٠٠٠٠٠٠٠",  # noqa: RUF001  (digits, but not of a GUID)
        f"service_{MEADOW.id}",
        f"_{MEADOW.id}",
    ],
)
def test_an_invalid_id_is_refused_in_every_argument(api: Api, id: str) -> None:
    answer = api.ask(
        AGENT,
        "query ($id: ID!) { node(id: $id) { id } explainDecision(action: READ, id: $id) { allowed } }",
        id=id,
    )
    listed = api.ask(AGENT, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[MEADOW_ID, id])
    changed = api.ask(AGENT, UPDATE, input={"id": id, "expectedVersion": 1})

    assert answer.errors == [(["node"], "BAD_INPUT"), (["explainDecision"], "BAD_INPUT")]
    assert listed.errors == [(["nodes"], "BAD_INPUT")]
    assert changed.errors == [(["updateCustomer"], "BAD_INPUT")]
    assert len(answer.response.content) < 1_000


UPDATE = """mutation ($input: UpdateCustomerInput!) {
  updateCustomer(input: $input) { customer { id } userErrors { code } }
}"""


@pytest.mark.parametrize("kind", ["partner", "subscription", "reseller_relationship", "user"])
def test_a_mutation_refuses_the_id_of_another_type(api: Api, kind: str) -> None:
    answer = api.ask(AGENT, UPDATE, input={"id": f"{kind}_{MEADOW.id}", "expectedVersion": 1})

    assert answer.errors == [(["updateCustomer"], "BAD_INPUT")]


def test_an_action_that_the_type_lacks_is_refused_and_its_actions_are_listed(shared_api: Api) -> None:
    answer = shared_api.ask(
        AGENT, f'{{ explainDecision(action: READ_BILLING, id: "{MEADOW_ID}") {{ allowed }} }}'
    )

    assert answer.errors == [(["explainDecision"], "BAD_INPUT")]
    assert "READ_SUMMARY, READ, READ_ACCESS, READ_OWN_ACCESS, UPDATE" in answer.body["errors"][0]["message"]


def test_nodes_takes_a_hundred_ids(shared_api: Api) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert shared_api.ask(AGENT, query, ids=[]).data == {"nodes": []}
    assert len(shared_api.ask(AGENT, query, ids=[MEADOW_ID] * 100).data["nodes"]) == 100
    assert shared_api.ask(AGENT, query, ids=[MEADOW_ID] * 101).errors == [(["nodes"], "BAD_INPUT")]


PAGE = """query ($first: Int, $last: Int, $after: String, $before: String) {
  subscriptions(first: $first, last: $last, after: $after, before: $before) { nodes { id } }
}"""


@one_shared_engine
@pytest.mark.parametrize(
    "arguments",
    [
        {"first": -1},
        {"first": 101},
        {"first": 2**31 - 1},
        {"last": -1},
        {"last": 101},
        {"first": 1, "last": 1},
        {"first": 0, "last": 0},
    ],
)
def test_a_page_size_out_of_bounds_is_refused_and_never_clamped(
    shared_api: Api, arguments: dict[str, int]
) -> None:
    answer = shared_api.ask(AGENT, PAGE, **arguments)

    assert (answer.errors, answer.body["data"]) == ([(["subscriptions"], "BAD_INPUT")], None)


@pytest.mark.parametrize(
    "arguments",
    [{"first": 0}, {"first": 1}, {"first": 100}, {"last": 0}, {"last": 100}, {"first": None}, {}],
)
def test_a_page_has_the_requested_size(shared_api: Api, arguments: dict[str, int | None]) -> None:
    seen = len(
        shared_api.ask(AGENT, "{ subscriptions(first: 100) { nodes { id } } }").data["subscriptions"]["nodes"]
    )

    nodes = shared_api.ask(AGENT, PAGE, **arguments).data["subscriptions"]["nodes"]

    size = next((each for each in arguments.values() if each is not None), 20)
    assert len(nodes) == min(seen, size)


def test_the_page_size_of_a_nested_list_is_checked(shared_api: Api) -> None:
    answer = shared_api.ask(
        AGENT, "{ customers { nodes { id subscriptions(first: 101) { nodes { id } } } } }"
    )

    assert set(answer.codes) == {"BAD_INPUT"}
    assert {tuple(path or ()) for path, _ in answer.errors} == {("customers", "nodes", 0, "subscriptions")}


ORDERED = """query ($after: String, $before: String, $order: [SubscriptionOrder!]) {
  subscriptions(first: 2, after: $after, before: $before, orderBy: $order) {
    nodes { id } pageInfo { endCursor }
  }
}"""


def written(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def read(cursor: str) -> list[Any]:
    found: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return found


def cursor_of(api: Api, order: str) -> str:
    page = api.ask(AGENT, ORDERED, order=order).data["subscriptions"]
    cursor: str = page["pageInfo"]["endCursor"]
    return cursor


@one_shared_engine
@pytest.mark.parametrize("place", ["after", "before"])
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=",
        "é",
        "\0",
        "AAAA",
        "." * 10,
        "A" * 100_000,
        written(None),
        written(1),
        written("x"),
        written({}),
        written([]),
        written([1, 2, 3]),
        written([None, None, None]),
        written(["0" * 12, None, MEADOW.id]),
    ],
)
def test_an_invalid_cursor_is_refused(shared_api: Api, place: str, cursor: str) -> None:
    assert shared_api.ask(AGENT, ORDERED, **{place: cursor}).errors == [(["subscriptions"], "BAD_INPUT")]


def test_a_cursor_of_another_order_is_refused(shared_api: Api) -> None:
    rising = cursor_of(shared_api, "QUANTITY")

    assert shared_api.ask(AGENT, ORDERED, order="QUANTITY", after=rising).codes == []
    for order in (
        "QUANTITY_DESC",
        "FRIENDLY_NAME",
        "ID",
        ["QUANTITY", "STATUS"],
        ["QUANTITY", "ID_DESC"],
        None,
    ):
        assert shared_api.ask(AGENT, ORDERED, order=order, after=rising).codes == ["BAD_INPUT"]


def test_keys_after_the_id_or_of_the_same_column_decide_nothing(shared_api: Api) -> None:
    rising = cursor_of(shared_api, "QUANTITY")

    for order in (["QUANTITY", "ID"], ["QUANTITY", "QUANTITY_DESC"], ["QUANTITY", "ID", "STATUS_DESC"]):
        assert shared_api.ask(AGENT, ORDERED, order=order, after=rising).codes == []
    assert shared_api.ask(AGENT, ORDERED, order=["ID"] * 6).codes == ["BAD_INPUT"]


def test_a_cursor_of_another_list_is_refused(shared_api: Api) -> None:
    cursor = cursor_of(shared_api, "ID")

    answer = shared_api.ask(AGENT, "query ($c: String) { customers(after: $c) { nodes { id } } }", c=cursor)

    assert answer.errors == [(["customers"], "BAD_INPUT")]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**31) - 1, -(2**63), 10**400])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        [
            "2026-01-01T00:00:00Z",
            "2026-01-01",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "\0",
            "x" * 1_000,
        ]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@pytest.mark.parametrize("examples", [12, pytest.param(60, marks=pytest.mark.long)])
def test_a_tampered_cursor_is_refused_or_is_a_valid_position(shared_api: Api, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, database=None)
    @given(
        value=ANYTHING,
        id=st.sampled_from([None, 1, "", "x", MEADOW.id, MEADOW.id.upper(), f"{MEADOW.id}\0", "0" * 36]),
        order=st.sampled_from(["ID", "QUANTITY", "FRIENDLY_NAME", "CREATED_AT", "COMMITMENT_END_DATE_DESC"]),
        place=st.sampled_from(["after", "before"]),
    )
    def check(value: Any, id: Any, order: str, place: str) -> None:
        mark = read(cursor_of(shared_api, order))[0]

        answer = shared_api.ask(AGENT, ORDERED, order=order, **{place: written([mark, value, id])})

        assert set(answer.codes) <= {"BAD_INPUT"}
        if id != MEADOW.id:
            assert answer.codes == ["BAD_INPUT"]

    check()


def test_a_cursor_with_an_extreme_value_is_valid(shared_api: Api) -> None:
    edges: dict[str, list[Any]] = {
        "QUANTITY": [0, -(2**31) + 1, 2**31 - 1, None],
        "FRIENDLY_NAME": ["", "é" * 300, None],
        "CREATED_AT": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00+05:30"],
    }
    for order, values in edges.items():
        mark = read(cursor_of(shared_api, order))[0]
        for value in values:
            cursor = written([mark, value, MEADOW.id])
            assert shared_api.ask(AGENT, ORDERED, order=order, after=cursor).codes == []
            assert shared_api.ask(AGENT, ORDERED, order=order, before=cursor).codes == []


FILTERED = "query ($f: SubscriptionFilter) { subscriptions(filter: $f) { totalCount nodes { id } } }"


@one_shared_engine
@pytest.mark.parametrize(
    "condition",
    [
        {"friendlyName": {"eq": "\0"}},
        {"friendlyName": {"contains": "a\0b"}},
        {"friendlyName": {"in": ["a", "\0"]}},
        {"friendlyName": {"in": ["x"] * 101}},
        {"or": [{}] * 101},
        {"customer": {"subscriptions": {"customer": {"subscriptions": {"customer": {}}}}}},
        {"not": {"not": {"not": {"not": {"not": {}}}}}},
        {
            "customer": {
                "subscriptions": {"none": {"customer": {"subscriptions": {"every": {"customer": {}}}}}}
            }
        },
    ],
)
def test_an_invalid_filter_is_refused(shared_api: Api, condition: dict[str, Any]) -> None:
    assert shared_api.ask(AGENT, FILTERED, f=condition).errors == [(["subscriptions"], "BAD_INPUT")]


@pytest.mark.parametrize(
    "condition", [{"friendlyName": {"in": [None]}}, {"and": [None]}, {"status": {"in": [None]}}]
)
def test_null_among_several_values_is_refused(shared_api: Api, condition: dict[str, Any]) -> None:
    assert shared_api.ask(AGENT, FILTERED, f=condition).errors == [(None, "BAD_INPUT")]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (None, True),
        ({}, True),
        ({"and": []}, True),
        ({"or": []}, False),
        ({"friendlyName": {}}, True),
        ({"friendlyName": {"in": []}}, False),
        ({"friendlyName": {"contains": "%"}}, False),
        ({"friendlyName": {"contains": "_"}}, False),
        ({"friendlyName": {"startsWith": "\\"}}, False),
        ({"friendlyName": {"contains": "' OR 1=1 --"}}, False),
        ({"friendlyName": {"eq": "x" * MAX_TEXT}}, False),
        ({"quantity": {"gte": -(2**31), "lte": 2**31 - 1}}, True),
        ({"createdAt": {"gt": "0001-01-01T00:00:00Z", "lt": "9999-12-31T23:59:59Z"}}, True),
        ({"customer": {}}, True),
    ],
)
def test_filters_with_extreme_values(
    shared_api: Api, condition: dict[str, Any] | None, *, holds: bool
) -> None:
    everything = shared_api.ask(AGENT, FILTERED).data["subscriptions"]
    found = shared_api.ask(AGENT, FILTERED, f=condition).data["subscriptions"]

    customers = condition == {"customer": {}}  # of those subscriptions whose customer is seen
    assert found["totalCount"] == len(found["nodes"])
    assert bool(found["nodes"]) is holds
    assert customers or not holds or found == everything


@one_engine
@pytest.mark.parametrize(
    "edit",
    [
        {"companyName": None},
        {"companyName": ""},
        {"companyName": "   "},
        {"companyName": "\0"},
        {"city": "x" * 513},
        {"country": "USA"},
        {"country": "U1"},
        {"country": "ß"},
        {"expectedVersion": None},
        {"expectedVersion": 2**31},
        {"expectedVersion": 1.5},
        {"expectedVersion": "1"},
        {"id": None},
        {"nothing": 1},
    ],
)
def test_an_invalid_edit_is_refused_and_changes_nothing(api: Api, edit: dict[str, Any]) -> None:
    version = f'{{ node(id: "{MEADOW_ID}") {{ ... on Customer {{ version }} }} }}'
    before = api.ask(AGENT, version).data

    answer = api.ask(AGENT, UPDATE, input={"id": MEADOW_ID, "expectedVersion": 1, **edit})

    assert answer.codes == ["BAD_INPUT"]
    assert api.ask(AGENT, version).data == before


@pytest.mark.parametrize("version", [0, -1, 2, 2**31 - 1, -(2**31)])
def test_a_stale_version_is_a_user_error(api: Api, version: int) -> None:
    answer = api.ask(AGENT, UPDATE, input={"id": MEADOW_ID, "expectedVersion": version, "city": "x"})

    assert answer.data == {"updateCustomer": {"customer": None, "userErrors": [{"code": "STALE_VERSION"}]}}


def test_a_user_that_exists_looks_like_one_that_does_not(shared_api: Api) -> None:
    """A caller that cannot see users cannot tell an existing one from a missing one."""
    there, absent = (f"user_{fixed_id(name)}" for name in (f"{ALDER.key}-sales-agent.user", "nobody"))
    query = """query ($id: ID!) {
      node(id: $id) { id }
      explainDecision(action: READ, id: $id) { allowed grants { standing } }
    }"""
    answers = {
        id: shared_api.ask("alder-sales-agent", query, id=id).response.content for id in (there, absent)
    }

    assert answers[there] == answers[absent]
    assert shared_api.ask("alder-global-admin", query, id=there).codes in ([], ["NOT_FOUND"], ["BAD_INPUT"])
