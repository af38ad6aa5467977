"""From a SELECT to SQL text with numbered parameters, and the values of these for a driver.

What is the same in every request is written as a literal, so that partial indexes and statistics serve it.
Bound parameters without a value are those of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Boolean, Integer, Select, bindparam
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteDialect
from sqlalchemy.sql.compiler import SQLCompiler

from multichannel.domain.base import GUID, UtcTime, new_id
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.driver_values import postgresql_value, sqlite_value

ANY_TENANT = new_id()
"""Stands for the caller's tenant while a statement is made; in the statement, it is a parameter.

It is random, so that no policy can name it.
"""
TENANT, NOW, DIRECTORY, OBJECT, DOMAIN = "tenant", "now", "directory_id", "object_id", "domain"
CONTEXT = (TENANT, NOW, DIRECTORY, OBJECT, DOMAIN)
"""The parameters that do not come from the document; they are the values at place 0."""


def parameter(place: int, index: int, kind: Any) -> Any:
    """The parameter for a value of the request: `index` among those of the input at `place`."""
    return bindparam(f"v{place}_{index}", type_=kind)


@dataclass(frozen=True, slots=True)
class SqlText:
    """SQL, and for each of its parameters place and index of the value."""

    text: str
    parameters: tuple[tuple[int, int], ...]


class _Numbered(SQLCompiler):
    """Writes values as literals, and numbers the parameters of the request."""

    def visit_bindparam(self, bindparam: Any, *_arguments: Any, **_options: Any) -> str:
        if bindparam.required:
            return self._numbered(bindparam.key, bindparam.type)
        if not bindparam.expanding:
            return self._constant(bindparam.value)
        if not bindparam.value:
            return self._no_values(bindparam.type)
        return f"({', '.join(map(self._constant, bindparam.value))})"

    def _numbered(self, key: str, kind: Any) -> str:
        numbers: dict[str, int] = self.__dict__.setdefault("numbers", {})
        return self._reference(numbers.setdefault(key, len(numbers) + 1), kind)

    def _constant(self, value: Any) -> str:
        if value == ANY_TENANT:
            return self._numbered(TENANT, GUID)
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return self._boolean(value)
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            text = value.value if isinstance(value, Enum) else value
            return "'" + text.replace("'", "''") + "'"
        raise NotCovered(f"a constant {type(value).__name__}")

    def _reference(self, number: int, kind: Any) -> str:
        raise NotImplementedError

    def _boolean(self, value: bool) -> str:  # noqa: FBT001  (a value to write)
        raise NotImplementedError

    def _no_values(self, kind: Any) -> str:
        raise NotImplementedError


class _PostgreSQLCompiler(_Numbered, PGCompiler):
    def _reference(self, number: int, kind: Any) -> str:
        return f"${number}::{_postgresql_type(kind)}"

    def _boolean(self, value: bool) -> str:  # noqa: FBT001  (a value to write)
        return "true" if value else "false"

    def _no_values(self, kind: Any) -> str:
        return f"(SELECT NULL::{_postgresql_type(kind)} WHERE false)"


class _SQLiteCompiler(_Numbered, SQLiteCompiler):
    def _reference(self, number: int, kind: Any) -> str:  # noqa: ARG002  (values have their own types)
        return f"?{number}"

    def _boolean(self, value: bool) -> str:  # noqa: FBT001  (a value to write)
        return "1" if value else "0"

    def _no_values(self, kind: Any) -> str:  # noqa: ARG002  (values have their own types)
        return "(SELECT NULL WHERE 0)"


def _postgresql_type(kind: Any) -> str:
    if kind is GUID:
        return "uuid"
    if isinstance(kind, UtcTime):
        return "timestamptz"
    if isinstance(kind, Boolean):
        return "boolean"
    return "integer" if isinstance(kind, Integer) else "text"


def _dialect(base: Callable[..., Any], compiler: type[SQLCompiler]) -> Any:
    dialect = base(paramstyle="named")
    dialect.statement_compiler = compiler
    return dialect


DIALECTS = {
    "postgresql": _dialect(PGDialect, _PostgreSQLCompiler),
    "sqlite": _dialect(SQLiteDialect, _SQLiteCompiler),
}


def to_sql_text(statement: Select[Any], database: str) -> SqlText:
    """The SQL of a statement for a database."""
    compiled = statement.compile(dialect=DIALECTS[database])
    numbers: dict[str, int] = compiled.__dict__.get("numbers", {})
    return SqlText(str(compiled), tuple(map(_place, numbers)))


def _place(key: str) -> tuple[int, int]:
    if key in CONTEXT:
        return 0, CONTEXT.index(key)
    place, _, index = key.removeprefix("v").partition("_")
    return int(place), int(index)


def postgresql_values(sql: SqlText, values: Sequence[Sequence[Any]]) -> list[bytes | None]:
    """The parameters in PostgreSQL's text format; ValueError for a text that it cannot hold."""
    return [postgresql_value(values[place][index]) for place, index in sql.parameters]


def sqlite_values(sql: SqlText, values: Sequence[Sequence[Any]]) -> list[Any]:
    """The parameters as Python's driver takes them."""
    return [sqlite_value(values[place][index]) for place, index in sql.parameters]
