"""The bearer token of a request (RFC 6750): from the Authorization header and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers

from multichannel.errors import Unauthenticated

_BEARER = re.compile(rb"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE)


def bearer_token(headers: Headers | Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token, or None where no Authorization header is sent; Unauthenticated for any other header.

    A token in a query string would end up in logs and histories, so it is never looked for there.
    """
    pairs = headers.raw if isinstance(headers, Headers) else headers
    values = [value for name, value in pairs if name.lower() == b"authorization"]
    if not values:
        return None
    if len(values) > 1:
        raise Unauthenticated("The request has more than one Authorization header; send one.")
    found = _BEARER.fullmatch(values[0])
    if found is None:
        raise Unauthenticated("The Authorization header must read: Bearer, a space, and the token.")
    return found[1].decode("ascii")
