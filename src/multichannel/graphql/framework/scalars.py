"""The DateTime scalar: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError

from multichannel.domain.base import utc_text
from multichannel.errors import BadInput


def read_instant(text: str) -> datetime:
    """Parse a timestamp with a UTC offset; raises ValueError."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("missing UTC offset")
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("year out of range") from None


def _parse(value: Any) -> datetime:
    try:
        return read_instant(value)
    except (TypeError, ValueError):
        message = (
            f"Not a valid timestamp: {str(value)[:40]!r}. Use ISO 8601 with an offset, "
            "such as 2017-01-25T23:01:08Z."
        )
        raise GraphQLError(message, original_error=BadInput(message)) from None


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A point in time in UTC, as ISO 8601 text such as `2017-01-25T23:01:08.693000Z`. Input "
    "may use another offset.",
    serialize=utc_text,
    parse_value=_parse,
)
