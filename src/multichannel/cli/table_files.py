"""Tables as files: CSV, JSON Lines and Excel workbooks, written row by row to a file or the terminal."""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from multichannel.errors import Refused
from multichannel.importing.table_cells import cell_text, guarded

MOST_ROWS, LONGEST_CELL = 1_048_576, 32_767
"""What Excel can open."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
Write = Callable[[Sequence[Any]], None]
"""Writes a row."""


class TableFormat(StrEnum):
    """The formats of a table."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


@contextmanager
def open_table(
    path: Path | None, made_as: TableFormat, header: Sequence[str], *, bom: bool = False
) -> Iterator[Write]:
    """A table with this header, in `path` once it is complete; None is the standard output.

    `bom` begins a CSV file with a byte order mark, from which Excel knows that it is UTF-8.
    """
    with _output(path) as file:
        if made_as is TableFormat.JSONL:
            yield _json_lines(file, header)
        elif made_as is TableFormat.XLSX:
            with _workbook(file, header) as write:
                yield write
        else:
            with _csv(file, header, bom=bom) as write:
                yield write


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = path.with_name(f".{path.name}.tmp")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _csv(file: BinaryIO, header: Sequence[str], *, bom: bool) -> Iterator[Write]:
    if bom:
        file.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    rows = csv.writer(text)
    rows.writerow(header)

    def write(values: Sequence[Any]) -> None:
        rows.writerow([guarded(cell_text(each)) if _is_text(each) else cell_text(each) for each in values])

    try:
        yield write
        text.flush()
    finally:
        text.detach()


def _is_text(value: Any) -> bool:
    """Whether a value may begin like a formula: numbers do, too, and mean nothing else."""
    return not isinstance(value, int)


@contextmanager
def _workbook(file: BinaryIO, header: Sequence[str]) -> Iterator[Write]:
    """A workbook with one sheet. Text is text there, so that none is run as a formula."""
    # Most commands write no workbook.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.freeze_panes = "A2"
    count = 0

    def cell(value: Any) -> Any:
        if value is None or isinstance(value, bool | int):
            return value
        text = ILLEGAL_CHARACTERS_RE.sub(REPLACEMENT, cell_text(value))
        if len(text) > LONGEST_CELL:
            raise Refused(f"A value of {len(text):,} characters does not fit into a workbook. Export CSV.")
        made = WriteOnlyCell(sheet, text)
        made.data_type = "s"
        return made

    def write(values: Sequence[Any]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ROWS:
            raise Refused(f"A workbook has at most {MOST_ROWS:,} rows. Narrow the filter, or export CSV.")
        sheet.append([cell(each) for each in values])

    write(header)
    try:
        yield write
    except BaseException:
        sheet.close()
        raise
    book.save(file)


def _json_lines(file: BinaryIO, header: Sequence[str]) -> Write:
    places = [name.split(".") for name in header]

    def write(values: Sequence[Any]) -> None:
        record: dict[str, Any] = {}
        for place, value in zip(places, values, strict=True):
            holder = record
            for name in place[:-1]:
                holder = holder.setdefault(name, {})
            holder[place[-1]] = value
        file.write(orjson.dumps(record) + b"\n")

    return write
