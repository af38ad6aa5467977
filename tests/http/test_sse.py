"""Event streams: results over HTTP, one event each."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from multichannel.demo.cast import ALDER
from multichannel.errors import NotVisible, Unauthenticated
from multichannel.graphql.http.connection_limits import StreamTimeouts
from multichannel.server import uvicorn_protocols as connections
from tests.serving import DemoServer
from tests.streams import MOST_BYTES, WAIT, PushedStreams, serving

EVENTS = "text/event-stream"
VIEWER = "{ viewer { tenantId } }"
TICKED = "subscription { ticked }"
GOOD = {"Authorization": "Bearer good"}
COMPLETE = "event: complete\ndata:\n\n"


@pytest.fixture
def url(streams: PushedStreams) -> Iterator[str]:
    with serving(streams) as url:
        yield url


def ask(url: str, query: str, headers: dict[str, str] | None = None, **rest: Any) -> httpx.Response:
    """An answer that has come to its end."""
    headers = {"Accept": EVENTS, **(GOOD if headers is None else headers)}
    return httpx.post(url, json={"query": query, **rest}, headers=headers, timeout=WAIT)


class Events:
    """An event stream that is read as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        """Read from its beginning."""
        self.response = response
        self._chunks = response.iter_text()
        self._text = ""

    def next(self) -> str | None:
        """The next block of lines with the blank line behind it; None at the end of the stream."""
        while "\n\n" not in self._text:
            chunk = next(self._chunks, None)
            if chunk is None:
                assert self._text == ""
                return None
            self._text += chunk
        block, _, self._text = self._text.partition("\n\n")
        return f"{block}\n\n"


@contextmanager
def listening(url: str, query: str = TICKED, accept: str = EVENTS, **rest: Any) -> Iterator[Events]:
    with (
        httpx.Client(timeout=WAIT) as client,
        client.stream(
            "POST", url, json={"query": query, **rest}, headers={"Accept": accept, **GOOD}
        ) as response,
    ):
        yield Events(response)


def event(body: Any) -> str:
    return f"event: next\ndata: {json.dumps(body, separators=(',', ':'))}\n\n"


