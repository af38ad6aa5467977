"""An issuer of the tests: it signs whatever it is told to, and publishes its keys over real HTTP."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

ISSUER = "https://login.alder.example/"
AUDIENCE = "api://multichannel"
TENANT = "0a1b2c3d-1111-4222-8333-444455556666"
OTHER_TENANT = "9f8e7d6c-1111-4222-8333-444455556666"
PERSON = "5e5e5e5e-aaaa-4bbb-8ccc-ddddeeeeffff"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **distance: float) -> None:
        self.now += timedelta(**distance)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass(frozen=True)
class Signer:
    """One private key, with the entry its issuer publishes for it."""

    kid: str
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    @property
    def jwk(self) -> dict[str, Any]:
        if isinstance(self.key, rsa.RSAPrivateKey):
            numbers = self.key.public_key().public_numbers()
            return {
                "kty": "RSA",
                "kid": self.kid,
                "use": "sig",
                "n": number(numbers.n),
                "e": number(numbers.e),
            }
        point = self.key.public_key().public_numbers()
        return {"kty": "EC", "kid": self.kid, "crv": "P-256", "x": number(point.x), "y": number(point.y)}

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), SHA256())
        r, s = utils.decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def token(self, header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes) -> str:
        """A token with a good signature over any header and payload, bytes being taken as they are."""
        parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
        message = ".".join(base64url(part) for part in parts)
        return f"{message}.{base64url(self.sign(message.encode()))}"


@cache
def rsa_signer(kid: str, bits: int = 2048) -> Signer:
    return Signer(kid, rsa.generate_private_key(65537, bits))


@cache
def ec_signer(kid: str) -> Signer:
    """A P-256 key whose coordinates need all 32 bytes, so that `number` writes them in full."""
    while True:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_numbers()
        if min(point.x.bit_length(), point.y.bit_length()) > 31 * 8:
            return Signer(kid, key)


def header(**changes: Any) -> dict[str, Any]:
    return _changed({"alg": "RS256", "typ": "JWT", "kid": "spring"}, changes)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(NOON.timestamp())
    good = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600}
    return _changed({**good, "tid": TENANT, "oid": PERSON}, changes)


ABSENT = object()


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not ABSENT}


Answer = Callable[[BaseHTTPRequestHandler], None]


def respond(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def publish(*entries: dict[str, Any]) -> Answer:
    return respond(json.dumps({"keys": entries}).encode())


@dataclass
class JwksServer:
    """A real HTTP server on loopback that counts what is asked of it."""

    url: str
    answer: Answer
    requests: list[str] = field(default_factory=list)


@contextmanager
def jwks_server(answer: Answer) -> Iterator[JwksServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requests.append(self.path)
            served.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = JwksServer(f"http://127.0.0.1:{server.server_port}/keys", answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
