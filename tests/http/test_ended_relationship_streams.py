"""The streams of a partner whose relationship the customer has ended say no more (R62)."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from multichannel.demo.cast import EMBER, fixed_id
from tests.http.test_streams import WAIT, ask, last_event, server
from tests.serving import DemoServer, Server

__all__ = ["server"]

OFFICE = f"subscription_{fixed_id('meadow-office-direct.subscription')}"
MAIL = f"subscription_{fixed_id('meadow-mail-alder.subscription')}"
HELD = f"reseller_relationship_{fixed_id('alder.meadow.relationship')}"
UPDATE = """mutation ($input: UpdateSubscriptionInput!) {
  updateSubscription(input: $input) { subscription { version } userErrors { code } } }"""
END = """mutation ($input: EndResellerRelationshipInput!) {
  endResellerRelationship(input: $input) { resellerRelationship { status } userErrors { code } } }"""
REQUEST = """mutation ($input: RequestResellerRelationshipInput!) {
  requestResellerRelationship(input: $input) { resellerRelationship { status } userErrors { code } } }"""
RELATED = """subscription { resellerRelationshipChanged(after: "%s") {
  operation resellerRelationship { status customer { companyName email } } } }"""
Next = Callable[[], Any]


@contextmanager
def by_sse(server: Server, query: str, login: str = "alder-admin-agent") -> Iterator[Next]:
    """An open stream of server-sent events."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {server.token(login)}"}
    received: queue.Queue[Any] = queue.Queue()
    with (
        httpx.Client(timeout=WAIT) as client,
        client.stream("POST", f"{server.url}/graphql", json={"query": query}, headers=headers) as answer,
    ):

        def read() -> None:
            try:
                for line in answer.iter_lines():
                    if line.startswith("data: "):
                        received.put(json.loads(line.removeprefix("data: ")))
            except httpx.HTTPError:
                received.put(None)

        threading.Thread(target=read, daemon=True).start()
        yield lambda: received.get(timeout=WAIT)


@contextmanager
def by_websocket(server: Server, query: str) -> Iterator[Next]:
    """An open WebSocket with one subscription."""
    url = server.url.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"], open_timeout=WAIT) as socket:  # type: ignore[list-item]  # a name is one
        authorization = f"Bearer {server.token('alder-admin-agent')}"
        socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": authorization}}))
        assert json.loads(socket.recv(WAIT))["type"] == "connection_ack"
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        yield lambda: json.loads(socket.recv(WAIT))["payload"]


def rename(server: DemoServer, persona: str, row_id: str, name: str, version: int) -> None:
    change = {"id": row_id, "expectedVersion": version, "friendlyName": name}
    done = ask(server, persona, UPDATE, input=change)["updateSubscription"]
    assert done["userErrors"] == []


def end(server: DemoServer) -> None:
    done = ask(server, "meadow-global-admin", END, input={"id": HELD, "reason": "Another supplier"})
    assert done["endResellerRelationship"]["resellerRelationship"] == {"status": "ENDED_BY_CUSTOMER"}


@pytest.mark.rule("R62")
@pytest.mark.parametrize("transport", [by_sse, by_websocket])
def test_an_open_stream_says_no_more_of_what_the_customer_recorded(
    server: DemoServer, transport: Callable[[DemoServer, str], Any]
) -> None:
    rename(server, "meadow-global-admin", OFFICE, "First", 1)
    seen = last_event(server, "meadow-global-admin")
    plain = f'subscription {{ subscriptionChanged(after: "{seen}") {{ subscription {{ friendlyName }} }} }}'
    with transport(server, plain) as heard:
        rename(server, "meadow-global-admin", OFFICE, "Before", 2)
        assert heard()["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Before"}

        end(server)
        rename(server, "meadow-global-admin", OFFICE, "Secret", 3)
        rename(server, "alder-admin-agent", MAIL, "Still billed", 1)

        assert heard()["data"]["subscriptionChanged"]["subscription"] == {"friendlyName": "Still billed"}


@pytest.mark.rule("R62")
def test_the_partner_is_told_that_it_has_ended_and_nothing_of_the_profile(server: DemoServer) -> None:
    asked = ask(server, "alder-admin-agent", REQUEST, input={"customer": EMBER.id})
    assert asked["requestResellerRelationship"]["userErrors"] == []
    seen = last_event(server, "ember-global-admin")
    with by_sse(server, RELATED % seen) as heard:
        end(server)
        body = heard()

    told = body["data"]["resellerRelationshipChanged"]["resellerRelationship"]
    assert told == {"status": "ENDED_BY_CUSTOMER", "customer": {"companyName": "Meadow Dairy", "email": None}}
    assert [each["extensions"]["code"] for each in body["errors"]] == ["FORBIDDEN"]


@pytest.mark.rule("R62")
def test_a_stream_of_one_record_cannot_be_opened_again(server: DemoServer) -> None:
    end(server)
    again = f'subscription {{ subscriptionChanged(id: "{OFFICE}") {{ operation }} }}'
    with by_sse(server, again) as heard:
        assert [each["extensions"]["code"] for each in heard()["errors"]] == ["NOT_FOUND"]
