"""Requests that are none, or too much: each is told what is wrong with it, and none harms the server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.serving import DemoServer

VIEWER = "{ viewer { tenantId } }"
JSON = {"Content-Type": "application/json"}
STRICT = {**JSON, "Accept": "application/graphql-response+json"}


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one error of an answer, which is a GraphQL response with this HTTP status and error code."""
    body = answer.json()
    assert (answer.status_code, [each["extensions"]["code"] for each in body["errors"]]) == (status, [code])
    assert set(body) == {"errors"}
    assert "Traceback" not in answer.text
    assert answer.headers["content-type"].endswith("json; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    error: dict[str, Any] = body["errors"][0]
    return error


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(body, id=name)
        for name, body in {
            "null": b"null",
            "a number": b"1",
            "a string": b'"x"',
            "true": b"true",
            "a list": b"[]",
            "a batch": json.dumps([{"query": VIEWER}]).encode(),
            "nothing": b"",
            "blanks": b"  \n",
            "not JSON": b"{query}",
            "cut short": b'{"query": "{ viewer',
            "something behind": json.dumps({"query": VIEWER}).encode() + b"x",
            "invalid UTF-8": b'{"query": "\xff\xfe"}',
            "UTF-16": json.dumps({"query": VIEWER}).encode("utf-16"),
            "a byte order mark": b"\xef\xbb\xbf" + json.dumps({"query": VIEWER}).encode(),
            "a lone surrogate": b'{"query": "{ viewer }", "operationName": "\\ud800"}',
            "an encoded surrogate": b'{"query": "\xed\xa0\x80"}',
            "NaN": b'{"query": "{ viewer { tenantId } }", "variables": {"a": NaN}}',
            "infinity": b'{"query": "{ viewer { tenantId } }", "variables": {"a": 1e999}}',
            "a number of 100,000 digits": b'{"query": "", "variables": {"a": ' + b"9" * 100_000 + b"}}",
            "100,000 brackets": b"[" * 100_000,
            "deep variables": b'{"query": "", "variables": {"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
            "no query": b"{}",
            "a null query": b'{"query": null}',
            "a query that is a number": b'{"query": 1}',
            "a query that is a list": b'{"query": ["{ viewer { tenantId } }"]}',
            "variables that are a list": b'{"query": "{ viewer { tenantId } }", "variables": []}',
            "variables that are text": b'{"query": "{ viewer { tenantId } }", "variables": "{}"}',
            "an operation name that is a number": b'{"query": "{ viewer { tenantId } }", "operationName": 1}',
            "extensions that are a list": b'{"query": "{ viewer { tenantId } }", "extensions": []}',
        }.items()
    ],
)
@pytest.mark.parametrize("headers", [JSON, STRICT], ids=["json", "strict"])
def test_an_invalid_body_is_rejected(client: httpx.Client, body: bytes, headers: dict[str, str]) -> None:
    told(client.post("/graphql", content=body, headers=headers), 400, "BAD_INPUT")


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
def test_a_body_of_30_megabytes_is_refused(client: httpx.Client, *, chunked: bool) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b" " * 1_000_000

    content = pieces() if chunked else b"".join(pieces())

    told(client.post("/graphql", content=content, headers=JSON), 413, "BAD_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonx",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "",
        None,
    ],
)
def test_a_body_of_another_media_type_is_refused(client: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = client.post("/graphql", content=json.dumps({"query": VIEWER}), headers=headers)

    told(answer, 415, "BAD_INPUT")
    assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "content_type", ["application/json;charset=UTF-8", 'APPLICATION/JSON ; charset="utf-8"']
)
def test_a_media_type_is_read_in_any_spelling(client: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}

    answer = client.post("/graphql", content=json.dumps({"query": "{ __typename }"}), headers=headers)

    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/json;q=0, */*", "application/graphql-response+json"),
        ("application/json;q=0.2, application/*;q=0.1", "application/json"),
        ("text/plain, */*;q=0.1", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
    ],
)
def test_the_preferred_media_type_is_answered(client: httpx.Client, accept: str | None, media: str) -> None:
    headers = {"Accept": accept} if accept else {}
    request = client.build_request("POST", "/graphql", json={"query": "{ __typename }"}, headers=headers)
    if accept is None:
        del request.headers["accept"]

    answer = client.send(request)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["vary"] == "Accept"


