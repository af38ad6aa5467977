"""Changed fields, as audit records and dry runs tell them."""

from __future__ import annotations

from typing import Any

import orjson

from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.strawberry_types import described, value_type


@value_type
class AuditChange:
    """A field that an operation changed. Values that are not text are JSON-encoded; null means no value."""

    field: str = described("The name of the field in this schema.")
    old: str | None = described("The value before; null for a new record.")
    new: str | None = described("The value after.")


def changed_fields(old: dict[str, Any], new: dict[str, Any]) -> list[AuditChange]:
    """The fields of an audit record, in order."""
    return [
        AuditChange(field=camel(name), old=_text(old.get(name)), new=_text(new.get(name)))
        for name in sorted(new)
    ]


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
