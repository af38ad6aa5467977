"""Bearer tokens: read from the headers, verified (RFC 7519, RFC 8725), and turned into an identity."""

from __future__ import annotations

import re
import string
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from joserfc import jws
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingClaimError
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from multichannel.errors import Unauthenticated
from multichannel.identity.claims import ENTRA_ID, ClaimNames
from multichannel.identity.keys import ALGORITHMS, Clock, KeySource, read_json_object

TokenAuthMode = Literal["app_user", "app"]

MAX_TOKEN_BYTES = 8 * 1024
LEEWAY_SECONDS = 60
MAX_LIFETIME_SECONDS = 24 * 60 * 60
MAX_CACHED, MAX_CACHED_LENGTH = 10_000, 20_000_000
"""So many tokens are kept, and so many characters of them together."""

_TOKEN_CHARACTERS = (string.ascii_letters + string.digits + "-._~+/").encode()
_TYPES = {"jwt", "at+jwt"}
_TIMES = ("exp", "iat", "nbf")
_LAST_SECOND = datetime.max.replace(tzinfo=UTC).timestamp() - 1
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_AUTH_MODES: dict[object, TokenAuthMode] = {None: "app_user", "user": "app_user", "app": "app"}
_NAMED_BY = {"tid": "tenant", "oid": "user"}
_REFUSED_CLAIMS = {
    "iss": "The token's issuer (iss) is not the one this service trusts.",
    "aud": "The token's audience (aud) is not this service.",
    "iat": "The token was issued in the future (iat).",
    "nbf": "The token is not valid yet (nbf).",
}


def bearer_token(authorization: Sequence[bytes]) -> str | None:
    """The bearer token (RFC 6750) in the values of the Authorization header, or None if there are none.

    Unauthenticated if it is invalid. Query strings end up in logs and histories: a token in one is ignored.
    """
    if not authorization:
        return None
    if len(authorization) > 1:
        raise Unauthenticated("The request has more than one Authorization header.")
    scheme, _, credentials = authorization[0].partition(b" ")
    token = credentials.strip(b" ")
    characters = token.rstrip(b"=")
    # A regular expression takes ten times as long, which is a tenth of a short request.
    if scheme.lower() != b"bearer" or not characters or characters.translate(None, _TOKEN_CHARACTERS):
        raise Unauthenticated("The Authorization header must be 'Bearer', a space, and the token.")
    return token.decode("ascii")


@dataclass(frozen=True, slots=True)
class Identity:
    """The user that a token names: tenant id and object id, both GUIDs in lower case, never an e-mail.

    `auth_mode` is "app" for an application without a user (claim `idtyp`), else "app_user". The rest is what
    the issuer says beside that, as far as it does: the user's name, whether it is a global admin of its
    directory, and a domain that the directory has verified.
    """

    tenant_id: str
    object_id: str
    auth_mode: TokenAuthMode
    expires_at: datetime
    name: str | None = None
    is_global_admin: bool = False
    domain: str | None = None