def error_codes(answer: httpx.Response) -> list[str]:
    """The codes of the errors in a stream of one response, which is then complete."""
    first, last = answer.text.split("\n\n", 1)
    assert (answer.status_code, last) == (200, COMPLETE)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    body = json.loads(first.removeprefix("event: next\ndata: "))
    assert set(body) == {"errors"}
    return [each["extensions"]["code"] for each in body["errors"]]


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """No stream was started; the error is sent as JSON."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == [code]
    assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_has_one_response(demo_server: DemoServer, method: str) -> None:
    headers = {"Accept": EVENTS, "Authorization": f"Bearer {demo_server.token('alder-sales-agent')}"}
    asked: dict[str, Any] = {"params" if method == "GET" else "json": {"query": VIEWER}}

    answer = httpx.request(method, f"{demo_server.url}/graphql", headers=headers, timeout=WAIT, **asked)

    assert answer.status_code == 200
    assert answer.text == event({"data": {"viewer": {"tenantId": ALDER.id}}}) + COMPLETE
    expected = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        "vary": "Accept",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_mutation_has_one_response(url: str) -> None:
    assert ask(url, "mutation { touch }").text == event({"data": {"touch": None}}) + COMPLETE


def test_a_query_without_a_token_returns_no_data(demo_server: DemoServer) -> None:
    answer = ask(f"{demo_server.url}/graphql", VIEWER, {})

    assert answer.status_code == 200
    assert '"data":null' in answer.text
    assert '"code":"UNAUTHENTICATED"' in answer.text
    assert answer.text.endswith(COMPLETE)


def test_each_event_of_a_subscription_is_sent_until_there_are_no_more(
    url: str, streams: PushedStreams
) -> None:
    query = "subscription A($by: Int) { ticked(by: $by) } subscription B { ticked }"
    with listening(url, query, variables={"by": 2}, operationName="A") as events:
        listener = streams.listener()
        assert (listener.token, listener.operation_name, listener.variables) == ("good", "A", {"by": 2})

        listener.push({"data": {"ticked": 2}})
        assert events.next() == event({"data": {"ticked": 2}})
        listener.push({"data": {"ticked": "two\nlines\r\n\n"}}, None)
        assert events.next() == event({"data": {"ticked": "two\nlines\r\n\n"}})
        assert [events.next(), events.next()] == [COMPLETE, None]
    assert listener.closed.is_set()


def test_a_subscription_begins_before_its_first_event(url: str, streams: PushedStreams) -> None:
    with listening(url) as events:
        assert events.response.status_code == 200
        assert not streams.listener().closed.is_set()


def test_a_subscription_may_be_asked_for_by_get(url: str, streams: PushedStreams) -> None:
    headers = {"Accept": EVENTS, **GOOD}
    with httpx.stream("GET", url, params={"query": TICKED}, headers=headers, timeout=WAIT) as response:
        streams.listener().push({"data": {"ticked": 1}}, None)

        assert response.read().decode() == event({"data": {"ticked": 1}}) + COMPLETE


def test_a_silent_stream_sends_heartbeats(streams: PushedStreams) -> None:
    assert StreamTimeouts().heartbeat == 12

    with serving(streams, StreamTimeouts(heartbeat=0.01)) as url, listening(url) as events:
        listener = streams.listener()
        assert [events.next(), events.next(), events.next()] == [":\n\n"] * 3

        listener.push({"data": {"ticked": 1}}, None)

        heard = list(iter(events.next, None))
        assert [each for each in heard if each != ":\n\n"] == [event({"data": {"ticked": 1}}), COMPLETE]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ticked again: ticked }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_INPUT"),
        ("query ($a: Boolean!) { hello @skip(if: $a) }", "BAD_INPUT"),
    ],
)
def test_an_invalid_operation_is_reported_in_the_stream(
    url: str, streams: PushedStreams, query: str, code: str
) -> None:
    assert error_codes(ask(url, query)) == [code]
    assert streams.untouched


@pytest.mark.parametrize("query", ["{ hello }", TICKED, "{"])
def test_an_invalid_token_starts_no_stream(url: str, streams: PushedStreams, query: str) -> None:
    answer = ask(url, query, {"Authorization": "Bearer bad"})

    refused(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert streams.untouched


def test_a_subscription_without_a_token_starts_no_stream(url: str, streams: PushedStreams) -> None:
    answer = ask(url, TICKED, {})

    refused(answer, 401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert streams.untouched


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "*/*"])
def test_a_subscription_must_accept_an_event_stream(url: str, streams: PushedStreams, accept: str) -> None:
    answer = ask(url, TICKED, {**GOOD, "Accept": accept})

    assert answer.status_code == 406
    [error] = answer.json()["errors"]
    assert error == {
        "message": (
            "Subscriptions are streamed: send Accept: text/event-stream, "
            "or open a WebSocket with the subprotocol graphql-transport-ws."
        ),
        "extensions": {"code": "BAD_INPUT"},
    }
    assert streams.untouched


@pytest.mark.parametrize(
    "accept",
    [
        "application/json, text/event-stream",
        "application/graphql-response+json, application/json, text/event-stream;q=0.1, multipart/mixed",
        "application/json, text/*",
    ],
)
def test_a_client_that_accepts_both_gets_a_stream_for_subscriptions_only(
    url: str, streams: PushedStreams, accept: str
) -> None:
    assert ask(url, "{ hello }", {**GOOD, "Accept": accept}).json() == {"data": {"hello": None}}

    with listening(url, accept=accept) as events:
        streams.listener().push({"data": {"ticked": 1}}, None)

        assert [events.next(), events.next(), events.next()] == [
            event({"data": {"ticked": 1}}),
            COMPLETE,
            None,
        ]


def test_a_client_that_prefers_a_stream_gets_one(url: str) -> None:
    answer = ask(url, "{ hello }", {**GOOD, "Accept": "application/json;q=0.5, text/event-stream"})

    assert answer.text == event({"data": {"hello": None}}) + COMPLETE


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"method": "POST", "content": b"{"}, 400),
        ({"method": "POST", "content": b"[]"}, 400),
        ({"method": "POST", "content": b" " * (MOST_BYTES + 1)}, 413),
        (
            {
                "method": "POST",
                "content": b'{"query": "{ hello }"}',
                "headers": {"Content-Type": "text/plain"},
            },
            415,
        ),
        ({"method": "GET", "params": {"query": "mutation { touch }"}}, 405),
        ({"method": "GET"}, 400),
    ],
)
def test_an_invalid_request_starts_no_stream(url: str, options: dict[str, Any], status: int) -> None:
    given = options.get("headers", {})
    headers = {"Accept": EVENTS, "Content-Type": "application/json", **GOOD, **given}

    answer = httpx.request(url=url, timeout=WAIT, **{**options, "headers": headers})

    refused(answer, status, "BAD_INPUT")


def test_a_subscription_is_closed_when_the_client_disconnects(url: str, streams: PushedStreams) -> None:
    with listening(url):
        listener = streams.listener()

    assert listener.closed.wait(WAIT)


def test_an_error_during_a_subscription_is_sent_and_completes_it(url: str, streams: PushedStreams) -> None:
    with listening(url) as events:
        streams.listener().push({"data": {"ticked": 1}}, NotVisible())

        assert events.next() == event({"data": {"ticked": 1}})
        assert '"code":"NOT_FOUND"' in str(events.next())
        assert [events.next(), events.next()] == [COMPLETE, None]


def test_a_token_that_ends_during_a_subscription_ends_it(url: str, streams: PushedStreams) -> None:
    with listening(url) as events:
        listener = streams.listener()
        listener.push(Unauthenticated("The token has expired."))

        assert events.next() == event(
            {"errors": [{"message": "The token has expired.", "extensions": {"code": "UNAUTHENTICATED"}}]}
        )
        assert [events.next(), events.next()] == [COMPLETE, None]
    assert listener.closed.is_set()


def test_an_internal_error_in_a_subscription_has_a_correlation_id(
    url: str, streams: PushedStreams, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(url) as events:
        streams.listener().push(RuntimeError("a secret"))

        [error] = json.loads(str(events.next()).removeprefix("event: next\ndata: "))["errors"]
        assert [events.next(), events.next()] == [COMPLETE, None]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in error["message"]
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert error["extensions"]["correlationId"] in record.getMessage()
    caplog.clear()  # the fault was expected


def test_more_streams_than_the_limit_are_rejected(streams: PushedStreams) -> None:
    with serving(streams, most=1) as url, listening(url) as events:
        listener = streams.listener()

        answer = ask(url, TICKED)

        refused(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"] == "10"
        assert streams.untouched
        assert ask(url, "{ hello }").text == event({"data": {"hello": None}}) + COMPLETE
        listener.push({"data": {"ticked": 1}})
        assert events.next() == event({"data": {"ticked": 1}})


def test_a_stream_ends_when_the_server_stops_and_is_not_complete(streams: PushedStreams) -> None:
    with ExitStack() as connected:
        with serving(streams) as url:
            events = connected.enter_context(listening(url))
            listener = streams.listener()
            listener.push({"data": {"ticked": 1}})
            assert events.next() == event({"data": {"ticked": 1}})

        assert events.next() is None
        assert listener.closed.is_set()


def test_a_client_that_never_reads_is_cut_off(
    streams: PushedStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LONGEST_STALL", 0.1)
    body = json.dumps({"query": TICKED})
    with serving(streams) as url:
        address = urlsplit(url)
        with socket.create_connection((str(address.hostname), address.port or 0)) as client:
            client.sendall(
                f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: {EVENTS}\r\n"
                f"Authorization: Bearer good\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            listener = streams.listener()

            listener.push(*[{"data": {"ticked": "x" * 1_000_000}}] * 60)

            assert listener.closed.wait(WAIT)
