"""Files as people have them: opened, in UTF-8 or UTF-16, and named for what they are if they are no JSON."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final, cast

from multichannel.importing.problems import UnreadableFile

_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_HEAD: Final = 512
_CHUNK: Final = 64 * 1024
_LONGEST_HEADER: Final = 4 * 1024
KIND_PLACE: Final = "attributes.objectType"
"""Where a resource names its kind."""
_ARCHIVE: Final = b"PK\x03\x04"
_FORMATS: Final = (
    (re.compile(_ARCHIVE), "an Excel workbook or another ZIP archive"),
    (re.compile(rb"\x1f\x8b"), "a gzip archive"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"<!doctype html|<html", re.IGNORECASE), "a web page, such as that of a sign-in"),
    (re.compile(rb"<"), "XML"),
    (re.compile(rb"#TYPE |\"?[A-Za-z_][\w .-]*\"?[ \t]*[,;\t][ \t]*\"?[A-Za-z_]"), "a table (CSV)"),
    (re.compile(rb"[A-Za-z]\w*[ \t]+:[ \t]"), "a listing for people, as PowerShell prints it"),
    (re.compile(rb"@\{"), "a PowerShell object as text"),
)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file in UTF-8; raises UnreadableFile for what cannot be opened, or is no JSON at first sight."""
    try:
        with path.open("rb") as file:
            yield from _in_utf8(file)
    except FileNotFoundError:
        raise UnreadableFile("FILE_MISSING", "File not found.") from None
    except IsADirectoryError:
        raise UnreadableFile("IS_A_DIRECTORY", "This is a directory; name the files in it.") from None
    except PermissionError:
        raise UnreadableFile("NO_PERMISSION", "Permission denied.") from None
    except (OSError, ValueError) as error:
        raise UnreadableFile("FILE_FAILED", f"The file cannot be read: {error}.") from None


def without_mark(chunk: bytes) -> bytes:
    """The first chunk without its byte order mark; UnreadableFile if it begins like another format."""
    text = chunk.removeprefix(codecs.BOM_UTF8)
    head = text[:_HEAD].lstrip()
    for pattern, name in _FORMATS:
        if pattern.match(head):
            message = f"This is {name}, not JSON. Export the response of the API as JSON."
            raise UnreadableFile("NOT_JSON", message)
    return text


def is_table(file: BinaryIO) -> bool:
    """Whether the file begins with a header that names the kind of each row; nothing is taken from it."""
    head: bytes = file.peek(_LONGEST_HEADER)  # type: ignore[attr-defined]  # it is buffered
    line = head.partition(b"\n")[0]
    return KIND_PLACE.encode() in line and not line.lstrip().startswith((b"{", b"["))


def is_workbook(file: BinaryIO) -> bool:
    """Whether the file is one of the formats of Excel, or at least an archive; nothing is taken from it."""
    head: bytes = file.peek(len(_ARCHIVE))  # type: ignore[attr-defined]  # it is buffered
    return file.seekable() and head.startswith(_ARCHIVE)


def _in_utf8(file: BinaryIO) -> Iterator[BinaryIO]:
    encoding = _encoding(file.peek(4)[:4]) if file.seekable() else None  # type: ignore[attr-defined]  # buffered
    if encoding is None:
        yield file
        return
    with TemporaryFile(prefix="multichannel-import-") as copy:
        try:
            for piece in codecs.iterdecode(iter(lambda: file.read(_CHUNK), b""), encoding):
                copy.write(piece.encode())
        except UnicodeError:
            raise UnreadableFile("NOT_UTF8", "The file is neither UTF-8 nor UTF-16.") from None
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _encoding(head: bytes) -> str | None:
    """The encoding of a file if it is not UTF-8, by its mark, or by the zero byte of its first character."""
    if head.startswith(_UTF32):
        raise UnreadableFile("NOT_UTF8", "The file is encoded in UTF-32; save it as UTF-8.")
    if head.startswith(_UTF16):
        return "utf-16"
    if len(head) > 1 and 0 in head[:2] and any(head[:2]):
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return None
