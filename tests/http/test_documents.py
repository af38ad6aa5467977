"""Documents: what cannot be parsed, what the schema does not have, and what is too much to ask for."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multichannel.graphql.execution.documents import InvalidDocument, _read
from tests.serving import DemoServer

STRICT = "application/graphql-response+json"
LEGACY = "application/json"
PARSE, VALIDATION, COMPLEX, INPUT = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "QUERY_TOO_COMPLEX",
    "BAD_INPUT",
)


def chain(length: int, spreads: int) -> str:
    """A chain of fragments, each of which spreads the next one so many times."""
    links = [f"fragment F{i} on Query {{ {f'...F{i + 1} ' * spreads} }}" for i in range(length)]
    return " ".join(["{ ...F0 }", *links, f"fragment F{length} on Query {{ __typename }}"])


def nested(levels: int) -> str:
    """Customers of subscriptions of customers, and so on."""
    text = "__typename"
    for _ in range(levels):
        text = f"subscriptions(first: 1) {{ nodes {{ customer {{ {text} }} }} }}"
    return f"{{ customers(first: 1) {{ nodes {{ {text} }} }} }}"


DAMAGED = {
    "an empty document": ("", PARSE),
    "a comment": ("# nothing", PARSE),
    "an open brace": ("{", PARSE),
    "100,000 braces": ("{" * 100_000, PARSE),
    "100,000 levels": ("{" + "a{" * 100_000, PARSE),
    "a NUL": ("{ \0 }", PARSE),
    "a deep list": ("{ a(b: " + "[" * 900 + "]" * 900 + ") }", PARSE),
    "a deep type": ("query ($a: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }", PARSE),
    "5,000 aliases": ("{" + " ".join(f"a{i}: __typename" for i in range(5_000)) + "}", PARSE),
    "an escaped lone surrogate": ('{ node(id: "\\ud800") { id } }', PARSE),
    "an unknown field": ("{ nothing }", VALIDATION),
    "an unknown argument": ("{ customers(size: 1) { totalCount } }", VALIDATION),
    "a selection of a leaf": ("{ viewer { tenantId { id } } }", VALIDATION),
    "no selection of an object": ("{ viewer }", VALIDATION),
    "circular fragments": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        VALIDATION,
    ),
    "a fragment within itself": ("{ ...A } fragment A on Query { ...A }", VALIDATION),
    "a missing fragment": ("{ ...A }", VALIDATION),
    "an unknown directive": ("{ __typename @nothing }", VALIDATION),
    "200 directives": ("{ __typename " + "@skip(if: false) " * 200 + "}", VALIDATION),
    "a subscription": ("subscription { transferChanged { id } }", VALIDATION),
    "1,900 unknown fields": ("{ viewer {" + " ".join(f"x{i}" for i in range(1_900)) + "} }", VALIDATION),
    "a number of 5,000 digits": ("{ customers(first: " + "9" * 5_000 + ") { totalCount } }", VALIDATION),
    "a type system": ("type Query { a: Int }", VALIDATION),
    "45 fragments, each spread twice": (chain(45, 2), COMPLEX),
    "30 levels": (nested(10), COMPLEX),
    "100 fields at the root": ("{" + " ".join(f"a{i}: __typename" for i in range(100)) + "}", COMPLEX),
    "100 fields at the root, in a fragment": (
        "{ ...F } fragment F on Query {" + " ".join(f"a{i}: __typename" for i in range(100)) + "}",
        COMPLEX,
    ),
    "the same field 480 times": ("{ customers {" + "nodes { id } " * 480 + "} }", COMPLEX),
    "conflicting fields": ("{ customers { nodes {" + "a: companyName a: email " * 300 + "} } }", COMPLEX),
    "the same fragment 900 times": (
        "{ customers { nodes {" + "...A " * 900 + "} } } fragment A on Customer { id }",
        COMPLEX,
    ),
    "a million objects": (
        (
            "{ customers(first: 100) { nodes { subscriptions(first: 100) { nodes { customer {"
            " subscriptions(first: 100) { nodes { id } } } } } } } }"
        ),
        COMPLEX,
    ),
    "a million objects, by fragments and defaults": (
        (
            "{ customers { ...C } } "
            "fragment C on CustomerConnection { nodes { subscriptions { ...S } } } "
            "fragment S on SubscriptionConnection { nodes { customer { subscriptions { ...T } } } } "
            "fragment T on SubscriptionConnection { nodes { customer { subscriptions { nodes { id } } } } }"
        ),
        COMPLEX,
    ),
    "a million objects below a list of ids": (
        (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { subscriptions(first: 100) { nodes {"
            " customer { subscriptions(first: 100) { nodes { id } } } } } } } }"
        ),
        COMPLEX,
    ),
    "six million values": (
        (
            "{ customers(first: 100) { nodes { subscriptions(first: 100) { nodes {"
            + " ".join(f"a{i}: status" for i in range(600))
            + "} } } } }"
        ),
        COMPLEX,
    ),
    "20,000 values below each of a list of ids": (
        (
            "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { ...S } } }"
            " fragment S on Customer { subscriptions(first: 100) { nodes {"
            + " ".join(f"a{i}: status" for i in range(200))
            + "} } }"
        ),
        COMPLEX,
    ),
    "the schema's fields, 100 times": (
        (
            "{ __schema { types {"
            + " ".join(f"a{i}: fields {{ type {{ fields {{ name }} }} }}" for i in range(90))
            + "} } }"
        ),
        COMPLEX,
    ),
    "the schema's fields of fields of fields of fields": (
        "{ __schema { types " + "{ fields { type " * 4 + "{ name }" + "} }" * 4 + " } }",
        COMPLEX,
    ),
    "the schema's types, 19 times with 99 names": (
        (
            "{" + " ".join(f"b{i}: __schema {{ types {{ ...F }} }}" for i in range(19)) + "}"
            " fragment F on __Type {" + " ".join(f"a{i}: name" for i in range(99)) + "}"
        ),
        COMPLEX,
    ),
    "21 operations": (" ".join(f"query Q{i} {{ __typename }}" for i in range(21)), COMPLEX),
    "several operations and no name": ("query A { __typename } query B { __typename }", INPUT),
    "a time without its zone": (
        '{ customers(filter: {createdAt: {gt: "2026-01-01T00:00:00"}}) { totalCount } }',
        INPUT,
    ),
}
damaged = pytest.mark.parametrize(
    ("query", "code"), [pytest.param(*each, id=name) for name, each in DAMAGED.items()]
)


@damaged
@pytest.mark.parametrize(("media", "status"), [(STRICT, 400), (LEGACY, 200)])
def test_a_document_that_cannot_be_executed_is_refused(
    client: httpx.Client, query: str, code: str, media: str, status: int
) -> None:
    answer = client.post("/graphql", json={"query": query}, headers={"Accept": media})

    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert set(answer.json()) == {"errors"}
    assert {each["extensions"]["code"] for each in answer.json()["errors"]} == {code}
    assert len(answer.content) < 20_000


@damaged
def test_refusing_a_document_takes_little_processor_time(query: str, code: str) -> None:
    """Unlimited, the worst of these take a second of processor time or do not end."""
    assert costs_little(query), code


@pytest.mark.parametrize(("length", "spreads"), [(45, 1), (45, 2), (100, 2), (240, 2), (45, 20)])
def test_each_fragment_is_read_once(length: int, spreads: int) -> None:
    """Followed for each spread, 45 links that spread twice are 35 billion steps."""
    assert costs_little(chain(length, spreads))


def costs_little(text: str) -> bool:
    """Whether reading takes less than half a second of processor time, at least once: machines are busy."""
    _read("{ __typename }")  # the schema is built once
    return any(cost_of(text) < 0.5 for _ in range(5))


def cost_of(text: str) -> float:
    """Seconds of processor time."""
    before = time.thread_time()
    with contextlib.suppress(InvalidDocument):
        _read(text)
    return time.thread_time() - before


def test_a_chain_of_45_fragments_is_executed(client: httpx.Client) -> None:
    assert client.post("/graphql", json={"query": chain(45, 1)}).json() == {"data": {"__typename": "Query"}}


def test_fields_that_are_skipped_are_left_out_at_every_level(
    client: httpx.Client, demo_server: DemoServer
) -> None:
    query = """query ($no: Boolean = false) {
      viewer @include(if: $no) { tenantId @skip(if: true) }
      customers {
        nodes @skip(if: true) { id }
        edges { node { id @include(if: $no) } cursor @skip(if: true) }
      }
      ... @include(if: $no) { __typename }
    }"""

    answer = client.post("/graphql", json={"query": query}, headers=sales_agent(demo_server)).json()

    assert answer == {"data": {"customers": {"edges": [{"node": {}}, {"node": {}}]}}}


@pytest.mark.parametrize("name", ["C", "__proto__", "a" * 10_000, "A B", "\0"])
def test_an_unknown_operation_name_is_refused(client: httpx.Client, name: str) -> None:
    body = {"query": "query A { __typename } query B { __typename }", "operationName": name}

    answer = client.post("/graphql", json=body, headers={"Accept": STRICT})

    assert answer.status_code == 400
    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == [INPUT]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ID!", None),
        ("ID!", 1.5),
        ("ID!", {}),
        ("[ID!]!", ["x", None]),
        ("Int", "1"),
        ("Int", 2**31),
        ("Int", -(2**31) - 1),
        ("Int", 1e300),
        ("Int", 2**70),
        ("Int", [1, 2]),
        ("[CustomerOrder!]", "companyName"),
        ("[CustomerOrder!]", 1),
        ("CustomerFilter", "x"),
        ("CustomerFilter", {"nothing": 1}),
        ("CustomerFilter", {"companyName": "x"}),
        ("CustomerFilter", {"createdAt": {"gt": "yesterday"}}),
        ("CustomerFilter", {"createdAt": {"gt": 0}}),
        ("CustomerFilter", {"createdAt": {"gt": "0001-01-01T00:00:00+14:00"}}),
        ("CustomerFilter", {"cloud": {"eq": "PRIVATE"}}),
        ("CustomerFilter", {"companyName": {"__proto__": "x"}}),
    ],
)
def test_a_variable_of_the_wrong_type_is_refused(client: httpx.Client, kind: str, value: Any) -> None:
    argument = {
        "ID!": "node(id: $v) { id }",
        "[ID!]!": "nodes(ids: $v) { id }",
        "Int": "customers(first: $v) { totalCount }",
        "[CustomerOrder!]": "customers(orderBy: $v) { totalCount }",
        "CustomerFilter": "customers(filter: $v) { totalCount }",
    }[kind]
    body = {"query": f"query ($v: {kind}) {{ {argument} }}", "variables": {"v": value}}

    answer = client.post("/graphql", json=body, headers={"Accept": STRICT})

    assert answer.status_code == 400
    assert {each["extensions"]["code"] for each in answer.json()["errors"]} == {INPUT}


@pytest.mark.parametrize("levels", [6, 100, 250, 500, 2_000])
def test_a_filter_that_is_nested_too_deeply_is_refused(
    client: httpx.Client, demo_server: DemoServer, levels: int
) -> None:
    condition = '{"and": [' * levels + "{}" + "]}" * levels
    query = "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    body = f'{{"query": "{query}", "variables": {{"f": {condition}}}}}'
    headers = {"Content-Type": "application/json", **sales_agent(demo_server)}

    answer = client.post("/graphql", content=body, headers=headers)

    assert answer.status_code < 500
    assert {each["extensions"]["code"] for each in answer.json()["errors"]} == {INPUT}


def sales_agent(server: DemoServer) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token('alder-sales-agent')}"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"query": st.one_of(st.just("query ($a: Int) { __typename }"), VALUES)},
        optional={"variables": VALUES, "operationName": VALUES, "extensions": VALUES},
    ).map(lambda value: json.dumps(value).encode()),
)
LEXICON = """
    { } ( ) [ ] : $ ! ... @ = | & # " 1 -1 1.5e9 true null on query mutation fragment F a id first after
    filter viewer customers nodes edges node totalCount pageInfo subscriptions customer __typename __schema
    explainDecision UPDATE Customer \\ud800 @skip(if:true) companyName eq
