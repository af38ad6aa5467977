"""WebSockets: `graphql-transport-ws`, message by message, and the code of each close frame."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from multichannel.demo.cast import ALDER
from multichannel.errors import NotVisible, Unauthenticated
from multichannel.graphql.http.connection_limits import StreamTimeouts
from multichannel.graphql.http.websocket import MAX_OPERATIONS
from multichannel.server import uvicorn_protocols as connections
from tests.serving import DemoServer
from tests.streams import WAIT, PushedStreams, serving

PROTOCOL = Subprotocol("graphql-transport-ws")
VIEWER = "{ viewer { tenantId } }"
TICKED = "subscription { ticked }"
GOOD = {"authorization": "Bearer good"}
INIT = {"type": "connection_init"}


@pytest.fixture
def url(streams: PushedStreams) -> Iterator[str]:
    with serving(streams) as url:
        yield url


@contextmanager
def opened(url: str, **options: Any) -> Iterator[ClientConnection]:
    """A socket that has said nothing yet."""
    options = {"subprotocols": [PROTOCOL], "compression": None, "open_timeout": WAIT} | options
    with connect(url.replace("http:", "ws:", 1), **options) as ws:
        yield ws


@contextmanager
def begun(url: str, payload: Any = GOOD, **options: Any) -> Iterator[ClientConnection]:
    """A socket whose connection has been acknowledged."""
    with opened(url, **options) as ws:
        say(ws, {"type": "connection_init", "payload": payload})
        assert hear(ws) == {"type": "connection_ack"}
        yield ws


def refusal(url: str, **options: Any) -> tuple[int, str]:
    """The HTTP status and text with which no socket is opened."""
    with pytest.raises(InvalidStatus) as refused, opened(url, **options):
        pass
    return refused.value.response.status_code, refused.value.response.body.decode()


def say(ws: ClientConnection, *messages: Any) -> None:
    for message in messages:
        ws.send(message if isinstance(message, str | bytes) else json.dumps(message))


def hear(ws: ClientConnection, timeout: float = WAIT) -> Any:
    return json.loads(ws.recv(timeout))


def until_the_end(ws: ClientConnection) -> Iterator[Any]:
    """All that is heard before the connection is closed."""
    with suppress(ConnectionClosed):
        while True:
            yield hear(ws)


def subscribe(query: str, name: str = "1", **rest: Any) -> dict[str, Any]:
    return {"id": name, "type": "subscribe", "payload": {"query": query, **rest}}


def ended(ws: ClientConnection) -> tuple[int, str]:
    """The code and reason that the server closes with; it says nothing before."""
    with pytest.raises(ConnectionClosed):
        ws.recv(WAIT)
    assert ws.close_code is not None
    return ws.close_code, ws.close_reason or ""


def still_answers(ws: ClientConnection) -> None:
    """Nothing is on its way but the answer to what is said now."""
    say(ws, {"type": "ping", "payload": {"now": True}})
    assert hear(ws) == {"type": "pong", "payload": {"now": True}}


@pytest.mark.parametrize(
    "place",
    [
        lambda bearer: {"payload": {"authorization": bearer}},
        lambda bearer: {"payload": {"Authorization": bearer}},
        lambda bearer: {"payload": {"headers": {"Authorization": bearer}}},
        lambda bearer: {"payload": None, "additional_headers": {"Authorization": bearer}},
        lambda bearer: {
            "payload": {"authorization": bearer, "headers": {"authorization": bearer}},
            "additional_headers": {"Authorization": bearer},
        },
    ],
    ids=["payload", "capital", "headers of the payload", "handshake", "everywhere the same"],
)
def test_a_query_is_answered_for_the_user_of_the_token(demo_server: DemoServer, place: Any) -> None:
    bearer = f"Bearer {demo_server.token('alder-sales-agent')}"

    with begun(f"{demo_server.url}/graphql", **place(bearer)) as ws:
        say(ws, subscribe(VIEWER, "a"))

        assert [hear(ws), hear(ws)] == [
            {"id": "a", "type": "next", "payload": {"data": {"viewer": {"tenantId": ALDER.id}}}},
            {"id": "a", "type": "complete"},
        ]
        still_answers(ws)


@pytest.mark.parametrize("payload", [None, {}, {"headers": {}}, {"headers": "x"}, {"token": "Bearer good"}])
def test_a_client_without_a_token_may_connect_and_reads_no_data(
    demo_server: DemoServer, payload: Any
) -> None:
    with begun(f"{demo_server.url}/graphql", payload) as ws:
        say(ws, subscribe("{ __typename }", "a"))
        assert [hear(ws), hear(ws)] == [
            {"id": "a", "type": "next", "payload": {"data": {"__typename": "Query"}}},
            {"id": "a", "type": "complete"},
        ]

        say(ws, subscribe(VIEWER, "b"))
        answer, last = hear(ws), hear(ws)

    assert (answer["type"], answer["payload"]["data"]) == ("next", None)
    assert [each["extensions"]["code"] for each in answer["payload"]["errors"]] == ["UNAUTHENTICATED"]
    assert last == {"id": "b", "type": "complete"}


def test_a_host_that_is_not_allowed_is_rejected(demo_server: DemoServer) -> None:
    address = urlsplit(demo_server.url)
    with socket.create_connection((str(address.hostname), address.port or 0)) as own:
        assert refusal("http://rebound.example/graphql", sock=own) == (400, "Invalid host header")


def test_a_mutation_is_answered_once(url: str) -> None:
    with begun(url) as ws:
        say(ws, subscribe("mutation { touch }"))

        assert [hear(ws), hear(ws)] == [
            {"id": "1", "type": "next", "payload": {"data": {"touch": None}}},
            {"id": "1", "type": "complete"},
        ]
        still_answers(ws)


def test_each_event_of_a_subscription_is_sent_until_there_are_no_more(
    url: str, streams: PushedStreams
) -> None:
    query = "subscription A($by: Int) { ticked(by: $by) } subscription B { ticked }"
    with begun(url) as ws:
        say(ws, subscribe(query, "s", variables={"by": 2}, operationName="A"))
        listener = streams.listener()
        assert (listener.token, listener.operation_name, listener.variables) == ("good", "A", {"by": 2})

        listener.push({"data": {"ticked": 2}})
        assert hear(ws) == {"id": "s", "type": "next", "payload": {"data": {"ticked": 2}}}
        listener.push({"data": {"ticked": 4}}, None)
        assert [hear(ws), hear(ws)] == [
            {"id": "s", "type": "next", "payload": {"data": {"ticked": 4}}},
            {"id": "s", "type": "complete"},
        ]
        still_answers(ws)


def test_events_of_several_subscriptions_carry_their_ids(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED, "a"))
        first = streams.listener()
        say(ws, subscribe(TICKED, "b"))
        second = streams.listener()

        second.push({"data": {"ticked": 2}})
        assert hear(ws) == {"id": "b", "type": "next", "payload": {"data": {"ticked": 2}}}
        first.push({"data": {"ticked": 1}}, None)
        assert hear(ws) == {"id": "a", "type": "next", "payload": {"data": {"ticked": 1}}}
        assert hear(ws) == {"id": "a", "type": "complete"}
        second.push({"data": {"ticked": 3}})
        assert hear(ws) == {"id": "b", "type": "next", "payload": {"data": {"ticked": 3}}}


def test_a_completed_subscription_sends_no_more(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED))
        listener = streams.listener()

        say(ws, {"id": "1", "type": "complete"})

        assert listener.closed.wait(WAIT)
        listener.push({"data": {"ticked": 1}})
        still_answers(ws)
        say(ws, subscribe(TICKED))
        streams.listener().push({"data": {"ticked": 2}})
        assert hear(ws) == {"id": "1", "type": "next", "payload": {"data": {"ticked": 2}}}


def test_subscriptions_are_closed_when_the_client_disconnects(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED, "a"), subscribe(TICKED, "b"))
        listeners = [streams.listener(), streams.listener()]

    assert [each.closed.wait(WAIT) for each in listeners] == [True, True]


def test_the_id_of_an_operation_that_has_ended_may_be_used_again(url: str) -> None:
    with begun(url) as ws:
        for _ in range(2 * MAX_OPERATIONS):
            say(ws, subscribe("{ hello }"))
            assert hear(ws)["payload"] == {"data": {"hello": None}}
            assert hear(ws) == {"id": "1", "type": "complete"}


def test_completing_an_unknown_id_does_nothing(url: str) -> None:
    with begun(url) as ws:
        say(ws, {"id": "nothing", "type": "complete"})

        still_answers(ws)


def test_a_ping_is_answered_at_any_time_and_a_pong_never(url: str) -> None:
    with opened(url) as ws:
        say(ws, {"type": "ping"}, {"type": "pong"}, {"type": "pong", "payload": {"a": 1}}, INIT)

        assert [hear(ws), hear(ws)] == [{"type": "pong"}, {"type": "connection_ack"}]
        still_answers(ws)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ticked again: ticked }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_INPUT"),
        ("query ($a: Boolean!) { hello @skip(if: $a) }", "BAD_INPUT"),
    ],
)
def test_an_invalid_operation_is_answered_with_an_error_only(
    url: str, streams: PushedStreams, query: str, code: str
) -> None:
    with begun(url) as ws:
        say(ws, subscribe(query))

        answer = hear(ws)
        assert (answer["id"], answer["type"]) == ("1", "error")
        assert [each["extensions"]["code"] for each in answer["payload"]] == [code]
        still_answers(ws)
    assert streams.untouched


def test_a_subscription_without_a_token_is_an_error(url: str, streams: PushedStreams) -> None:
    with begun(url, None) as ws:
        say(ws, subscribe(TICKED))

        answer = hear(ws)
        assert (answer["id"], answer["type"]) == ("1", "error")
        assert [each["extensions"] for each in answer["payload"]] == [{"code": "UNAUTHENTICATED"}]
        still_answers(ws)
    assert streams.untouched


def test_an_error_during_a_subscription_ends_it(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED))
        streams.listener().push({"data": {"ticked": 1}}, NotVisible())

        assert hear(ws)["payload"] == {"data": {"ticked": 1}}
        answer = hear(ws)
        assert (answer["id"], answer["type"]) == ("1", "error")
        assert [each["extensions"] for each in answer["payload"]] == [{"code": "NOT_FOUND"}]
        still_answers(ws)


def test_an_internal_error_in_a_subscription_has_a_correlation_id(
    url: str, streams: PushedStreams, caplog: pytest.LogCaptureFixture
) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED))
        streams.listener().push(RuntimeError("a secret"))

        answer = hear(ws)
        [error] = answer["payload"]
        assert (answer["type"], error["extensions"]["code"]) == ("error", "INTERNAL")
        assert "secret" not in json.dumps(answer)
        still_answers(ws)
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert error["extensions"]["correlationId"] in record.getMessage()
    caplog.clear()  # the fault was expected


def test_an_internal_error_before_any_operation_closes_the_connection(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(url) as ws:
        say(ws, {"type": "connection_init", "payload": {"authorization": "Bearer broken"}})

        assert ended(ws) == (4500, "Internal server error")
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.getMessage().startswith("internal error ")
    caplog.clear()  # the fault was expected


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        ({"authorization": "Bearer bad"}, {}),
        ({"authorization": "good"}, {}),
        ({"authorization": ""}, {}),
        ({"authorization": None}, {}),
        ({"authorization": ["Bearer good"]}, {}),
        ({"authorization": "Bearer gööd"}, {}),
        ({"headers": {"Authorization": "Basic Z29vZA=="}}, {}),
        ({"authorization": "Bearer good", "headers": {"authorization": "Bearer bad"}}, {}),
        ({"authorization": "Bearer good", "Authorization": "Bearer bad"}, {}),
        (None, {"Authorization": "Bearer bad"}),
        (None, {"Authorization": "Bearer"}),
        ({"authorization": "Bearer good"}, {"Authorization": "Bearer bad"}),
        ({"authorization": "Bearer bad"}, {"Authorization": "Bearer good"}),
    ],
)
def test_a_bad_token_closes_the_connection(url: str, payload: Any, headers: dict[str, str]) -> None:
    with opened(url, additional_headers=headers) as ws:
        say(ws, {"type": "connection_init", "payload": payload})

        assert ended(ws) == (4403, "Forbidden")


def test_a_token_that_became_invalid_closes_the_connection_at_the_next_operation(
    url: str, streams: PushedStreams
) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED, "a"))
        listener = streams.listener()
        streams.tokens.clear()

        say(ws, subscribe("{ hello }", "b"))

        assert ended(ws) == (4403, "Forbidden")
        assert listener.closed.wait(WAIT)


def test_a_token_that_ends_during_a_subscription_closes_the_connection(
    url: str, streams: PushedStreams
) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED, "a"))
        first = streams.listener()
        say(ws, subscribe(TICKED, "b"))
        second = streams.listener()

        second.push(Unauthenticated("The token has expired."))

        assert ended(ws) == (4403, "Forbidden")
        assert (first.closed.wait(WAIT), second.closed.wait(WAIT)) == (True, True)


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        ([subscribe("{ hello }")], 4401, "Unauthorized"),
        ([{"type": "ping"}, subscribe(TICKED)], 4401, "Unauthorized"),
        ([INIT, INIT], 4429, "Too many initialisation requests"),
        ([{"type": "connection_init", "payload": "Bearer good"}], 4400, "`payload` must be an object."),
        ([{"type": "connection_init", "payload": []}], 4400, "`payload` must be an object."),
        ([INIT, {"type": "start"}], 4400, "Unknown message type."),
        ([{"type": "next", "id": "1"}], 4400, "Unknown message type."),
        ([INIT, {"type": 1}], 4400, "Messages must be objects with a `type`."),
        ([INIT, {}], 4400, "Messages must be objects with a `type`."),
        (["1"], 4400, "Messages must be objects with a `type`."),
        (["[]"], 4400, "Messages must be objects with a `type`."),
        (["null"], 4400, "Messages must be objects with a `type`."),
        ([""], 4400, "Messages must be JSON in text frames."),
        (["{"], 4400, "Messages must be JSON in text frames."),
        (["[" * 100_000], 4400, "Messages must be JSON in text frames."),
        ([b'{"type": "connection_init"}'], 4400, "Messages must be JSON in text frames."),
        (
            [INIT, {"type": "subscribe", "payload": {"query": "{ hello }"}}],
            4400,
            "`id` must be a string of 1 to 128 characters.",
        ),
        ([INIT, subscribe("{ hello }", "")], 4400, "`id` must be a string of 1 to 128 characters."),
        ([INIT, subscribe("{ hello }", "x" * 129)], 4400, "`id` must be a string of 1 to 128 characters."),
        ([INIT, {"type": "complete", "id": 1}], 4400, "`id` must be a string of 1 to 128 characters."),
        (
            [INIT, {"type": "subscribe", "id": "1"}],
            4400,
            "`query` must be a string containing a GraphQL document.",
        ),
        (
            [INIT, {"type": "subscribe", "id": "1", "payload": []}],
            4400,
            "`query` must be a string containing a GraphQL document.",
        ),
        ([INIT, subscribe("{ hello }", variables=[])], 4400, "`variables` must be an object."),
        ([INIT, subscribe("{ hello }", operationName=1)], 4400, "`operationName` must be a string."),
    ],
)
def test_a_message_out_of_place_closes_the_connection(
    url: str, streams: PushedStreams, messages: list[Any], code: int, reason: str
) -> None:
    with opened(url) as ws:
        for message in messages[:-1]:
            say(ws, message)
            assert hear(ws)["type"] in {"connection_ack", "pong"}

        say(ws, messages[-1])

        assert ended(ws) == (code, reason)
    assert streams.untouched


@pytest.mark.parametrize("name", ["1", "é" * 128])
def test_an_id_in_use_closes_the_connection(url: str, streams: PushedStreams, name: str) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED, name))
        listener = streams.listener()

        say(ws, subscribe("{ hello }", name))

        code, reason = ended(ws)
        assert code == 4409
        assert f"Subscriber for {name} already exists".startswith(reason)
        assert reason.startswith("Subscriber for " + name[:1])
        assert listener.closed.wait(WAIT)


def test_twenty_operations_may_run_at_once_and_no_more(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, *(subscribe(TICKED, str(each)) for each in range(MAX_OPERATIONS)))
        listeners = [streams.listener() for _ in range(MAX_OPERATIONS)]
        say(ws, {"id": "7", "type": "complete"}, subscribe(TICKED, "another"))
        listeners.append(streams.listener())
        still_answers(ws)

        say(ws, subscribe("{ hello }", "one more"))

        assert ended(ws) == (4429, "Too many concurrent operations; the limit is 20")
        assert all(each.closed.wait(WAIT) for each in listeners)
    assert MAX_OPERATIONS == 20


@pytest.mark.parametrize(
    "subprotocols", [None, ["graphql-ws"], ["graphql-transport-ws2"], ["GRAPHQL-TRANSPORT-WS"]]
)
def test_another_subprotocol_is_not_acceptable(url: str, subprotocols: Any) -> None:
    with opened(url, subprotocols=subprotocols) as ws:
        assert ended(ws) == (4406, "Subprotocol not acceptable")


def test_of_several_subprotocols_ours_is_chosen(url: str) -> None:
    with begun(url, subprotocols=["graphql-ws", "graphql-transport-ws"]) as ws:
        assert ws.subprotocol == "graphql-transport-ws"


def test_a_connection_without_connection_init_is_closed(streams: PushedStreams) -> None:
    assert StreamTimeouts().connection_init == 10

    with serving(streams, StreamTimeouts(connection_init=0)) as url, opened(url) as ws:
        assert ended(ws) == (4408, "Connection initialisation timeout")


def test_pings_do_not_extend_the_connection_init_timeout(streams: PushedStreams) -> None:
    with serving(streams, StreamTimeouts(connection_init=0.2)) as url, opened(url) as ws:
        with suppress(ConnectionClosed):
            while True:
                still_answers(ws)

        assert (ws.close_code, ws.close_reason) == (4408, "Connection initialisation timeout")


def test_a_message_that_is_too_large_closes_the_connection(url: str) -> None:
    with begun(url) as ws:
        say(ws, subscribe("{ hello }".ljust(262_144)))

        assert ended(ws)[0] == 1009


def test_a_message_that_is_not_utf_8_closes_the_connection(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(url) as ws:
        ws.send(b"\xff", text=True)

        assert ended(ws)[0] == 1007
    with begun(url) as ws:
        still_answers(ws)
    caplog.clear()  # the server itself logs what it could not read


@pytest.mark.parametrize(
    "origin",
    [
        "https://elsewhere.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost",
        "http://{host}.elsewhere.example",
        "http://elsewhere.example@{host}",
        "null",
        "",
        "http://[",
        "{host}",
    ],
)
def test_a_page_of_another_origin_is_rejected_before_the_handshake(
    url: str, streams: PushedStreams, origin: str
) -> None:
    host = url.split("/")[2]
    options = {"origin": origin.format(host=host), "additional_headers": {"Authorization": "Bearer good"}}

    assert refusal(url, **options) == (403, "Cross-origin WebSocket not allowed.")
    assert streams.untouched


def test_two_origin_headers_are_rejected(url: str) -> None:
    own = url.removesuffix("/graphql")

    status, _ = refusal(url, additional_headers=[("Origin", own), ("Origin", own)])

    assert status == 400


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_of_the_same_host_may_connect(url: str, scheme: str) -> None:
    with begun(url, origin=Origin(f"{scheme}://{url.split('/')[2]}")) as ws:
        still_answers(ws)


def test_more_sockets_than_the_limit_are_rejected(streams: PushedStreams) -> None:
    with serving(streams, most=2) as url, begun(url) as first, begun(url) as second:
        assert refusal(url) == (503, "Too many open WebSockets.")
        still_answers(first)
        still_answers(second)


def test_a_client_that_is_too_slow_is_closed_before_the_queue_grows(streams: PushedStreams) -> None:
    large = {"data": {"ticked": "x" * 1_000_000}}
    with serving(streams, StreamTimeouts(send=0, close=WAIT)) as url, begun(url, max_queue=1) as ws:
        say(ws, subscribe(TICKED))
        listener = streams.listener()

        listener.push(*[large] * 60)

        assert listener.closed.wait(WAIT)
        assert listener.left > 0
        heard = [each["payload"] for each in until_the_end(ws)]
        assert 0 < len(heard) < 60 - listener.left
        assert heard == [large] * len(heard)
        assert (ws.close_code, ws.close_reason) == (4408, "Client too slow")


def test_a_burst_of_events_reaches_a_client_that_reads(url: str, streams: PushedStreams) -> None:
    with begun(url) as ws:
        say(ws, subscribe(TICKED))

        streams.listener().push(*({"data": {"ticked": each}} for each in range(500)), None)

        assert [hear(ws)["payload"]["data"]["ticked"] for _ in range(500)] == list(range(500))
        assert hear(ws) == {"id": "1", "type": "complete"}


def test_a_client_that_never_reads_is_cut_off(
    streams: PushedStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LONGEST_STALL", 0.1)
    with serving(streams) as url, begun(url, max_queue=1) as ws:
        say(ws, subscribe(TICKED))
        listener = streams.listener()

        listener.push(*[{"data": {"ticked": "x" * 1_000_000}}] * 60)

        assert listener.closed.wait(WAIT)
        assert len(list(until_the_end(ws))) < 60
        assert ws.close_code == 1006


def test_an_address_is_neither_read_for_tokens_nor_logged(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    secret = "access_token=good&authorization=Bearer%20good"

    with begun(f"{url}?{secret}", None) as ws:
        say(ws, subscribe(TICKED))
        assert hear(ws)["type"] == "error"
    status, _ = refusal(f"{url}?{secret}", origin="https://elsewhere.example")

    assert status == 403
    assert "good" not in caplog.text


def test_a_server_that_stops_says_so(streams: PushedStreams) -> None:
    with ExitStack() as connected:
        with serving(streams) as url:
            ws = connected.enter_context(begun(url))
            say(ws, subscribe(TICKED))
            listener = streams.listener()

        assert ended(ws) == (1012, "")
        assert listener.closed.is_set()


def test_one_client_that_misbehaves_does_not_affect_another(url: str, streams: PushedStreams) -> None:
    with begun(url) as good:
        say(good, subscribe(TICKED))
        listener = streams.listener()
        with begun(url) as bad:
            say(bad, "{")
            assert ended(bad)[0] == 4400

        listener.push({"data": {"ticked": 1}})
        assert hear(good) == {"id": "1", "type": "next", "payload": {"data": {"ticked": 1}}}
