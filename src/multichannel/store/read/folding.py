"""The form in which texts are compared without regard to case, in every script and on both databases.

To upper case and then to lower case, by Unicode's full mappings: so `ß` equals `SS`. A sigma at the end of a
word equals any other. PostgreSQL's own `lower` depends on the locale of the database and SQLite's knows ASCII
alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

FINAL_SIGMA, SIGMA = "\u03c2", "\u03c3"
SQLITE_FUNCTION = "fold_case"


class Folded(GenericFunction[str]):
    """The folded form of a text expression."""

    type = Text()
    name = SQLITE_FUNCTION
    inherit_cache = True


@compiles(Folded, "postgresql")
def _postgresql(element: Folded, compiler: SQLCompiler, **options: Any) -> str:
    """By ICU's root locale, which PostgreSQL has unless it was built without ICU."""
    text = compiler.process(element.clauses, **options)
    return f"translate(lower(upper({text} COLLATE \"und-x-icu\")), '{FINAL_SIGMA}', '{SIGMA}')"


def fold_case(text: str | None) -> str | None:
    """The same for SQLite, which calls it for every row."""
    if text is None or text.isascii():
        return text and text.lower()
    return text.upper().lower().replace(FINAL_SIGMA, SIGMA)
