"""The names that made types refer to each other by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import EnumMeta
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from multichannel.graphql.framework.enum_descriptions import ENUMS

NAMESPACE: dict[str, Any] = {"datetime": datetime, "ID": strawberry.ID}
"""Every made type by its GraphQL name."""


def enter(name: str, fields: dict[str, StrawberryField], make: Callable[[], Any]) -> Any:
    """Make a type and enter it under its name; its fields may name types that do not exist yet.

    Strawberry looks a field's type up while it makes the class. What it found then is put back to the
    name, which is looked up again when the schema is built.
    """
    annotations = {attribute: field.type_annotation for attribute, field in fields.items()}
    made = make()
    for field in made.__strawberry_definition__.fields:
        field.type_annotation = annotations[field.python_name]
    NAMESPACE[name] = made
    return made


def named(words: EnumMeta) -> str:
    """The GraphQL name of a closed vocabulary, made on first use with the words in upper case."""
    name = words.__name__
    if name not in NAMESPACE:
        default = " ".join((words.__doc__ or "").split())
        description, of_values = ENUMS.get(name, (default, {}))
        made: Any = strawberry.enum(words, name=name, description=description)
        for value in made.__strawberry_definition__.values:
            value.description = of_values.get(value.name)
        NAMESPACE[name] = made
    return name
