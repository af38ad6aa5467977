"""Tables and workbooks in place of JSON: a row per resource, a column per place, such as `links.self.uri`.

`multichannel export … --columns vendor` writes them. An empty cell says nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, BinaryIO, Final

from multichannel.importing.field_mapping import is_list, places_of
from multichannel.importing.input_files import KIND_PLACE
from multichannel.importing.payloads import KINDS
from multichannel.importing.problems import UnreadableFile
from multichannel.importing.table_cells import dialect_of, list_of_cell, repeated, unguarded
from multichannel.importing.value_readers import count, flag
from multichannel.importing.workbooks import read_workbook

_FLAGS: Final = {"true": True, "false": False}


def rows_of(file: BinaryIO, advance: Callable[[int], None]) -> Iterator[dict[str, Any]]:
    """The resources of a table as they would be in JSON; raises UnreadableFile."""
    lines = _lines(file, advance)
    first = next(lines)
    rows = csv.reader(_again(first, lines), dialect_of(first))
    try:
        header = _header(next(rows))
        for cells in rows:
            if any(cells):
                yield _resource(header, [unguarded(cell.strip()) for cell in cells])
    except csv.Error as error:
        message = f"Line {rows.line_num} is not a line of a table: {error}."
        raise UnreadableFile("FILE_FAILED", message) from None


def rows_of_workbook(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """The same of the first sheet of a workbook; raises UnreadableFile for one of something else."""
    rows = read_workbook(file)
    header = _header(next(rows, []))
    if KIND_PLACE not in header:
        message = f"This is a workbook whose first row names no column {KIND_PLACE}. Export JSON instead."
        raise UnreadableFile("NOT_JSON", message)
    yield from (_resource(header, cells) for cells in rows if any(cells))


def _lines(file: BinaryIO, advance: Callable[[int], None]) -> Iterator[str]:
    encoding = "utf-8-sig"
    for line in file:
        advance(len(line))
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError:
            raise UnreadableFile("NOT_UTF8", "The file is neither UTF-8 nor UTF-16.") from None
        encoding = "utf-8"


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if twice := repeated([name for name in names if name]):
        message = f"The first line names a column twice: {', '.join(twice)}. Remove one."
        raise UnreadableFile("NO_HEADER", message)
    for name in names:
        if any(other.startswith(f"{name}.") for other in names if name):
            message = f"The first line names {name} and also a part of it. Remove one."
            raise UnreadableFile("NO_HEADER", message)
    return names


def _resource(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    values = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    converters = _converters(values.get(KIND_PLACE, "").lower())
    resource: dict[str, Any] = {}
    for place, cell in values.items():
        if cell:
            *outer, last = place.split(".")
            holder = resource
            for name in outer:
                holder = holder.setdefault(name, {})
            holder[last] = converters[place](cell) if place in converters else cell
    return resource


@cache
def _converters(kind: str) -> Mapping[str, Callable[[str], Any]]:
    """For the places of a kind that are no text in the JSON: what makes their value of a cell."""
    made = next((payload for name, payload in KINDS.items() if name.lower() == kind), None)
    converters: dict[str, Callable[[str], Any]] = {}
    for _, place, reader in places_of(made) if made else ():
        if reader is count:
            converters[place] = _number
        elif reader is flag:
            converters[place] = _flag
        elif is_list(reader):
            converters[place] = list_of_cell
    return converters


def _number(cell: str) -> int | str:
    """The number, or the cell, of which the reader then says that it is none."""
    return int(cell) if cell.isascii() and cell.isdigit() else cell


def _flag(cell: str) -> bool | str:
    return _FLAGS.get(cell.lower(), cell)