class TokenVerifier:
    """Verifies that one issuer signed a token for one audience. Safe to share between threads.

    `issuer` may contain `{tid}` for the token's own tenant id, as with Entra ID, where one set of keys signs
    for every tenant. Fetching keys may wait for the network, so do not call it on the event loop.
    """

    def __init__(  # noqa: PLR0913  (what may be set of a verifier)
        self,
        issuer: str,
        audience: str,
        keys: KeySource,
        clock: Clock,
        *,
        claims: ClaimNames = ENTRA_ID,
        max_bytes: int = MAX_TOKEN_BYTES,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._clock = clock
        self._claims = claims
        self._max_bytes = max_bytes
        self._signatures = jws.JWSRegistry(algorithms=list(ALGORITHMS.values()), strict_check_header=False)
        self._signatures.max_header_length = max_bytes  # a header may carry a certificate; it is not used
        self._cache = _IdentityCache()

    def verify(self, token: str) -> Identity:
        """The identity in a token; Unauthenticated, with the reason, if the token is invalid."""
        if len(token) > self._max_bytes:
            raise Unauthenticated(f"The token is longer than {self._max_bytes} bytes.")
        if not token.isascii():
            raise _malformed("it contains non-ASCII characters")
        known = self._cache.find(token, self._keys.key_set().generation, self._clock())
        if known is not None:
            return known
        payload, generation = self._signed_payload(token)
        identity = self._identity(_json_part(payload, "payload"))
        self._cache.keep(token, generation, identity)
        return identity

    def has_verified(self, token: str) -> bool:
        """Whether a token was verified before and is still valid; never waits for keys."""
        generation = self._keys.generation
        return generation is not None and self._cache.find(token, generation, self._clock()) is not None

    def _signed_payload(self, token: str) -> tuple[bytes, int]:
        """The payload, not yet parsed, and the generation of the keys that verified it."""
        parts = token.split(".")
        if len(parts) != 3:  # noqa: PLR2004  (header, payload, signature)
            raise _malformed("it must have three parts")
        kid = _key_named_by(_decoded_header(parts[0]))
        key_set = self._keys.key_set(kid)
        key = key_set.keys.get(kid)
        if key is None:
            raise Unauthenticated("The token is signed with a key (kid) that its issuer does not publish.")
        try:
            signed = jws.deserialize_compact(token, key, registry=self._signatures)
        except (JoseError, ValueError) as problem:
            raise Unauthenticated("The token's signature is invalid.") from problem
        if signed.payload is None:
            raise _malformed("it has no payload")
        return signed.payload, key_set.generation

    def _identity(self, claims: dict[str, object]) -> Identity:
        tenant_id, object_id = _guid(claims, "tid"), _guid(claims, "oid")
        expires_at = self._check_times(claims)
        self._check_registered(claims, tenant_id)
        idtyp = claims.get("idtyp")
        if not (idtyp is None or isinstance(idtyp, str)) or idtyp not in _AUTH_MODES:
            raise Unauthenticated('The token\'s type (idtyp) must be "user" or "app".')
        return Identity(
            tenant_id.lower(),
            object_id.lower(),
            _AUTH_MODES[idtyp],
            expires_at,
            name=_text(claims.get("name")),
            is_global_admin=self._claims.admin_value in _texts(claims.get(self._claims.admin)),
            domain=_domain_of(claims.get(self._claims.domain)),
        )

    def _check_times(self, claims: dict[str, object]) -> datetime:
        """The expiry. Times must be numbers in the range of dates, and the lifetime a day at most."""
        times = {name: _numeric_date(claims[name], name) for name in _TIMES if name in claims}
        if "exp" not in times:
            raise Unauthenticated("The token has no expiry (exp).")
        issued_at = times.get("iat", self._clock().timestamp())
        if times["exp"] - issued_at > MAX_LIFETIME_SECONDS:
            raise Unauthenticated(
                "The token is valid for more than 24 hours (exp, iat); request one with a shorter lifetime."
            )
        return datetime.fromtimestamp(times["exp"], UTC)

    def _check_registered(self, claims: dict[str, object], tenant_id: str) -> None:
        registry = JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer.replace("{tid}", tenant_id)},
            aud={"essential": True, "value": self._audience},
        )
        try:
            registry.validate(claims)
        except ExpiredTokenError as problem:
            raise Unauthenticated("The token has expired (exp).") from problem
        except MissingClaimError as problem:
            raise Unauthenticated(f"The token lacks a required claim ({problem.claim}).") from problem
        except ClaimError as problem:
            raise Unauthenticated(_refused_claim(problem.claim)) from problem


class _IdentityCache:
    """Identities of verified tokens, so that each token's signature is checked once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[int, Identity]] = OrderedDict()
        self._length = 0

    def find(self, token: str, generation: int, now: datetime) -> Identity | None:
        """The identity, if it was verified with the same keys and has not expired."""
        with self._lock:
            entry = self._entries.get(token)
            if entry is None:
                return None
            if entry[0] == generation and now < entry[1].expires_at:
                self._entries.move_to_end(token)
                return entry[1]
            self._drop(token)
            return None

    def keep(self, token: str, generation: int, identity: Identity) -> None:
        """Add an identity, and evict those used least recently if the cache is full."""
        with self._lock:
            self._drop(token)
            self._entries[token] = (generation, identity)
            self._length += len(token)
            while len(self._entries) > MAX_CACHED or self._length > MAX_CACHED_LENGTH:
                self._drop(next(iter(self._entries)))

    def _drop(self, token: str) -> None:
        if self._entries.pop(token, None) is not None:
            self._length -= len(token)


def _decoded_header(part: str) -> dict[str, object]:
    try:
        return _json_part(urlsafe_b64decode(part.encode()), "header")
    except ValueError as problem:
        raise _malformed("its header is not base64url") from problem


def _key_named_by(header: dict[str, object]) -> str:
    """The `kid` of a valid header; `jku`, `jwk`, `x5u` and `x5c` are ignored."""
    if header.get("alg") not in ALGORITHMS.values():
        raise Unauthenticated(f"The token must be signed with {' or '.join(ALGORITHMS.values())} (alg).")
    if str(header.get("typ")).lower() not in _TYPES:
        raise Unauthenticated('The token\'s type (typ) must be "JWT" or "at+jwt".')
    if "crit" in header or "b64" in header:
        raise Unauthenticated("The token requires an unsupported extension (crit, b64).")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise Unauthenticated("The token does not name its key (kid).")
    return kid


def _json_part(data: bytes, name: str) -> dict[str, object]:
    try:
        return read_json_object(data)
    except ValueError as problem:
        raise _malformed(f"its {name} is not a JSON object with unique names") from problem


def _guid(claims: dict[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or _GUID.fullmatch(value) is None:
        raise Unauthenticated(f"The token's {_NAMED_BY[name]} id ({name}) must be a GUID.")
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _texts(value: object) -> list[object]:
    """The members of a claim that is a list, or its only value."""
    return value if isinstance(value, list) else [value]


def _domain_of(value: object) -> str | None:
    name, at, domain = value.rpartition("@") if isinstance(value, str) else ("", "", "")
    return domain if name and at and domain else None


def _numeric_date(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_SECOND:
        raise Unauthenticated(f"The token's time ({name}) must be a number of seconds since 1970.")
    return float(value)


def _refused_claim(name: str) -> str:
    return _REFUSED_CLAIMS.get(name, f"The token has an invalid claim ({name}).")


def _malformed(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token is not a signed JWT: {why}.")
