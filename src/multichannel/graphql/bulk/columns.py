"""The columns of a table of items: the fields of the mutation's input, and how their cells are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_input_field,
)

from multichannel.errors import BadInput

WITHOUT_COLUMN = "idempotencyKey"
"""Each row has a key of the run."""
SEPARATOR = ";"
OWN = "#"
"""Begins the names of columns that are people's own."""
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
NULL = "null"
WHOLE = re.compile(r"[+-]?\d{1,18}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class InputColumn:
    """A column: a field of the input, or of an object in it, whose names are joined by dots."""

    path: tuple[str, ...]
    field: GraphQLInputField
    is_required: bool

    @property
    def name(self) -> str:
        """The name in the header."""
        return ".".join(self.path)

    @property
    def values(self) -> str:
        """What a cell may hold, for people."""
        kind = get_named_type(self.field.type)
        one = ", ".join(kind.values) if isinstance(kind, GraphQLEnumType) else kind.name
        return f"{one}; several are separated by {SEPARATOR}" if self.is_list else one

    @property
    def description(self) -> str:
        """What the schema says of the field."""
        return self.field.description or ""

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return isinstance(get_nullable_type(self.field.type), GraphQLList)

    def read(self, cell: str) -> Any:
        """The value of a cell as JSON; what is not of the type stays a text, and is refused as one."""
        if cell.casefold() == NULL and not isinstance(self.field.type, GraphQLNonNull):
            return None
        kind = get_named_type(self.field.type)
        if not is_leaf_type(kind):
            return json.loads(cell)
        if self.is_list:
            return [_value(kind, each.strip()) for each in cell.split(SEPARATOR) if each.strip()]
        return _value(kind, cell)


def _value(kind: Any, cell: str) -> Any:
    if isinstance(kind, GraphQLEnumType):
        return re.sub(r"[\s-]+", "_", cell).upper()
    if kind.name == "Int" and WHOLE.fullmatch(cell):
        return int(cell)
    if kind.name == "Boolean":
        return WORDS.get(cell.casefold(), cell)
    if kind.name == "DateTime" and DAY.fullmatch(cell):
        return f"{cell}T00:00:00Z"
    return cell


def columns_of(kind: GraphQLInputObjectType, *, within: tuple[str, ...] = ()) -> Iterator[InputColumn]:
    """The columns of an input type, in its order; those of an object in it as columns of their own."""
    for name, field in kind.fields.items():
        inner = get_nullable_type(field.type)
        if name == WITHOUT_COLUMN:
            continue
        if isinstance(inner, GraphQLInputObjectType):
            yield from columns_of(inner, within=(*within, name))
        else:
            yield InputColumn((*within, name), field, is_required_input_field(field) and not within)


def read_header(cells: Sequence[str], columns: Sequence[InputColumn]) -> dict[int, InputColumn]:
    """The column of each place. Case, spaces and punctuation mean nothing; BadInput for unknown names."""
    known = {_folded(each.name): each for each in columns}
    header: dict[int, InputColumn] = {}
    unknown = []
    for place, cell in enumerate(cells):
        column = known.get(_folded(cell))
        if column is not None and column not in header.values():
            header[place] = column
        elif cell.strip() and not cell.lstrip().startswith(OWN):
            unknown.append(f"{cell.strip()!r}{' again' if column else ''}")
    missing = [each.name for each in columns if each.is_required and each not in header.values()]
    if unknown or missing:
        raise BadInput(_header_fault(unknown, missing, columns))
    return header


def _header_fault(unknown: list[str], missing: list[str], columns: Sequence[InputColumn]) -> str:
    parts = []
    if unknown:
        parts.append(
            f"The first line names {', '.join(unknown)}, which is not a column. Begin the name of a column "
            f"of your own with {OWN}."
        )
    if missing:
        parts.append(f"The first line does not name {', '.join(missing)}, which every row needs.")
    return " ".join([*parts, f"Columns: {', '.join(each.name for each in columns)}."])


def item_of(cells: Sequence[str], header: Mapping[int, InputColumn]) -> dict[str, Any]:
    """The item of a row; an empty cell is a field left out. BadInput if a cell is not JSON and must be."""
    item: dict[str, Any] = {}
    for place, column in header.items():
        cell = cells[place].strip() if place < len(cells) else ""
        if not cell and not (column.is_required and column.is_list):
            continue
        within = item
        for name in column.path[:-1]:
            within = within.setdefault(name, {})
        try:
            within[column.path[-1]] = column.read(cell)
        except ValueError:
            raise BadInput(f"The cell of {column.name} is not valid JSON.") from None
    return item


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
