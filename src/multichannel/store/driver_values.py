"""Values of parameters as the drivers take them, where a statement goes past SQLAlchemy."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import orjson

from multichannel.domain.base import utc_text


def sqlite_value(value: Any) -> Any:
    """A value as Python's driver takes it."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, dict | list):
        return json_text(value)
    return value.value if isinstance(value, Enum) else value


def postgresql_value(value: Any) -> bytes | None:
    """A value in PostgreSQL's text format; ValueError for a text that it cannot hold."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, dict | list):
        return json_text(value).encode()
    encoded: bytes = (value.value if isinstance(value, Enum) else str(value)).encode()
    if 0 in encoded:
        raise ValueError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return encoded


def json_text(value: Any) -> str:
    """The text of a JSON column."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
