"""Where a file stops being JSON, and why, in words for the person who has to mend it."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final

import ijson

from multichannel.importing.problems import Unreadable, brief

_REASON: Final = re.compile(r"error: ([^\\\n]*)")
_KNOWN: Final = {
    "premature EOF": ("NOT_JSON", "The file ends in the middle of a value"),
    "trailing garbage": ("TRAILING_GARBAGE", "Something follows the end of the JSON text"),
    "invalid bytes in UTF8 string": ("NOT_UTF8", "These bytes are not UTF-8"),
}
_READ_AHEAD: Final = 4
"""The chunks by which a file may have been read beyond what was refused, and one to spare."""
_HIGH_SURROGATE: Final = re.compile(rb"\\u[dD][89abAB]")
_HALF_PAIR: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB]..(?=[^\\]|\\...)(?!\\u[dD][c-fC-F])", re.DOTALL
)


def refuse_half_pairs(piece: bytes) -> None:
    """Refuses a high surrogate without its low one: the parser would make a question mark of it.

    The piece must not begin or end inside an escape, so it is best cut behind a quotation mark.
    """
    if _HIGH_SURROGATE.search(piece) and (half := _HALF_PAIR.search(piece)):
        shown = brief(half[0].decode(errors="replace"))
        raise Unreadable("BAD_TEXT", f"Half of a surrogate pair stands in a text: {shown}.")


@contextmanager
def explained(file: BinaryIO, chunk: int) -> Iterator[None]:
    """Turns the parser's errors over the last few chunks of this size that were read into `Unreadable`."""
    try:
        yield
    except ijson.JSONError as error:
        found = _REASON.search(str(error))
        reason = found[1].strip(" .") if found else "no reason given"
        code, sentence = _KNOWN.get(reason, ("NOT_JSON", f"Not JSON: {reason}"))
    except UnicodeDecodeError:
        code, sentence = "BAD_TEXT", "Half of a surrogate pair stands in a text"
    else:
        return
    raise Unreadable(code, f"{sentence}{_place(file, chunk)}.")


def _place(file: BinaryIO, chunk: int) -> str:
    """The line and column of the first byte that the parser refuses.

    The parser keeps no count, so the file is read again, its last chunks byte by byte; a pipe
    cannot be.
    """
    if not file.seekable():
        return ""
    whole = max(0, file.tell() - _READ_AHEAD * chunk) // chunk
    file.seek(0)
    sink = _ignore()
    next(sink)
    parser = ijson.basic_parse_coro(sink, use_float=True)
    line, column = 1, 1
    with suppress(ijson.JSONError, UnicodeDecodeError):
        for piece in _pieces(file, whole, chunk):
            parser.send(piece)
            ends = piece.count(b"\n")
            line += ends
            column = len(piece) - piece.rindex(b"\n") if ends else column + len(piece)
    return f", line {line:,}, column {column:,}"


def _pieces(file: BinaryIO, whole: int, chunk: int) -> Iterator[bytes]:
    """This many whole chunks, then what follows byte by byte; without the byte order mark."""
    file.seek(len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0)
    for _ in range(whole):
        yield file.read(chunk)
    while byte := file.read(1):
        yield byte


def _ignore() -> Generator[None, Any, None]:
    while True:
        yield
