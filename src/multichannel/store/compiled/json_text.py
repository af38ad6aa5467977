"""JSON as SQL: how each database writes the text of values, objects and lists as orjson would.

PostgreSQL joins pieces of text, SQLite calls its JSON functions: each is the fastest way there (measured).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import EnumMeta
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from multichannel.domain.base import GUID, UtcTime

Piece = str | ColumnElement[Any]
"""A piece of text: constant, or an expression."""
Pieces = tuple[Piece, ...]
MAX_MEMBERS = 50
"""SQLite's functions take at most 127 arguments, two for each member of an object."""


class NotCovered(Exception):
    """The operation has a part that cannot be compiled; the interpreter answers it."""


@dataclass(frozen=True, slots=True)
class Json:
    """JSON text in pieces; `argument` is what SQLite's JSON functions take instead, if they can write it."""

    pieces: Pieces
    argument: ColumnElement[Any] | None = None


def constant(text: str) -> ColumnElement[str]:
    """Constant text as SQL."""
    quoted = "'" + text.replace("'", "''") + "'"
    return literal_column(quoted, Text())


def joined(pieces: Sequence[Piece]) -> ColumnElement[str]:
    """The text of pieces; concatenated in halves, for which SQLAlchemy's compiler needs less of the stack."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif not isinstance(piece, str) or piece:
            merged.append(piece)
    return _halved([constant(each) if isinstance(each, str) else each for each in merged] or [constant("")])


def _halved(expressions: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    if len(expressions) == 1:
        return type_coerce(expressions[0], Text())
    middle = len(expressions) // 2
    return _halved(expressions[:middle]).concat(_halved(expressions[middle:]))


def key_text(key: str) -> str:
    """A response key with its colon."""
    return orjson.dumps(key).decode() + ":"


HOLE = re.compile(rb'\{"\\u0002":(\[[^{}]*\])\}')
"""A hole: a list of its number, the id of its record, and what else its step takes.

No other JSON text contains it: no object has such a key, and a quote in a string is escaped.
"""


def hole(number: int, *pieces: Piece) -> Json:
    """A hole for a value that is computed later; the first piece is the id of the record."""
    row_id, *further = pieces
    return Json((f'{{"\\u0002":[{number},"', row_id, '"', *further, "]}"))


class JsonWriter(ABC):
    """How one database writes JSON."""

    denied: str
    """What stands in the text in place of a denied value. No other JSON text contains it."""

    def object(self, members: Sequence[tuple[str, Json]]) -> Json:
        """An object."""
        pieces: list[Piece] = ["{"]
        for place, (key, value) in enumerate(members):
            pieces += ["," if place else "", key_text(key), *value.pieces]
        return Json((*pieces, "}"))

    def denial(self) -> Json:
        """A denied value."""
        return Json((self.denied,))

    def unless_denied(self, granted: Any, value: Json) -> Json:
        """The value where it is granted, else a denial."""
        return Json((case((granted, joined(value.pieces)), else_=constant(self.denied)),))

    def null_if_absent(self, found: Any) -> Json:
        """The text that a scalar subquery gives, or null if it finds no row."""
        return Json((func.coalesce(found, constant("null")),))

    @abstractmethod
    def listed(self, element: Json, condition: Any) -> Json:
        """The list of an element of each row in the order of the rows; `condition` may leave rows out."""

    @abstractmethod
    def pairs(self, text: Any) -> tuple[Any, Any, Any]:
        """The rows of a JSON list of pairs of texts, and both expressions of a row."""

    @abstractmethod
    def cursor(self, pieces: Sequence[Piece]) -> Json:
        """The string with the base64url form of a text."""

    @abstractmethod
    def string(self, column: Any) -> Any:
        """The JSON text of a text column; NULL for NULL."""

    @abstractmethod
    def instant(self, column: Any) -> Pieces:
        """The JSON text of a timestamp in pieces."""

    @abstractmethod
    def strings(self, column: Any) -> Any:
        """The JSON text of a JSON column that holds a list of strings."""

    def column(self, column: Any, kind: Any, *, nullable: bool) -> Json:
        """The value of a column of a SQL type."""
        pieces = self._value(column, kind)
        if nullable:
            pieces = (func.coalesce(joined(pieces), constant("null")),)
        return Json(pieces, self._argument(column, kind))

    def _value(self, column: Any, kind: Any) -> Pieces:
        """The text of a value in pieces, one of which is NULL if the value is."""
        if isinstance(kind, UtcTime):
            return self.instant(column)
        if isinstance(kind, JSON):
            return (case((column.is_not(None), self.strings(column))),)
        if isinstance(kind, Boolean):
            return (case((column, constant("true")), (~column, constant("false"))),)
        if isinstance(kind, Integer):
            return (cast(column, Text),)
        if getattr(kind, "enums", None):
            return ('"', enum_name(column, kind), '"')
        return ('"', cast(column, Text), '"') if kind is GUID else (self.string(column),)

    def _argument(self, column: Any, kind: Any) -> ColumnElement[Any] | None:  # noqa: ARG002  (of SQLite)
        return None


def enum_name(column: Any, kind: Any) -> ColumnElement[str]:
    """The GraphQL name of an enum's stored value; NotCovered unless it is the value in upper case."""
    members: dict[str, Any] = {}
    if isinstance(kind.python_type, EnumMeta):
        members = dict(kind.python_type.__members__)
    if not members or any(name != member.value.upper() for name, member in members.items()):
        raise NotCovered(f"the names of {kind.python_type.__name__}")
    return func.upper(cast(column, Text))


