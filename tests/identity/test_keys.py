import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from multichannel.errors import KeysUnavailable, Misconfigured
from multichannel.identity import keys as keys_module
from multichannel.identity.keys import KeySource, read_jwks, usable_keys
from tests.identity.authority import (
    Clock,
    JwksServer,
    base64url,
    ec_signer,
    jwks_server,
    publish,
    respond,
    rsa_signer,
)

SPRING, AUTUMN, CURVE = rsa_signer("spring"), rsa_signer("autumn"), ec_signer("curve")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[JwksServer]:
    with jwks_server(publish(SPRING.jwk)) as served:
        yield served


@pytest.fixture
def source(server: JwksServer, clock: Clock) -> KeySource:
    return KeySource(server.url, clock)


def test_keys_are_fetched_once_for_many_tokens(source: KeySource, server: JwksServer) -> None:
    assert {tuple(source.key_set("spring").keys) for _ in range(5)} == {("spring",)}
    assert len(server.requests) == 1


def test_the_trusted_authorities_are_loaded_once_for_all_readings(
    server: JwksServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    load = ssl.create_default_context

    def count(*arguments: Any, **options: Any) -> ssl.SSLContext:
        loaded.append(arguments)
        return load(*arguments, **options)

    monkeypatch.setattr(ssl, "create_default_context", count)
    for _ in range(3):
        read_jwks(server.url)

    assert len(server.requests) == 3
    assert len(loaded) <= 1


def test_a_rotated_key_is_found_and_the_old_one_kept(
    source: KeySource, server: JwksServer, clock: Clock
) -> None:
    source.key_set()
    server.answer = publish(SPRING.jwk, AUTUMN.jwk)
    clock.forward(minutes=5)

    assert sorted(source.key_set("autumn").keys) == ["autumn", "spring"]


def test_unknown_keys_cause_one_fetch_per_five_minutes(
    source: KeySource, server: JwksServer, clock: Clock
) -> None:
    for number in range(20):
        source.key_set(f"unknown {number}")
    assert len(server.requests) == 1

    clock.forward(minutes=5)
    for number in range(20):
        source.key_set(f"unknown {number}")
    assert len(server.requests) == 2


def test_a_withdrawn_key_is_gone_after_an_hour(source: KeySource, server: JwksServer, clock: Clock) -> None:
    source.key_set("spring")
    server.answer = publish(AUTUMN.jwk)

    clock.forward(minutes=59)
    assert list(source.key_set("spring").keys) == ["spring"]
    clock.forward(minutes=1)
    assert list(source.key_set("spring").keys) == ["autumn"]


def test_withdrawing_every_key_leaves_none(source: KeySource, server: JwksServer, clock: Clock) -> None:
    first = source.key_set()
    server.answer = publish()
    clock.forward(hours=1)

    assert source.key_set().keys == {}
    assert source.key_set().generation > first.generation


def slow(release: threading.Event) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> None:
        release.wait(10)
        request.close_connection = True

    return answer


def dripping(request: BaseHTTPRequestHandler) -> None:
    """Send a body of spaces, one at a time, each sooner than a read would time out."""
    request.send_response(200)
    request.end_headers()
    gap = threading.Event()
    try:
        for _ in range(100):
            request.wfile.write(b" ")
            gap.wait(0.02)
    except OSError:
        request.close_connection = True


FAILURES = [
    pytest.param(respond(b"busy", 503), "HTTP status 503", id="5xx"),
    pytest.param(respond(b"gone", 404), "HTTP status 404", id="4xx"),
    pytest.param(respond(b"", 302, Location="/other"), "HTTP status 302", id="redirect"),
    pytest.param(respond(b"<!doctype html><title>Sign in</title>"), "not a JWKS", id="HTML"),
    pytest.param(respond(b" " * 65 * 1024), "more than 65536 bytes", id="huge"),
    pytest.param(respond(b""), "not a JWKS", id="empty"),
    pytest.param(respond(b"null"), "not a JWKS", id="null"),
    pytest.param(respond(b"[" * 60_000), "not a JWKS", id="brackets"),
    pytest.param(respond(b'{"keys": {}}'), 'no list of "keys"', id="keys no list"),
    pytest.param(respond(b'{"keys": [], "keys": []}'), "not a JWKS", id="keys twice"),
    pytest.param(respond(b"", 200, **{"Content-Length": "5"}), "could not be fetched", id="cut short"),
    pytest.param(dripping, "took too long", id="dripping"),
]


@pytest.mark.parametrize(("failure", "reason"), FAILURES)
def test_a_failing_endpoint_says_why(
    server: JwksServer,
    monkeypatch: pytest.MonkeyPatch,
    failure: Any,
    reason: str,
) -> None:
    monkeypatch.setattr(keys_module, "_TIMEOUT_SECONDS", 0.3)
    server.answer = failure

    with pytest.raises(Misconfigured, match=reason):
        read_jwks(server.url)


def test_a_failing_endpoint_leaves_the_old_keys_for_a_day(
    source: KeySource, server: JwksServer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    held = source.key_set("spring")
    server.answer = respond(b"busy", 503)

    clock.forward(hours=23, minutes=59)
    assert source.key_set("spring") is held
    assert "HTTP status 503" in caplog.text
    clock.forward(minutes=1)
    with pytest.raises(KeysUnavailable, match="HTTP status 503") as fault:
        source.key_set("spring")
    assert "cannot be read at the moment" in fault.value.message
    assert "503" not in fault.value.message


def test_a_failing_endpoint_is_retried_every_five_minutes_until_it_recovers(
    source: KeySource, server: JwksServer, clock: Clock
) -> None:
    source.key_set()
    server.answer = respond(b"busy", 503)
    clock.forward(hours=2)
    for _ in range(10):
        with pytest.raises(KeysUnavailable):  # the issuer may have published it meanwhile
            source.key_set("autumn")
        assert list(source.key_set("spring").keys) == ["spring"]
    assert len(server.requests) == 2

    server.answer = publish(AUTUMN.jwk)
    clock.forward(minutes=5)
    assert list(source.key_set("autumn").keys) == ["autumn"]


def test_without_keys_the_endpoint_is_retried_after_ten_seconds(
    source: KeySource, server: JwksServer, clock: Clock
) -> None:
    server.answer = respond(b"busy", 503)
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            source.key_set()
    assert len(server.requests) == 1

    server.answer = publish(SPRING.jwk)
    clock.forward(seconds=10)
    assert list(source.key_set().keys) == ["spring"]


def test_an_unreachable_endpoint_gives_no_keys(clock: Clock) -> None:
    with jwks_server(publish()) as gone:
        url = gone.url

    with pytest.raises(KeysUnavailable, match="could not be fetched"):
        KeySource(url, clock).key_set()


def test_a_redirect_is_not_followed(source: KeySource, server: JwksServer) -> None:
    with jwks_server(publish(SPRING.jwk)) as elsewhere:
        server.answer = respond(b"", 302, Location=elsewhere.url)
        with pytest.raises(KeysUnavailable):
            source.key_set()

    assert elsewhere.requests == []


def test_a_slow_endpoint_is_given_up(server: JwksServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "_TIMEOUT_SECONDS", 0.1)
    release = threading.Event()
    server.answer = slow(release)
    try:
        with pytest.raises(Misconfigured, match="could not be fetched"):
            read_jwks(server.url)
    finally:
        release.set()


def test_known_keys_are_served_while_one_caller_waits_for_a_slow_endpoint(
    source: KeySource, server: JwksServer, clock: Clock
) -> None:
    held = source.key_set()
    asked, release = threading.Event(), threading.Event()

    def wait_then_publish(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        release.wait(10)
        publish(SPRING.jwk, AUTUMN.jwk)(request)

    server.answer = wait_then_publish
    clock.forward(hours=1)
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(source.key_set)
        assert asked.wait(10)
        during = source.key_set("spring")
        release.set()
        after = renewing.result(10)

    assert during is held
    assert sorted(after.keys) == ["autumn", "spring"]


def test_many_threads_that_need_the_first_keys_fetch_them_once(source: KeySource, server: JwksServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: source.key_set("spring"), range(32)))

    assert len(server.requests) == 1
    assert all(key_set is found[0] for key_set in found)


def without(entry: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != name}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(rsa_signer("small", 1024).jwk, id="RSA of 1024 bits"),
        pytest.param({**SPRING.jwk, "use": "enc"}, id="use enc"),
        pytest.param({**SPRING.jwk, "key_ops": ["encrypt"]}, id="key_ops without verify"),
        pytest.param({**SPRING.jwk, "key_ops": "verify"}, id="key_ops no list"),
        pytest.param({**SPRING.jwk, "alg": "RS512"}, id="alg not on the list"),
        pytest.param({**SPRING.jwk, "alg": "ES256"}, id="alg of another kind of key"),
        pytest.param({**SPRING.jwk, "n": "not base64!"}, id="modulus garbage"),
        pytest.param({**SPRING.jwk, "e": "AA"}, id="exponent zero"),
        pytest.param({**SPRING.jwk, "kid": 5}, id="kid a number"),
        pytest.param(without(SPRING.jwk, "kid"), id="kid absent"),
        pytest.param(without(SPRING.jwk, "n"), id="modulus absent"),
        pytest.param({**CURVE.jwk, "crv": "secp256k1"}, id="another curve"),
        pytest.param({**CURVE.jwk, "y": CURVE.jwk["x"]}, id="point not on the curve"),
        pytest.param(without(CURVE.jwk, "y"), id="coordinate absent"),
        pytest.param({"kty": "oct", "kid": "secret", "k": base64url(b"x" * 32)}, id="symmetric"),
        pytest.param({"kty": "AKP", "kid": "later"}, id="unknown kind"),
        pytest.param({**SPRING.jwk, "kid": "multichannel-demo-1"}, id="demo key"),
        pytest.param({}, id="empty"),
    ],
)
def test_an_unusable_key_is_left_out_and_the_others_stay(entry: dict[str, Any]) -> None:
    assert list(usable_keys([entry, AUTUMN.jwk], demo=False)) == ["autumn"]


def test_a_demo_key_counts_in_demo_mode() -> None:
    assert list(usable_keys([{**SPRING.jwk, "kid": "multichannel-demo-1"}], demo=True)) == [
        "multichannel-demo-1"
    ]


def test_a_file_is_read_again_like_a_url(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [SPRING.jwk]}))
    source = KeySource(str(path), clock)
    assert list(source.key_set().keys) == ["spring"]

    path.write_text(json.dumps({"keys": [AUTUMN.jwk, "not a key"]}))
    clock.forward(minutes=5)
    assert list(source.key_set("autumn").keys) == ["autumn"]


def test_a_file_of_any_size_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_bytes(b" " * 70_000)

    with pytest.raises(Misconfigured, match="more than 65536 bytes"):
        read_jwks(str(path))
