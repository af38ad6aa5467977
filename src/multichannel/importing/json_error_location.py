"""Line and column of a JSON error, with its cause in plain words."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final

import ijson

from multichannel.importing.problems import UnreadableFile, abbreviate

_REASON: Final = re.compile(r"error: ([^\\\n]*)")
_KNOWN: Final = {
    "premature EOF": ("NOT_JSON", "The file ends in the middle of a value"),
    "trailing garbage": ("TRAILING_GARBAGE", "There is text after the end of the JSON value"),
    "invalid bytes in UTF8 string": ("NOT_UTF8", "These bytes are not UTF-8"),
}
_READ_AHEAD: Final = 4
"""How many chunks the parser may be ahead of the byte it rejects, with one to spare."""
_HIGH_SURROGATE: Final = re.compile(rb"\\u[dD][89abAB]")
_HALF_PAIR: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB]..(?=[^\\]|\\...)(?!\\u[dD][c-fC-F])", re.DOTALL
)


def refuse_half_pairs(piece: bytes) -> None:
    """Reject an unpaired high surrogate, which the parser would silently replace by a question mark.

    The piece must not begin or end inside an escape: cut it after a quotation mark.
    """
    if _HIGH_SURROGATE.search(piece) and (half := _HALF_PAIR.search(piece)):
        text = abbreviate(half[0].decode(errors="replace"))
        raise UnreadableFile("BAD_TEXT", f"A string contains an unpaired surrogate: {text}.")


@contextmanager
def located_json_errors(file: BinaryIO, chunk: int, is_between_values: Callable[[], bool]) -> Iterator[None]:
    """Turn the parser's errors in the chunks read last into `UnreadableFile` with line and column."""
    try:
        yield
    except ijson.JSONError as error:
        match = _REASON.search(str(error))
        reason = match[1].strip(" .") if match else "unknown reason"
        code, sentence = _KNOWN.get(reason, ("NOT_JSON", f"Not JSON: {reason}"))
        if code == "NOT_JSON" and is_between_values():
            code, sentence = _KNOWN["trailing garbage"]
    except UnicodeDecodeError:
        code, sentence = "BAD_TEXT", "A string contains an unpaired surrogate"
    else:
        return
    raise UnreadableFile(code, f"{sentence}{_place(file, chunk)}.")


def _place(file: BinaryIO, chunk: int) -> str:
    """The line and column of the first byte that the parser rejects; empty for a pipe.

    The parser does not count lines, so the file is read again, the last chunks byte by byte.
    """
    if not file.seekable():
        return ""
    whole = max(0, file.tell() - _READ_AHEAD * chunk) // chunk
    file.seek(0)
    sink = _ignore()
    next(sink)
    parser = ijson.basic_parse_coro(sink, use_float=True, multiple_values=True)
    line, column = 1, 1
    with suppress(ijson.JSONError, UnicodeDecodeError):
        for piece in _pieces(file, whole, chunk):
            parser.send(piece)
            ends = piece.count(b"\n")
            line += ends
            column = len(piece) - piece.rindex(b"\n") if ends else column + len(piece)
    return f", line {line:,}, column {column:,}"


def _pieces(file: BinaryIO, whole: int, chunk: int) -> Iterator[bytes]:
    """`whole` chunks, then the rest byte by byte, without the byte order mark."""
    file.seek(len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0)
    for _ in range(whole):
        yield file.read(chunk)
    while byte := file.read(1):
        yield byte


def _ignore() -> Generator[None, Any, None]:
    while True:
        yield