class PostgreSQLJson(JsonWriter):
    """Joins pieces of text, and string_agg."""

    denied = "\x01"
    """A control character, which JSON writes as an escape sequence."""

    def listed(self, element: Json, condition: Any) -> Json:
        """See the base class."""
        rows: Any = func.string_agg(joined(element.pieces), constant(","))
        rows = rows if condition is None else rows.filter(condition)
        return Json(("[", func.coalesce(rows, constant("")), "]"))

    def pairs(self, text: Any) -> tuple[Any, Any, Any]:
        """See the base class."""
        rows = func.json_array_elements(cast(text, JSON)).table_valued("value", name="pairs_")
        rows = rows.render_derived()
        one, other = (rows.c.value.op("->>")(literal_column(place)) for place in "01")
        return rows, one, cast(other, GUID)

    def cursor(self, pieces: Sequence[Piece]) -> Json:
        """See the base class."""
        encoded = func.encode(func.convert_to(joined(pieces), constant("UTF8")), constant("base64"))
        alphabet = func.translate(encoded, literal_column("E'+/\\n'"), constant("-_"))
        return Json(('"', func.rtrim(alphabet, constant("=")), '"'))

    def string(self, column: Any) -> Any:
        """See the base class."""
        return cast(func.to_json(cast(column, Text)), Text)

    def instant(self, column: Any) -> Pieces:
        """See the base class."""
        in_utc = func.timezone(constant("UTC"), column)
        return ('"', func.to_char(in_utc, constant('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), '"')

    def strings(self, column: Any) -> Any:
        """See the base class."""
        each = func.json_array_elements_text(column).table_valued("text", name="strings_").render_derived()
        listed = func.string_agg(self.string(each.c.text), constant(","))
        found = select(func.coalesce(listed, constant(""))).select_from(each).scalar_subquery()
        return joined(("[", found, "]"))


class SQLiteJson(JsonWriter):
    """Calls json_object and json_group_array, whose arguments are quoted in C."""

    denied = '{"\\u0001":0}'
    """No object here has such a key, and a quote in a string is escaped."""

    def object(self, members: Sequence[tuple[str, Json]]) -> Json:
        """See the base class."""
        if not 0 < len(members) <= MAX_MEMBERS:
            return JsonWriter.object(self, members)
        arguments: list[Any] = []
        for key, value in members:
            arguments += [constant(key), _argument(value)]
        made = func.json_object(*arguments)
        return Json((made,), made)

    def listed(self, element: Json, condition: Any) -> Json:
        """See the base class."""
        rows: Any = func.json_group_array(_argument(element))
        rows = rows if condition is None else rows.filter(condition)
        return Json((rows,), rows)

    def pairs(self, text: Any) -> tuple[Any, Any, Any]:
        """See the base class."""
        rows = func.json_each(text).table_valued("value", name="pairs_")
        one, other = (func.json_extract(rows.c.value, constant(f"$[{place}]")) for place in "01")
        return rows, one, other

    def cursor(self, pieces: Sequence[Piece]) -> Json:
        """See the base class. The function is the engine's own."""
        encoded = func.base64url(joined(pieces))
        return Json(('"', encoded, '"'), encoded)

    def string(self, column: Any) -> Any:
        """See the base class."""
        return func.json_quote(column)

    def instant(self, column: Any) -> Pieces:
        """See the base class. It is stored as text."""
        return ('"', type_coerce(column, Text()), '"')

    def strings(self, column: Any) -> Any:
        """See the base class."""
        each = func.json_each(column).table_valued("value", name="strings_")
        return select(func.json_group_array(each.c.value)).select_from(each).scalar_subquery()

    def _argument(self, column: Any, kind: Any) -> ColumnElement[Any] | None:
        if isinstance(kind, JSON | Boolean):
            return None
        return enum_name(column, kind) if getattr(kind, "enums", None) else column


def _argument(value: Json) -> ColumnElement[Any]:
    return func.json(joined(value.pieces)) if value.argument is None else value.argument
