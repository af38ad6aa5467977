"""Scalars: instants in UTC in one text form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import strawberry
from graphql import GraphQLError

from multichannel.domain.base import utc_text
from multichannel.errors import BadInput


def read_instant(text: str) -> datetime:
    """The instant that a text with a time zone names, in UTC; ValueError when it names none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("it names no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("its year in UTC is not 1 to 9999") from None


def _parse(value: Any) -> datetime:
    try:
        return read_instant(value)
    except (TypeError, ValueError):
        message = (
            f"{str(value)[:40]!r} is no instant. Write it like 2017-01-25T23:01:08Z, with its time zone."
        )
        raise GraphQLError(message, original_error=BadInput(message)) from None


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A point in time in UTC, as ISO 8601 text such as `2017-01-25T23:01:08.693000Z`. Input "
    "may use another offset.",
    serialize=utc_text,
    parse_value=_parse,
)
SCALARS: dict[object, Any] = {datetime: DATE_TIME}
