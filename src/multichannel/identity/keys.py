"""The signing keys that an issuer publishes (a JWKS, RFC 7517), from a file or a URL, cached and renewed."""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from multichannel.errors import KeysUnavailable, Misconfigured

DEMO_ISSUER = "urn:multichannel:demo"
DEMO_AUDIENCE = "multichannel-demo"
DEMO_KEY_PREFIX = "multichannel-demo"

ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
REFRESH_AFTER = timedelta(hours=1)
MAX_AGE = timedelta(hours=24)
COOL_DOWN = timedelta(minutes=5)
RETRY_WITHOUT_KEYS = timedelta(seconds=10)

_TIMEOUT_SECONDS = 3.0
_MAX_BYTES = 64 * 1024
_MIN_RSA_BITS = 2048
_PUBLIC_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}

_log = logging.getLogger(__name__)

Key = RSAKey | ECKey
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one fetch, by `kid`; `generation` grows with each fetch."""

    generation: int
    read_at: datetime
    keys: Mapping[str, Key]


class KeySource:
    """An issuer's keys: fetched when first needed, and again when they are old or lack a token's `kid`.

    Keys are renewed after an hour. If that fails, they stay valid until they are 24 hours old.
    An unknown `kid` causes one fetch per five minutes at most. Safe to share between threads.
    """

    def __init__(self, location: str, clock: Clock, *, demo: bool = False) -> None:
        """`location` is a path or an http(s) URL; demo keys are accepted in demo mode only."""
        self._location = location
        self._clock = clock
        self._demo = demo
        self._reading = threading.Lock()
        self._tried_at: datetime | None = None
        self._held: KeySet | None = None
        self._problem: str | None = None

    @property
    def generation(self) -> int | None:
        """The generation of the keys; None if they have to be renewed before they are used."""
        held = self._held
        is_fresh = held is not None and self._clock() - held.read_at < REFRESH_AFTER
        return held.generation if held is not None and is_fresh else None

    def key_set(self, kid: str | None = None) -> KeySet:
        """The valid keys, renewed first if they are due or lack `kid`.

        KeysUnavailable if there are none, or if they lack `kid` and could not be renewed.
        """
        now = self._clock()
        held = self._valid(now)
        if held is None or (kid is not None and kid not in held.keys):
            with self._reading:
                self._renew(now)
        elif now - held.read_at >= REFRESH_AFTER and self._reading.acquire(blocking=False):
            # Only this caller waits for the issuer; others use the cached keys meanwhile.
            try:
                self._renew(now)
            finally:
                self._reading.release()
        held = self._valid(now)
        if held is None or (self._problem is not None and kid is not None and kid not in held.keys):
            raise KeysUnavailable(self._problem or "they have not been read yet")
        return held

    def _valid(self, now: datetime) -> KeySet | None:
        held = self._held
        return held if held is not None and now - held.read_at < MAX_AGE else None

    def _renew(self, now: datetime) -> None:
        pause = RETRY_WITHOUT_KEYS if self._valid(now) is None else COOL_DOWN
        if self._tried_at is not None and now - self._tried_at < pause:
            return
        self._tried_at = now
        generation = 1 if self._held is None else self._held.generation + 1
        try:
            keys = usable_keys(read_jwks(self._location), demo=self._demo)
        except Misconfigured as problem:
            _log.warning("the issuer's keys were not renewed: %s", problem.message)
            self._problem = problem.message
            return
        self._problem = None
        if not keys:
            _log.warning("%s holds no usable key; every token is rejected", self._location)
        self._held = KeySet(generation, now, keys)


def is_url(location: str) -> bool:
    """Whether `location` is an http(s) URL rather than a path."""
    return location.lower().startswith(("http://", "https://"))


def read_jwks(location: str) -> list[dict[str, object]]:
    """The entries of the JWKS at a path or URL; Misconfigured if it cannot be read."""
    try:
        document = _fetch(location) if is_url(location) else _read(Path(location))
        entries = read_json_object(document).get("keys")
    except OSError as problem:
        raise Misconfigured(f"{location} could not be read ({problem.strerror}).") from problem
    except ValueError as problem:
        raise Misconfigured(f"{location} is not a JWKS ({problem}).") from problem
    if not isinstance(entries, list):
        raise Misconfigured(f'{location} is not a JWKS (it has no list of "keys").')
    return [entry for entry in entries if isinstance(entry, dict)]


def usable_keys(entries: list[dict[str, object]], *, demo: bool) -> dict[str, Key]:
    """The keys by `kid` that may verify tokens; others are ignored (RFC 7517, section 5)."""
    keys = {}
    for entry in entries:
        kid, key = entry.get("kid"), _usable_key(entry)
        if isinstance(kid, str) and key is not None and (demo or not is_demo_key(entry)):
            keys[kid] = key
    return keys


def is_demo_key(entry: Mapping[str, object]) -> bool:
    """Whether a demo issuer made this key; anybody with the demo's folder can sign with it."""
    return str(entry.get("kid")).startswith(DEMO_KEY_PREFIX)


def _usable_key(entry: dict[str, object]) -> Key | None:
    kty, operations = str(entry.get("kty")), entry.get("key_ops", ["verify"])
    for_signatures = (
        isinstance(operations, list) and "verify" in operations and entry.get("use", "sig") == "sig"
    )
    if kty not in ALGORITHMS or not for_signatures or entry.get("alg", ALGORITHMS[kty]) != ALGORITHMS[kty]:
        return None
    if kty == "EC" and entry.get("crv") != "P-256":
        return None
    # Private members are never imported.
    public: Any = {name: entry[name] for name in ("kty", *_PUBLIC_MEMBERS[kty]) if name in entry}
    try:
        if kty == "EC":
            return ECKey.import_key(public)
        modulus = urlsafe_b64decode(str(entry.get("n")).encode())
        # Measured first, as joserfc imports short keys with a warning.
        return None if int.from_bytes(modulus).bit_length() < _MIN_RSA_BITS else RSAKey.import_key(public)
    except (JoseError, ValueError):
        return None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        document = file.read(_MAX_BYTES + 1)
    _check_size(document)
    return document


def _fetch(url: str) -> bytes:
    import httpx  # noqa: PLC0415  (commands that read keys from files need no HTTP client)

    deadline = time.monotonic() + _TIMEOUT_SECONDS
    # Uncompressed, so that the size limit applies to what is parsed.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    document = bytearray()
    try:
        with httpx.stream(
            "GET", url, headers=headers, timeout=_TIMEOUT_SECONDS, follow_redirects=False, verify=_tls()
        ) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"HTTP status {response.status_code}")
            for part in response.iter_raw():
                document += part
                _check_size(document)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the response took too long")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Misconfigured(f"{url} could not be fetched ({problem or type(problem).__name__}).") from problem
    return bytes(document)


@cache
def _tls() -> ssl.SSLContext:
    """The trusted certificate authorities, which take longer to load than keys take to fetch."""
    import httpx  # noqa: PLC0415  (see above)

    return httpx.create_ssl_context()


def _check_size(document: bytes | bytearray) -> None:
    if len(document) > _MAX_BYTES:
        raise ValueError(f"more than {_MAX_BYTES} bytes")


def read_json_object(data: bytes) -> dict[str, object]:
    """The object in UTF-8 `data`; ValueError for anything else, and for a name that occurs twice.

    Parsers differ on which of two equal names counts, so another parser could see other claims.
    """
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  (the data is wrong, not the caller's type)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON")
