"""Who asks: a bearer token in the one header it belongs in."""

from __future__ import annotations

import httpx
import pytest

from multichannel.demo.cast import ALDER
from tests.serving import DemoServer

VIEWER = "{ viewer { tenantId } }"


def ask(client: httpx.Client, *authorizations: str, **parameters: str) -> httpx.Response:
    headers = [("Authorization", each) for each in authorizations]
    return client.post("/graphql", params=parameters, json={"query": VIEWER}, headers=headers)


def test_a_token_signs_in(client: httpx.Client, demo_server: DemoServer) -> None:
    answer = ask(client, f"Bearer {demo_server.token('alder-sales-agent')}")

    assert answer.json() == {"data": {"viewer": {"tenantId": ALDER.id}}}


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer a b",
        "Basic YWxkZXI6c2VjcmV0",
        "x",
        "Bearer " + "x" * 9_000,
        "Bearer eyJhbGciOiJub25lIn0.eyJ0aWQiOiIxIn0.",
    ],
)
def test_anything_else_in_the_header_is_refused(client: httpx.Client, authorization: str) -> None:
    answer = ask(client, authorization)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert [each["extensions"] for each in answer.json()["errors"]] == [{"code": "UNAUTHENTICATED"}]
    assert set(answer.json()) == {"errors"}


def test_two_authorization_headers_are_refused_even_if_both_are_good(
    client: httpx.Client, demo_server: DemoServer
) -> None:
    good = f"Bearer {demo_server.token('alder-sales-agent')}"

    assert ask(client, good, good).status_code == 401


@pytest.mark.parametrize("name", ["access_token", "token", "authorization"])
def test_a_token_in_the_address_is_not_looked_at(
    client: httpx.Client, demo_server: DemoServer, name: str
) -> None:
    answer = ask(client, **{name: demo_server.token("alder-sales-agent")})

    assert answer.status_code == 200
    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == ["UNAUTHENTICATED"]


def test_a_token_in_a_cookie_is_not_looked_at(client: httpx.Client, demo_server: DemoServer) -> None:
    token = demo_server.token("alder-sales-agent")
    headers = {"Cookie": f"access_token={token}; Authorization=Bearer {token}"}

    answer = client.post("/graphql", json={"query": VIEWER}, headers=headers)

    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == ["UNAUTHENTICATED"]


def test_nobody_may_read_the_schema_but_no_data(client: httpx.Client) -> None:
    answer = client.post("/graphql", json={"query": "{ __typename customers { totalCount } }"}).json()

    assert answer["data"] is None
    assert [(each["path"], each["extensions"]["code"]) for each in answer["errors"]] == [
        (["customers"], "UNAUTHENTICATED")
    ]


def test_a_persons_answer_names_nobody_elses_origin(client: httpx.Client, demo_server: DemoServer) -> None:
    headers = {
        "Authorization": f"Bearer {demo_server.token('alder-sales-agent')}",
        "Origin": "https://elsewhere.example",
    }

    answer = client.post("/graphql", json={"query": VIEWER}, headers=headers)

    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "set-cookie" not in answer.headers
