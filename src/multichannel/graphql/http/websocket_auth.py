"""How a socket begins: from where it may be opened, and who opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from multichannel.errors import Unauthenticated
from multichannel.identity import bearer_token


def same_origin(headers: Headers) -> bool:
    """Whether a socket is opened by a page of the host it is opened to, or by no page at all.

    A browser lets any page open a socket anywhere, and tells whose page it is by Origin.
    """
    origins = headers.getlist("origin")
    if not origins:
        return True
    try:
        host = urlsplit(origins[0]).netloc.lower()
    except ValueError:
        return False
    return len(origins) == 1 and host != "" and host == headers.get("host", "").lower()


def token_of(headers: Headers, payload: Mapping[str, Any]) -> str | None:
    """The token of a connection: of its first request or of its `connection_init`; None without any.

    Unauthenticated unless all that are given are well formed and the same.
    """
    inner = payload.get("headers")
    places = [payload, inner] if isinstance(inner, dict) else [payload]
    given = [value for place in places for name, value in place.items() if name.lower() == "authorization"]
    if not all(isinstance(value, str) for value in given):
        raise Unauthenticated("`authorization` must be a string.")
    tokens = {bearer_token([(b"authorization", value.encode())]) for value in given}
    tokens |= {bearer_token(headers)} - {None}
    if len(tokens) > 1:
        raise Unauthenticated("The connection has more than one token; send one.")
    return next(iter(tokens), None)
