"""The opening of a WebSocket: its origin, and the token it is used with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from multichannel.errors import Unauthenticated
from multichannel.identity.tokens import bearer_token


def same_origin(headers: Headers) -> bool:
    """Whether the Origin is the requested host, or absent.

    Browsers let any page open a WebSocket to any host; only the Origin header names the page.
    """
    origins = headers.getlist("origin")
    if not origins:
        return True
    try:
        host = urlsplit(origins[0]).netloc.lower()
    except ValueError:
        return False
    return len(origins) == 1 and host != "" and host == headers.get("host", "").lower()


def connection_token(headers: Headers, payload: Mapping[str, Any]) -> str | None:
    """The token in the handshake or the `connection_init` payload; None if there is none.

    Raises Unauthenticated for a malformed token, and for tokens that differ.
    """
    nested = payload.get("headers")
    places = [payload, nested] if isinstance(nested, dict) else [payload]
    values = [value for place in places for name, value in place.items() if name.lower() == "authorization"]
    if not all(isinstance(value, str) for value in values):
        raise Unauthenticated("`authorization` must be a string.")
    tokens = {bearer_token([(b"authorization", value.encode())]) for value in values}
    tokens |= {bearer_token(headers)} - {None}
    if len(tokens) > 1:
        raise Unauthenticated("The connection has more than one token; send one.")
    return next(iter(tokens), None)
