"""Tables as files: CSV and JSON Lines, written row by row to a file or to the standard output."""

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

from multichannel.importing.table_cells import cell_text, guarded

Write = Callable[[Sequence[Any]], None]
"""Writes a row."""


class TableFormat(StrEnum):
    """The formats of a table."""

    CSV = "csv"
    JSONL = "jsonl"


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