"""
WORDS = st.sampled_from(LEXICON.split())
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
examples = pytest.mark.parametrize("examples", [30, pytest.param(150, marks=pytest.mark.long)])


def refused_or_answered(answer: httpx.Response) -> None:
    body = answer.json()
    assert answer.status_code in {200, 400}
    assert body.keys() <= {"data", "errors"}
    assert "INTERNAL" not in {each["extensions"]["code"] for each in body.get("errors", [])}


@examples
def test_arbitrary_bodies_cause_no_internal_error(
    client: httpx.Client, demo_server: DemoServer, examples: int
) -> None:
    headers = {"Content-Type": "application/json", **sales_agent(demo_server)}

    @settings(FUZZ, max_examples=examples)
    @given(content=BODIES)
    def check(content: bytes) -> None:
        refused_or_answered(client.post("/graphql", content=content, headers=headers))

    check()


@examples
def test_arbitrary_documents_cause_no_internal_error(
    client: httpx.Client, demo_server: DemoServer, examples: int
) -> None:
    headers = sales_agent(demo_server)

    @settings(FUZZ, max_examples=examples)
    @given(words=st.lists(WORDS, max_size=40))
    def check(words: list[str]) -> None:
        refused_or_answered(client.post("/graphql", json={"query": " ".join(words)}, headers=headers))

    check()
