"""SQL functions that each database has in a form of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

FINAL_SIGMA, SIGMA = "\u03c2", "\u03c3"
SQLITE_FUNCTION = "fold_case"


class Folded(GenericFunction[str]):
    """The form of a text in which it is compared without regard to case, in every script.

    To upper case and then to lower case, by Unicode's full mappings: so `ß` equals `SS`. A sigma at the end
    of a word equals any other. PostgreSQL's own `lower` depends on the locale of the database and SQLite's
    knows ASCII alone.
    """

    type = Text()
    name = SQLITE_FUNCTION
    inherit_cache = True


@compiles(Folded, "postgresql")
def _folded_postgresql(element: Folded, compiler: SQLCompiler, **options: Any) -> str:
    """By ICU's root locale, which PostgreSQL has unless it was built without; ASCII is faster."""
    text = compiler.process(element.clauses, **options)
    lowered = f'lower(upper({text} COLLATE "und-x-icu"))'
    folded = f"translate({lowered}, '{FINAL_SIGMA}', '{SIGMA}') COLLATE \"C\""
    is_ascii = f"octet_length({text}) = char_length({text})"
    return f'(CASE WHEN {is_ascii} THEN lower({text} COLLATE "C") ELSE {folded} END)'


def fold_case(text: str | None) -> str | None:
    """The same for SQLite, which calls it for every row."""
    if text is None or text.isascii():
        return text and text.lower()
    return text.upper().lower().replace(FINAL_SIGMA, SIGMA)


class MonthOf(GenericFunction[str]):
    """The month of a time in UTC, such as `2026-01`."""

    type = Text()
    name = "month_of"
    inherit_cache = True


@compiles(MonthOf, "postgresql")
def _month_of_postgresql(element: MonthOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_char(timezone('UTC', {compiler.process(element.clauses, **options)}), 'YYYY-MM')"


@compiles(MonthOf, "sqlite")
def _month_of_sqlite(element: MonthOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 7)"


class Among(GenericFunction[bool]):
    """Whether a value is among the rows of a subquery of one column, which is run once, before its statement.

    For IN, PostgreSQL joins the rows of both, and with a join by loops runs the subquery for each row.
    """

    type = Boolean()
    name = "among"
    inherit_cache = True


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    value, rows = (compiler.process(each, **options) for each in element.clauses)
    return f"({value} = ANY (ARRAY{rows}))"


@compiles(Among, "sqlite")
def _among_sqlite(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    value, rows = (compiler.process(each, **options) for each in element.clauses)
    return f"({value} IN {rows})"


class JsonElements(GenericFunction[str]):
    """The elements of a JSON list of texts as rows with a `value`."""

    type = Text()
    name = "json_elements"
    inherit_cache = True


@compiles(JsonElements, "postgresql")
def _json_elements_postgresql(element: JsonElements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements_text({compiler.process(element.clauses, **options)})"


@compiles(JsonElements, "sqlite")
def _json_elements_sqlite(element: JsonElements, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"
