"""Fields of a record as columns: a path such as `customer.companyName`, checked against the schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.schema import build_schema

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A field of a record, or of a record that it refers to.

    `selection` is its text in a document. `convert` turns enum values into the vendor's words.
    """

    names: tuple[str, ...]
    selection: str
    convert: Convert

    def value(self, record: dict[str, Any]) -> Any:
        """The value in the answer; None where a record on the path is absent."""
        value: Any = record
        for name in self.names:
            if value is None:
                return None
            value = value[name]
        return None if value is None else self.convert(value)


def find_path(type_name: str, path: str) -> FieldPath:
    """The field of a type; BadInput if there is none, or if it does not fit into a column."""
    names = tuple(path.split("."))
    parent = _object(type_name)
    for name in names[:-1]:
        target = get_named_type(_field(parent, name, path).type)
        if target.name not in DECLARATIONS:
            raise BadInput(f"{path} is not a column: {name} is not another record.")
        parent = _object(target.name)
    field = _field(parent, names[-1], path)
    return FieldPath(names, _wrapped(names, _selection(field, path)), _converter(field.type))


def _object(name: str) -> GraphQLObjectType:
    made = build_schema().type_map[name]
    if not isinstance(made, GraphQLObjectType):
        raise TypeError(name)
    return made


def _field(parent: GraphQLObjectType, name: str, path: str) -> GraphQLField:
    field: GraphQLField | None = parent.fields.get(name)
    if field is None:
        near = get_close_matches(name, parent.fields, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise BadInput(f"{path} is not a column: {parent.name} has no field {name}.{hint}")
    if any(is_required_argument(each) for each in field.args.values()):
        raise BadInput(f"{path} is not a column: {name} requires arguments.")
    return field


def _selection(field: GraphQLField, path: str) -> str:
    """What to select below a field; BadInput for other records and their lists."""
    target = get_named_type(field.type)
    if is_leaf_type(target):
        return ""
    if target.name in DECLARATIONS:
        raise BadInput(f"{path} is another record: name a field of it, such as {path}.id.")
    if target.name.endswith("Connection"):
        raise BadInput(f"{path} is a list of records: export it by itself.")
    return f"{{ {_parts(target)} }}"


def _parts(target: Any) -> str:
    """The fields of an object that is part of a record, with those of the objects in it."""
    parts = []
    for name, field in target.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif inner.name in DECLARATIONS:
            parts.append(f"{name} {{ id }}")
        elif not inner.name.endswith("Connection"):
            parts.append(f"{name} {{ {_parts(inner)} }}")
    return " ".join(parts)


def _wrapped(names: Sequence[str], selection: str) -> str:
    *outer, last = names
    text = f"{last} {selection}".strip()
    for name in reversed(outer):
        text = f"{name} {{ {text} }}"
    return text


def _unchanged(value: Any) -> Any:
    return value


def _converter(kind: GraphQLOutputType) -> Convert:
    """Replaces names of enum values by the words of the vendor, in lists and objects as well."""
    plain: Any = get_nullable_type(kind)
    if is_list_type(plain):
        each = _converter(plain.of_type)
        return lambda values: [None if value is None else each(value) for value in values]
    if isinstance(plain, GraphQLEnumType):
        words = {name: value.value for name, value in plain.values.items()}
        return words.__getitem__
    if not isinstance(plain, GraphQLObjectType):
        return _unchanged
    parts = {
        name: _converter(field.type)
        for name, field in plain.fields.items()
        if get_named_type(field.type).name not in DECLARATIONS
    }
    return lambda value: {
        name: part if part is None or name not in parts else parts[name](part) for name, part in value.items()
    }
