"""The resources in a file, one by one, in memory that does not grow with the file.

The parser's events are put together here and not by ijson's own object builder: that one carries
the whole path of each event, so that 100,000 nested brackets cost it gigabytes; and it is slower.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import ijson

from multichannel.importing.json_error_location import located_json_errors, refuse_half_pairs
from multichannel.importing.problems import UnreadableFile, abbreviate

CHUNK: Final = 64 * 1024
LARGEST_ITEM: Final = 1024 * 1024
DEEPEST: Final = 64

Event: TypeAlias = tuple[str, Any]
_OPENS: Final = {"start_map": dict, "start_array": list}
_CLOSES: Final = frozenset({"end_map", "end_array"})
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a file: its place in the list, counted from 0, and its fields as they came."""

    index: int
    data: dict[str, Any]


def read_items(path: Path, advance: Callable[[int], None] = lambda _bytes: None) -> Iterator[Item]:
    """The resources of a single object, a collection or a list; raises `UnreadableFile`.

    Items yielded before an error are intact. No item may be larger than 1 MiB or nested deeper than
    64 levels. `advance` is called with the number of bytes of each chunk that was read.
    """
    with _opened(path) as file:
        yield from _items(file, advance)


def _items(file: BinaryIO, advance: Callable[[int], None]) -> Iterator[Item]:
    items: list[Item] = []
    parser = _parser(_assembler(items))
    since_item = count = 0
    blank = True
    for piece in _pieces(file):
        refuse_half_pairs(piece)
        with located_json_errors(file, CHUNK):
            parser.send(piece)
        advance(len(piece))
        blank = blank and piece.isspace()
        since_item = 0 if items else since_item + len(piece)
        count += len(items)
        if since_item > LARGEST_ITEM:
            message = f"One item is larger than {LARGEST_ITEM:,} bytes, which is the limit."
            raise UnreadableFile("ITEM_TOO_LARGE", message, count)
        yield from items
        items.clear()
    if blank:
        raise UnreadableFile("EMPTY_FILE", "The file is empty.")
    with located_json_errors(file, CHUNK):
        parser.close()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file in chunks, each cut after a quotation mark so that no escape sequence is split."""
    held = _without_mark(file.read(CHUNK))
    while chunk := file.read(CHUNK):
        piece, quote, rest = held.rpartition(b'"')
        yield piece + quote or held
        held = (rest if quote else b"") + chunk
    if held:
        yield held


def _parser(target: Generator[None, Event, None]) -> Generator[None, bytes, None]:
    """The C parser: it turns bytes sent to it into events at `target`."""
    next(target)
    # Without `use_float` an endless integer is an error inside the C code instead of a parse error.
    parser: Generator[None, bytes, None] = ijson.basic_parse_coro(target, use_float=True)
    return parser


def _assembler(items: list[Item]) -> Generator[None, Event, None]:
    """Builds values from the events sent to it, and appends each complete resource to `items`."""
    enclosing: list[tuple[Any, str]] = []  # each open container's own holder and key, outermost first
    holder: Any = None
    key, index = "", 0
    while True:
        event, value = yield
        if event == "map_key":
            key = value
            continue
        if event in _OPENS:
            if len(enclosing) == DEEPEST:
                raise UnreadableFile("TOO_DEEP", f"More than {DEEPEST} levels of brackets.", index)
            enclosing.append((holder, key))
            holder = _OPENS[event]()
            continue
        if event in _CLOSES:
            value = holder
            holder, key = enclosing.pop()
        if type(holder) is dict:
            holder[key] = value
        elif _holds_resources(enclosing):
            items.append(Item(index, _object(value, index)))
            index += 1
            _forget(enclosing)
        elif enclosing:
            holder.append(value)
        else:
            items.extend(_single(value))


def _holds_resources(enclosing: list[tuple[Any, str]]) -> bool:
    """Whether the innermost open list is the bare list, or the `items` of a collection."""
    if len(enclosing) == 1:
        return True
    return len(enclosing) == 2 and enclosing[1][1] == "items" and type(enclosing[1][0]) is dict  # noqa: PLR2004  (a list in an object)


def _forget(enclosing: list[tuple[Any, str]]) -> None:
    """Drop the fields around the items, so that they do not accumulate in memory."""
    if len(enclosing) > 1:
        enclosing[1][0].clear()


def _single(top: object) -> list[Item]:
    """The items of a file that holds a single value; none if they were emitted while parsing."""
    if type(top) is list:
        return []
    resource = _object(top, None)
    if "items" not in resource and not _is_collection(resource):
        return [Item(0, resource)]
    if type(resource.get("items")) is not list:
        raise UnreadableFile(
            "ITEMS_NOT_A_LIST", "A collection must hold its resources in a list named `items`."
        )
    return []


def _is_collection(resource: dict[str, Any]) -> bool:
    attributes = resource.get("attributes")
    return type(attributes) is dict and attributes.get("objectType") == "Collection"


def _object(value: object, index: int | None) -> dict[str, Any]:
    if type(value) is not dict:
        raise UnreadableFile(
            "NOT_AN_OBJECT", f"A resource must be an object, not {abbreviate(value)}.", index
        )
    return value


def _without_mark(chunk: bytes) -> bytes:
    """The first chunk without its byte order mark."""
    if chunk.startswith(_UTF16):
        raise UnreadableFile("NOT_UTF8", "The file is encoded in UTF-16; save it as UTF-8.")
    return chunk.removeprefix(codecs.BOM_UTF8)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise UnreadableFile("FILE_MISSING", "File not found.") from None
    except IsADirectoryError:
        raise UnreadableFile("IS_A_DIRECTORY", "This is a directory; name the files in it.") from None
    except PermissionError:
        raise UnreadableFile("NO_PERMISSION", "Permission denied.") from None
    except (OSError, ValueError) as error:
        raise UnreadableFile("FILE_FAILED", f"The file cannot be read: {error}.") from None
