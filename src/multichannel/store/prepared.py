"""Statements that are made once and run often: their SQL goes to the driver as it is, prepared on PostgreSQL.

SQLAlchemy takes several times as long as the driver to run a statement: it finds the same SQL, the same types
and the same columns again. Here they are found once.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, inspect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from multichannel.domain.base import UtcTime

DIALECTS: dict[str, Any] = {
    "postgresql": PGDialect_psycopg(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
    "sqlite": SQLiteDialect_pysqlite(paramstyle="qmark"),
}
MAX_LIST = 50
Read = Callable[[Any], Any]
"""From a value of the driver, which is not NULL, to the value of a column."""


@dataclass(frozen=True, slots=True)
class StatementForm:
    """SQL for lists of certain lengths."""

    sql: str
    name: bytes
    places: tuple[tuple[str, int | None], ...]
    """For each parameter the name of its value and, if that is a list, the place in it."""


class PreparedStatement:
    """A SELECT of columns, an INSERT or an UPDATE."""

    def __init__(self, statement: Any, *, keys: Sequence[str] | None = None) -> None:
        """`keys` are the columns of an INSERT."""
        self.statement, self._keys = statement, keys
        self.of_database = cache(self._of_database)

    def suits(self, parameters: Mapping[str, Any]) -> bool:
        """Whether lists are short enough: there is SQL for each length."""
        return all(len(each) <= MAX_LIST for each in parameters.values() if isinstance(each, list))

    def _of_database(self, database: str) -> StatementOfDatabase:
        return StatementOfDatabase(self.statement, self._keys, database)


class PreparedObjects(PreparedStatement):
    """A SELECT of the columns of a mapped class, in the order of `attributes`, and perhaps of others."""

    def __init__(self, model: Any, statement: Any) -> None:
        super().__init__(statement)
        self.mapper = inspect(model)
        self.attributes = _loaded(self.mapper)
        properties = map(self.mapper.get_property_by_column, self.mapper.primary_key)
        self._key_places = [self.attributes.index(each.key) for each in properties]

    def identity(self, row: Sequence[Any]) -> Any:
        """The identity of the object that a row describes."""
        return self.mapper.identity_key_from_primary_key([row[place] for place in self._key_places])


def columns_of(model: Any) -> list[Any]:
    """The columns of a mapped class for `PreparedObjects`; none if it has relations, too."""
    mapper = inspect(model)
    return [] if mapper.relationships else [getattr(model, name) for name in _loaded(mapper)]


def _loaded(mapper: Any) -> list[str]:
    """The attributes with columns of the table; others are subqueries, which only lists ask for."""
    return [each.key for each in mapper.column_attrs if not each.deferred]


class StatementOfDatabase:
    """A statement for one database."""

    def __init__(self, statement: Any, keys: Sequence[str] | None, database: str) -> None:
        compiled = statement.compile(dialect=DIALECTS[database], column_keys=keys)
        binds = compiled.binds.items()
        self._constants = {name: bind.value for name, bind in binds if not bind.required}
        self._lists = [name for name, bind in binds if bind.expanding]
        self._compiled: Any = compiled if self._lists else None
        self._forms: dict[tuple[int, ...], StatementForm] = {}
        if not self._lists:
            self._forms[()] = _form(str(compiled), compiled.positiontup or (), {})
        columns = list(statement.selected_columns) if statement.is_select else []
        self.row: Any = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024  (the columns are data)
        self.readers = [_reader(column.type, database) for column in columns]

    def form(self, parameters: Mapping[str, Any]) -> StatementForm:
        """The SQL for these parameters."""
        lengths = tuple(len(self._value(name, parameters)) for name in self._lists)
        form = self._forms.get(lengths)
        if form is None:
            form = self._forms[lengths] = self._make(parameters)
        return form

    def _make(self, parameters: Mapping[str, Any]) -> StatementForm:
        expanded: Any = self._compiled.construct_expanded_state(dict(parameters), escape_names=False)
        places = {
            part: (name, index)
            for name, parts in expanded.parameter_expansion.items()
            for index, part in enumerate(parts)
        }
        return _form(expanded.statement, expanded.positiontup, places)

    def values(self, form: StatementForm, parameters: Mapping[str, Any]) -> list[Any]:
        """The values of a form in the order of its parameters."""
        found = []
        for name, index in form.places:
            value = self._value(name, parameters)
            found.append(value if index is None else value[index])
        return found

    def _value(self, name: str, parameters: Mapping[str, Any]) -> Any:
        return self._constants[name] if name in self._constants else parameters[name]


def _form(sql: str, names: Iterable[str], places: Mapping[str, tuple[str, int | None]]) -> StatementForm:
    name = blake2b(sql.encode(), digest_size=16).hexdigest().encode()
    return StatementForm(sql, name, tuple(places.get(each, (each, None)) for each in names))


def _reader(kind: Any, database: str) -> Read:
    """How values of a type are read."""
    process: Read | None = kind.dialect_impl(DIALECTS[database]).result_processor(DIALECTS[database], None)
    if database == "sqlite":
        return process or _as_it_is
    if isinstance(kind, Boolean):
        return _is_true
    if isinstance(kind, Integer | JSON):
        return json.loads
    if isinstance(kind, UtcTime):
        return lambda value: datetime.fromisoformat(value.decode())
    is_enum = process is not None and getattr(kind, "enums", None)
    return (lambda value: process(value.decode())) if is_enum else bytes.decode  # type: ignore[misc]  # it is one


def _is_true(value: bytes) -> bool:
    return value == b"t"


def _as_it_is(value: Any) -> Any:
    return value
