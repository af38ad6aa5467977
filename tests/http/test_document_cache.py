"""The document cache: only valid documents of signed-in callers, so that nobody else can fill it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from multichannel.graphql.execution import documents
from tests.serving import DemoServer

INVALID = ["{", "{ nothing }", "{" + "customers { nodes { id } } " * 21 + "}"]


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    documents._read_cached.cache_clear()
    yield
    documents._read_cached.cache_clear()


def cached_documents() -> int:
    return documents._read_cached.cache_info().currsize


def ask(client: httpx.Client, query: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post("/graphql", json={"query": query}, headers=headers)


def test_a_document_of_a_signed_in_caller_is_parsed_once(
    client: httpx.Client, demo_server: DemoServer
) -> None:
    token = demo_server.token("alder-sales-agent")

    answers = [ask(client, "{ viewer { tenantId } }", token).json() for _ in range(3)]

    assert "errors" not in answers[0]
    assert answers == answers[:1] * 3
    assert (cached_documents(), documents._read_cached.cache_info().misses) == (1, 1)


@pytest.mark.parametrize("query", ["{ __typename }", "{ viewer { tenantId } }", *INVALID])
def test_documents_without_a_valid_token_are_not_cached(client: httpx.Client, query: str) -> None:
    ask(client, query)

    assert cached_documents() == 0


@pytest.mark.parametrize("query", INVALID)
def test_invalid_documents_are_not_cached(client: httpx.Client, demo_server: DemoServer, query: str) -> None:
    answer = ask(client, query, demo_server.token("alder-sales-agent"))

    assert "data" not in answer.json()
    assert cached_documents() == 0


@pytest.mark.parametrize(("length", "expected"), [(4_000, 1), (4_001, 0)])
def test_long_documents_are_not_cached(
    client: httpx.Client, demo_server: DemoServer, length: int, expected: int
) -> None:
    answer = ask(client, "{ __typename }".ljust(length), demo_server.token("alder-sales-agent"))

    assert answer.json() == {"data": {"__typename": "Query"}}
    assert cached_documents() == expected


@pytest.mark.parametrize("query", ["{ __typename }", *INVALID])
def test_an_invalid_token_is_rejected_before_its_document_is_parsed(client: httpx.Client, query: str) -> None:
    assert ask(client, query, "a.b.c").status_code == 401
