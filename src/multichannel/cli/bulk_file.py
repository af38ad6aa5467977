"""The items of a file: the rows of a table, or a JSON object per line."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multichannel.errors import BadInput
from multichannel.graphql.bulk.columns import InputColumn, columns_of, item_of, read_header
from multichannel.graphql.bulk.items import BulkMutation
from multichannel.importing.tables import read_table, read_text

JSON_LINES = {".jsonl", ".ndjson", ".json"}
Read = tuple[int, Any, str | None]
"""The number of a line, its item as JSON, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file with its item; `key` is of its content, and counts equal lines."""

    number: int
    key: str
    item: Any
    problem: str | None = None


def read_lines(path: Path, mutation: BulkMutation) -> list[Line]:
    """The lines of a file that hold items; BadInput if it has none, or a header that does not fit."""
    is_json = path.suffix.casefold() in JSON_LINES
    read = _objects(path) if is_json else _rows(path, [*columns_of(mutation.input_type)])
    lines = [*_keyed(read)]
    if not lines:
        raise BadInput(f"{path} has no items.")
    return lines


def _keyed(read: Iterable[Read]) -> Iterator[Line]:
    seen: Counter[str] = Counter()
    for number, item, problem in read:
        content = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:32]
        seen[content] += 1
        yield Line(number, f"{content}-{seen[content]}", item, problem)


def _objects(path: Path) -> Iterator[Read]:
    for number, text in enumerate(read_text(path).splitlines(), start=1):
        if text.strip():
            try:
                yield number, json.loads(text), None
            except ValueError as error:
                yield number, text, f"The line is not valid JSON: {error}."


def _rows(path: Path, columns: list[InputColumn]) -> Iterator[Read]:
    lines = read_table(path)
    _, names = next(lines, (0, []))
    header = read_header(names, columns)
    for number, cells in lines:
        try:
            yield number, item_of(cells, header), None
        except BadInput as problem:
            yield number, cells, problem.message
