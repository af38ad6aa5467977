"""Excel workbooks: the rows of the first sheet, as they would be in a table of text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from multichannel.importing.problems import UnreadableFile
from multichannel.importing.table_cells import cell_text

_LARGEST: Final = 1024 * 1024 * 1024
"""What may be in the archive, unpacked: a small one may hold any amount of zeros."""
_DAMAGE: Final = (BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, OSError)


def read_workbook(file: BinaryIO) -> Iterator[list[str]]:
    """The rows of the first sheet, the header first; UnreadableFile for what is no workbook."""
    try:
        with ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > _LARGEST:
            message = f"The workbook has {size:,} bytes once unpacked; the limit is {_LARGEST:,}."
            raise UnreadableFile("FILE_FAILED", message)
        book = load_workbook(file, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # which other programs get wrong
            for row in sheet.iter_rows(values_only=True):
                yield [_text(value) for value in row]
        finally:
            book.close()
    except _DAMAGE as error:
        message = f"This is an Excel workbook or another ZIP archive, which cannot be read: {error}."
        raise UnreadableFile("NOT_JSON", message) from None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    return cell_text(value)
