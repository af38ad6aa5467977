"""Keyset cursors. They grant no access, so they are not signed.

A cursor contains only values that its reader could read. Another caller's cursor merely starts at another
position of one's own list. The digest of list and order catches a cursor passed to the wrong list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from multichannel.domain.base import utc_text
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import FORM
from multichannel.graphql.framework.scalars import read_instant
from multichannel.store.read.list_query import Position

MAX_LENGTH = 8_000
MAX_INT = 2**31 - 1
"""The largest GraphQL `Int`."""


def list_digest(*parts: object) -> str:
    """Identifies a list and its order in a few characters."""
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def write_cursor(position: Position, digest: str) -> str:
    """Encode a position."""
    values = [utc_text(value) if isinstance(value, datetime) else value for value in position.values]
    parts = [digest, *(values or [None]), position.id]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read_cursor(text: str, digest: str, kinds: Sequence[type]) -> Position:
    """Decode a cursor; raises BadInput unless it is of this list in this order."""
    message = "Invalid cursor: it must come from the same list with the same order."
    try:
        parts = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise BadInput(message) from None
    is_list = isinstance(parts, list) and len(parts) == 2 + max(len(kinds), 1)
    if not is_list or parts[0] != digest or len(text) > MAX_LENGTH:
        raise BadInput(message)
    *values, row_id = parts[1:]
    if not isinstance(row_id, str) or FORM.fullmatch(f"x_{row_id}") is None:
        raise BadInput(message)
    read = [_value(value, kind, message) for value, kind in zip(values, kinds or [type(None)], strict=True)]
    return Position(tuple(read[: len(kinds)]), row_id)


def _value(value: Any, kind: type, message: str) -> Any:
    if value is None:
        return None
    if kind is datetime and isinstance(value, str):
        try:
            return read_instant(value)
        except ValueError:
            raise BadInput(message) from None
    too_large = isinstance(value, int) and abs(value) > MAX_INT
    if type(value) is not kind or too_large or "\0" in str(value):
        raise BadInput(message)
    return value
