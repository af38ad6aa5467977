"""Cursors: a place in one order of one list. They grant nothing, so they need no signature.

A cursor holds only what its reader was shown. Whoever uses another's merely starts elsewhere in his own
list; the mark keeps honest clients from using one in the wrong list.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from multichannel.domain.base import utc_text
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import FORM
from multichannel.graphql.framework.scalars import read_instant
from multichannel.store.read.query import Position

PARTS = 3
LONGEST = 8_000
LARGEST = 2**31 - 1
"""The largest `Int` there is in GraphQL, and so in a cursor."""


def mark(*parts: object) -> str:
    """Names a list and its order in a few characters."""
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


def write_cursor(position: Position, marked: str) -> str:
    """The opaque text of a place."""
    value = utc_text(position.value) if isinstance(position.value, datetime) else position.value
    return base64.urlsafe_b64encode(orjson.dumps([marked, value, position.id])).decode().rstrip("=")


def read_cursor(text: str, marked: str, kind: type) -> Position:
    """The place a cursor names; BadInput when it is no cursor of this list in this order."""
    message = "This is not a cursor of this list in this order. Pass a cursor that the same list gave you."
    try:
        parts = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise BadInput(message) from None
    if not isinstance(parts, list) or len(parts) != PARTS or parts[0] != marked or len(text) > LONGEST:
        raise BadInput(message)
    value, row_id = parts[1:]
    if not isinstance(row_id, str) or FORM.fullmatch(f"x_{row_id}") is None:
        raise BadInput(message)
    return Position(_value(value, kind, message), row_id)


def _value(value: Any, kind: type, message: str) -> Any:
    if value is None:
        return None
    if kind is datetime and isinstance(value, str):
        try:
            return read_instant(value)
        except ValueError:
            raise BadInput(message) from None
    too_large = isinstance(value, int) and abs(value) > LARGEST
    if type(value) is not kind or too_large or "\0" in str(value):
        raise BadInput(message)
    return value
