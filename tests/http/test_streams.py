"""Events over a real server: delivered at once to callers who can see the record, and to no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from multichannel.demo.cast import fixed_id
from multichannel.demo.issuer import DemoIssuer
from multichannel.policy.decide.policy import Policy
from tests.databases import copy_of
from tests.serving import DemoServer, demo_app, running

WAIT = 60
PHONE = f"subscription_{fixed_id('meadow-phone-cedar.subscription')}"
RENAME = """mutation ($input: UpdateSubscriptionInput!) {
  updateSubscription(input: $input) { subscription { version } userErrors { code message } }
}"""
LAST_EVENT = "{ auditRecords(last: 1, orderBy: NUMBER) { nodes { eventId } } }"
CHANGED = """subscription ($id: ID, $after: ID) {
  subscriptionChanged(id: $id, after: $after) { eventId operation subscription { friendlyName } }
}"""


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path, shipped_policy: Policy) -> Iterator[DemoServer]:
    """The demo on a database of the test's own."""
    issuer = DemoIssuer(tmp_path)
    template: str = request.getfixturevalue(f"{request.param}_world")
    with (
        copy_of(template, tmp_path) as database,
        running(demo_app(database, issuer, shipped_policy)) as url,
    ):
        yield DemoServer(url, issuer)


def ask(server: DemoServer, persona: str, query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = httpx.post(
        f"{server.url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {server.token(persona)}"},
        timeout=WAIT,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def rename(server: DemoServer, name: str, version: int) -> None:
    """Cedar gives Meadow's telephony another name."""
    change = {"id": PHONE, "expectedVersion": version, "friendlyName": name}
    done = ask(server, "cedar-admin-agent", RENAME, input=change)["updateSubscription"]
    assert done == {"subscription": {"version": version + 1}, "userErrors": []}


def last_event(server: DemoServer, persona: str) -> str:
    """The event that the tenant's last audit record is about."""
    (record,) = ask(server, persona, LAST_EVENT)["auditRecords"]["nodes"]
    found: str = record["eventId"]
    return found


def sse(server: DemoServer, persona: str, **variables: Any) -> Iterator[Any]:
    """The responses of a subscription by server-sent events."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {server.token(persona)}"}
    body = {"query": CHANGED, "variables": variables}
    with httpx.stream("POST", f"{server.url}/graphql", json=body, headers=headers, timeout=WAIT) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def test_a_stream_resumes_after_an_event_and_continues(server: DemoServer) -> None:
    rename(server, "One", 1)
    seen = last_event(server, "cedar-admin-agent")
    rename(server, "Two", 2)

    heard = sse(server, "meadow-global-admin", after=seen)
    told = next(heard)["data"]["subscriptionChanged"]
    assert (told["operation"], told["subscription"]) == ("update_subscription", {"friendlyName": "Two"})

    rename(server, "Three", 3)
    assert next(heard)["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Three"}


def test_a_websocket_resumes_after_an_event(server: DemoServer) -> None:
    rename(server, "One", 1)
    seen = last_event(server, "cedar-admin-agent")

    url = server.url.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"], open_timeout=WAIT) as socket:  # type: ignore[list-item]  # a name is one
        authorization = f"Bearer {server.token('meadow-global-admin')}"
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": authorization}}))
        assert json.loads(socket.recv(WAIT))["type"] == "connection_ack"
        payload = {"query": CHANGED, "variables": {"id": PHONE, "after": seen}}
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        rename(server, "Two", 2)
        told = json.loads(socket.recv(WAIT))

    assert told["type"] == "next"
    assert told["payload"]["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Two"}


def test_a_caller_who_cannot_see_the_record_receives_no_event(server: DemoServer) -> None:
    """R8: Alder serves Meadow too, and hears of what Cedar sells it neither event nor record."""
    rename(server, "One", 1)

    answer = next(sse(server, "alder-sales-agent", id=PHONE))

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
    assert ask(server, "alder-global-admin", "{ auditRecords { totalCount } }") == {
        "auditRecords": {"totalCount": 0}
    }


def test_a_stream_cannot_resume_after_an_event_of_another_tenant(server: DemoServer) -> None:
    rename(server, "One", 1)
    seen = last_event(server, "cedar-admin-agent")

    answer = next(sse(server, "alder-sales-agent", after=seen))

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_INPUT"]
