"""The names that made types refer to each other by."""

from __future__ import annotations

from datetime import datetime
from enum import EnumMeta
from typing import Any

import strawberry

NAMESPACE: dict[str, Any] = {"datetime": datetime, "ID": strawberry.ID}
"""Every made type by its GraphQL name."""


def named(words: EnumMeta) -> str:
    """The GraphQL name of a closed vocabulary, made on first use with the words in upper case."""
    name = words.__name__
    if name not in NAMESPACE:
        described = " ".join((words.__doc__ or "").split())
        NAMESPACE[name] = strawberry.enum(words, name=name, description=described)  # type: ignore[type-var]
    return name
