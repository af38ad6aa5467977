"""Tables (CSV) as people have them: in UTF-8 or UTF-16, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from multichannel.importing.input_files import opened
from multichannel.importing.problems import UnreadableFile
from multichannel.importing.table_cells import dialect_of, unguarded

LARGEST_FILE: Final = 16 * 1024 * 1024


def read_text(path: Path) -> str:
    """The content of a file, without a byte order mark; UnreadableFile if it has none."""
    with opened(path) as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("FILE_FAILED", f"The file is larger than {LARGEST_FILE:,} bytes.")
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("NOT_UTF8", "The file is neither UTF-8 nor UTF-16.") from None
    if not decoded.strip():
        raise UnreadableFile("EMPTY_FILE", "The file is empty.")
    return decoded


def read_table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a table, the header first, with the numbers of their last lines in the file."""
    content = read_text(path)
    header = next(line for line in content.splitlines() if line.strip())
    lines = csv.reader(io.StringIO(content, newline=""), dialect_of(header))
    try:
        for cells in lines:
            if any(each.strip() for each in cells):
                yield lines.line_num, [unguarded(each) for each in cells]
    except csv.Error as error:
        raise UnreadableFile(
            "FILE_FAILED", f"Line {lines.line_num} is no line of a table: {error}."
        ) from None
