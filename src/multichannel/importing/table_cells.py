"""Cells of tables (CSV): how values are written, so that spreadsheets show them and imports read them again.

A spreadsheet runs text that begins like a formula. Such text is written with an apostrophe before it, and
text that begins with an apostrophe with a second one. So one apostrophe is taken away on reading where it
stands before one of these characters, and nowhere else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import Any, Final

APOSTROPHE: Final = "'"
DANGEROUS: Final = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  (spreadsheets take full width for half)
SEPARATOR: Final = ";"


def guarded(text: str) -> str:
    """The text in a form in which no spreadsheet takes it for a formula."""
    return APOSTROPHE + text if text[:1] in DANGEROUS or text[:1] == APOSTROPHE else text


def unguarded(cell: str) -> str:
    """The text that was guarded; any other as it is."""
    is_guarded = cell[:1] == APOSTROPHE and (cell[1:2] in DANGEROUS or cell[1:2] == APOSTROPHE)
    return cell[1:] if is_guarded else cell


def cell_text(value: Any) -> str:
    """A value as the text of a cell: lists of text separated by `; `, other lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) and _is_simple(each) for each in value):
        return f"{SEPARATOR} ".join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def _is_simple(text: str) -> bool:
    return bool(text) and text == text.strip() and SEPARATOR not in text and not text.startswith("[")


def list_of_cell(cell: str) -> Any:
    """The list that `cell_text` has written."""
    if cell.startswith("["):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return [each.strip() for each in cell.split(SEPARATOR) if each.strip()]


def dialect_of(header: str) -> type[csv.Dialect]:
    """Commas, semicolons or tabs, whichever the header has most of."""

    class Separated(csv.excel):
        delimiter = max(",;\t", key=header.count)
        strict = True

    return Separated


def repeated(names: Sequence[str]) -> list[str]:
    """The names that occur more than once, in order."""
    return sorted({name for name in names if names.count(name) > 1})