def test_several_accept_headers_are_one_list(client: httpx.Client) -> None:
    headers = [("Accept", "text/plain"), ("Accept", "application/graphql-response+json")]

    answer = client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

    assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain",
        "image/*",
        "application/xml",
        "application/json;q=0",
        "*/*;q=0",
        "application/json; charset=utf-16",
        "application/json;q=x",
    ],
)
def test_other_media_types_are_not_acceptable(client: httpx.Client, accept: str) -> None:
    answer = client.post("/graphql", json={"query": VIEWER}, headers={"Accept": accept})

    told(answer, 406, "BAD_INPUT")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_rejected_with_the_allowed_ones(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/graphql", json={"query": VIEWER})

    told(answer, 405, "BAD_INPUT")
    assert answer.headers["allow"] == "GET, POST"


def test_head_has_no_body(client: httpx.Client) -> None:
    answer = client.head("/graphql", params={"query": VIEWER})

    assert (answer.status_code, answer.content) == (405, b"")


def test_a_mutation_by_get_is_refused(client: httpx.Client, demo_server: DemoServer) -> None:
    query = 'mutation { updateCustomer(input: {id: "x", expectedVersion: 1}) { userErrors { code } } }'
    headers = {"Authorization": f"Bearer {demo_server.token('alder-admin-agent')}"}

    answer = client.get("/graphql", params={"query": query}, headers=headers)

    told(answer, 405, "BAD_INPUT")
    assert answer.headers["allow"] == "POST"


def test_a_mutation_by_get_is_refused_however_it_is_chosen(client: httpx.Client) -> None:
    query = (
        "query Q { __typename } "
        'mutation M { updateCustomer(input: {id: "x", expectedVersion: 1}) { userErrors { code } } }'
    )

    told(client.get("/graphql", params={"query": query, "operationName": "M"}), 405, "BAD_INPUT")
    assert client.get("/graphql", params={"query": query, "operationName": "Q"}).status_code == 200


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": VIEWER, "variables": "{"},
        {"query": VIEWER, "variables": ""},
        {"query": VIEWER, "variables": "[]"},
        {"query": VIEWER, "variables": "[" * 5_000},
        {"query": VIEWER, "extensions": "1"},
        {"variables": "{}"},
    ],
)
def test_invalid_parameters_are_rejected(client: httpx.Client, parameters: dict[str, str]) -> None:
    told(client.get("/graphql", params=parameters), 400, "BAD_INPUT")


def test_a_query_by_get_is_answered_with_its_variables(client: httpx.Client) -> None:
    query = "query Q($yes: Boolean!) { __typename @include(if: $yes) } query R { __typename }"
    parameters = {"query": query, "variables": '{"yes": true}', "operationName": "Q"}

    assert client.get("/graphql", params=parameters).json() == {"data": {"__typename": "Query"}}


def test_the_last_of_two_equal_parameter_names_wins(client: httpx.Client) -> None:
    body = b'{"query": "{", "query": "{ __typename }"}'

    assert client.post("/graphql", content=body, headers=JSON).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_a_compressed_body_is_refused(client: httpx.Client, encoding: str) -> None:
    headers = {**JSON, "Content-Encoding": encoding}

    told(client.post("/graphql", content=b"\x1f\x8b\x08", headers=headers), 400, "BAD_INPUT")


def test_a_body_aborted_midway_leaves_the_server_answering(
    client: httpx.Client, demo_server: DemoServer
) -> None:
    address = urlsplit(demo_server.url)
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for length in (b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\r\n"):
        with socket.create_connection((str(address.hostname), address.port or 0)) as connection:
            connection.sendall(head + length)

    assert client.post("/graphql", json={"query": "{ __typename }"}).status_code == 200


def test_variables_named_like_properties_of_javascript_are_plain_names(client: httpx.Client) -> None:
    variables = {"__proto__": {"admin": True}, "constructor": {"prototype": {}}}

    answer = client.post("/graphql", json={"query": "{ __typename }", "variables": variables})

    assert answer.json() == {"data": {"__typename": "Query"}}
