"""Scalars: instants in UTC in one text form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError

from multichannel.domain.base import utc_text
from multichannel.errors import BadInput


def _read_instant(value: Any) -> datetime:
    message = f"{str(value)[:40]!r} is no instant. Write it like 2017-01-25T23:01:08Z, with its time zone."
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise GraphQLError(message, original_error=BadInput(message))


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="An instant in UTC as ISO 8601 text, such as `2017-01-25T23:01:08.693000Z` (R47).",
    serialize=utc_text,
    parse_value=_read_instant,
)
SCALARS: dict[object, Any] = {datetime: DATE_TIME}
