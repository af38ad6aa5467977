"""SQL functions that each database has in a form of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Boolean, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

FINAL_SIGMA, SIGMA = "\u03c2", "\u03c3"
SQLITE_FUNCTION = "fold_case"


class _Written(GenericFunction[Any]):
    """A function with its SQL for each database, in which its arguments are numbered."""

    _register = False
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]


@compiles(_Written)
def _written(element: _Written, compiler: SQLCompiler, **options: Any) -> str:
    template: str = getattr(element, compiler.dialect.name)
    return template.format(*(compiler.process(each, **options) for each in element.clauses))


class Folded(_Written):
    """The form of a text in which it is compared without regard to case, in every script.

    To upper case and then to lower case, by Unicode's full mappings: so `ß` equals `SS`. A sigma at the end
    of a word equals any other. PostgreSQL's own `lower` depends on the locale of the database and SQLite's
    knows ASCII alone.
    """

    type, inherit_cache = Text(), True
    # By ICU's root locale, which PostgreSQL has unless it was built without; ASCII is faster.
    postgresql = (
        '(CASE WHEN octet_length({0}) = char_length({0}) THEN lower({0} COLLATE "C") '
        f"ELSE translate(lower(upper({{0}} COLLATE \"und-x-icu\")), '{FINAL_SIGMA}', '{SIGMA}') "
        'COLLATE "C" END)'
    )
    sqlite = f"{SQLITE_FUNCTION}({{0}})"


def fold_case(text: str | None) -> str | None:
    """The same for SQLite, which calls it for every row."""
    if text is None or text.isascii():
        return text and text.lower()
    return text.upper().lower().replace(FINAL_SIGMA, SIGMA)


class MonthOf(_Written):
    """The month of a time in UTC, such as `2026-01`."""

    type, inherit_cache = Text(), True
    postgresql = "to_char(timezone('UTC', {0}), 'YYYY-MM')"
    sqlite = "substr({0}, 1, 7)"


class Among(_Written):
    """Whether a value is among the rows of a subquery of one column, which is run once, before its statement.

    For IN, PostgreSQL joins the rows of both, and with a join by loops runs the subquery for each row.
    """

    type, inherit_cache = Boolean(), True
    postgresql = "({0} = ANY (ARRAY{1}))"
    sqlite = "({0} IN {1})"


class JsonElements(_Written):
    """The elements of a JSON list of texts as rows with a `value`."""

    type, inherit_cache = Text(), True
    postgresql = "json_array_elements_text({0})"
    sqlite = "json_each({0})"
