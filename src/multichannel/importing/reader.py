"""The resources in a file, one by one, in memory that does not grow with the file.

A file holds a resource, a collection, a list, a list of collections (pages), or several of these one after
the other, as in JSON Lines; or it is a table (`vendor_tables.py`).

The parser's events are put together here and not by ijson's own object builder: that one carries
the whole path of each event, so that 100,000 nested brackets cost it gigabytes; and it is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import ijson

from multichannel.importing.input_files import is_table, is_workbook, opened, without_mark
from multichannel.importing.json_error_location import located_json_errors, refuse_half_pairs
from multichannel.importing.pages import KEPT, WRAPPERS, CollectionPage, is_collection, is_page
from multichannel.importing.problems import UnreadableFile, abbreviate

CHUNK: Final = 64 * 1024
LARGEST_ITEM: Final = 1024 * 1024
DEEPEST: Final = 64

Event: TypeAlias = tuple[str, Any]
Frames: TypeAlias = list[tuple[Any, str]]
"""Each open container's own holder and key, outermost first."""
FoundPage: TypeAlias = Callable[[CollectionPage], None]
_OPENS: Final = {"start_map": dict, "start_array": list}
_CLOSES: Final = frozenset({"end_map", "end_array"})
_IN_COLLECTION: Final = 2
"""How many containers are open in the list of a collection."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a file: its place in the list, counted from 0, and its fields as they came."""

    index: int
    data: dict[str, Any]


def _ignore(_value: Any) -> None:
    pass


def read_items(
    path: Path,
    advance: Callable[[int], None] = _ignore,
    found_page: FoundPage = _ignore,
) -> Iterator[Item]:
    """The resources of a file; raises `UnreadableFile`.

    Items yielded before an error are intact. No item may be larger than 1 MiB or nested deeper than
    64 levels. `advance` is called with the number of bytes of each chunk that was read, `found_page` with
    each collection.
    """
    with opened(path) as file:
        if is_table(file):
            # Most files are no tables, and their kinds take more memory than reading a file.
            from multichannel.importing.vendor_tables import rows_of  # noqa: PLC0415

            yield from (Item(index, row) for index, row in enumerate(rows_of(file, advance)))
        elif is_workbook(file):
            from multichannel.importing.vendor_tables import rows_of_workbook  # noqa: PLC0415

            yield from (Item(index, row) for index, row in enumerate(rows_of_workbook(file)))
        else:
            yield from _items(file, advance, found_page)


def _items(file: BinaryIO, advance: Callable[[int], None], found_page: FoundPage) -> Iterator[Item]:
    assembler = _Assembler(found_page)
    items = assembler.items
    parser = _parser(assembler.receive())
    since_item = count = 0
    blank = True
    for piece in _pieces(file):
        refuse_half_pairs(piece)
        with located_json_errors(file, CHUNK, assembler.is_between_values):
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
    with located_json_errors(file, CHUNK, assembler.is_between_values):
        parser.close()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The file in chunks, each cut after a quotation mark so that no escape sequence is split."""
    held = without_mark(file.read(CHUNK))
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
    parser: Generator[None, bytes, None] = ijson.basic_parse_coro(
        target, use_float=True, multiple_values=True
    )
    return parser


class _Assembler:
    """Builds values from the parser's events, and appends each complete resource to `items`."""

    def __init__(self, found_page: FoundPage) -> None:
        self.items: list[Item] = []
        self._found_page = found_page
        self._enclosing: Frames = []
        self._starts: dict[int, int] = {}  # by the depth of an object, the index of the first item in it
        self._kinds: dict[int, Any] = {}  # by the same depth, the kind of that item
        self._index = self._values = 0

    def is_between_values(self) -> bool:
        """Whether a value has ended, and no other has begun."""
        return self._values > 0 and not self._enclosing

    def receive(self) -> Generator[None, Event, None]:
        """Receives the events."""
        enclosing = self._enclosing
        holder: Any = None
        key = ""
        while True:
            event, value = yield
            if event == "map_key":
                key = value
                continue
            if event in _OPENS:
                if len(enclosing) == DEEPEST:
                    raise UnreadableFile("TOO_DEEP", f"More than {DEEPEST} levels of brackets.", self._index)
                enclosing.append((holder, key))
                holder = _OPENS[event]()
                self._starts[len(enclosing)] = self._index
                continue
            if event in _CLOSES:
                value = holder
                holder, key = enclosing.pop()
            if type(holder) is dict:
                holder[key] = value
            elif _holds_resources(enclosing):
                self._add(value, len(enclosing) + 1)
                _forget(enclosing)
            elif enclosing:
                holder.append(value)
            else:
                self._end(value)

    def _add(self, value: object, depth: int) -> None:
        """Add a resource, or what is left of a page whose items were added as they came."""
        if type(value) is dict and is_page(value):
            for each in value.pop("items", None) or value.pop("value", None) or ():
                self._add_resource(each, depth)
            self._end_page(value, depth)
        else:
            self._add_resource(value, depth)

    def _add_resource(self, value: object, depth: int) -> None:
        if type(value) is not dict:
            message = f"A resource must be an object, not {abbreviate(value)}."
            raise UnreadableFile("NOT_AN_OBJECT", message, self._index)
        attributes = value.get("attributes")
        kind = attributes.get("objectType") if type(attributes) is dict else None
        for level in (1, depth):
            if self._starts.get(level) == self._index:
                self._kinds[level] = kind
        self.items.append(Item(self._index, value))
        self._index += 1

    def _end(self, top: object) -> None:
        """Take a whole value of the file: a resource, or what is left of a collection or a list."""
        self._values += 1
        if type(top) is list:
            return
        if type(top) is not dict:
            raise UnreadableFile("NOT_AN_OBJECT", f"A resource must be an object, not {abbreviate(top)}.")
        holds_list = any(type(top.get(wrapper)) is list for wrapper in WRAPPERS)
        if holds_list or ("items" in top or is_collection(top)):
            if not holds_list and top.get("totalCount") != 0:
                message = "A collection must hold its resources in a list named `items`."
                raise UnreadableFile("ITEMS_NOT_A_LIST", message)
            self._end_page(top, 1)
        else:
            self._starts[1] = self._index
            self._add_resource(top, 1)

    def _end_page(self, page: dict[str, Any], depth: int) -> None:
        count = self._index - self._starts.get(depth, self._index)
        self._found_page(CollectionPage.of(page, count, self._kinds.get(depth) if count else None))


def _holds_resources(enclosing: Frames) -> bool:
    """Whether the innermost open list holds resources: it is bare, or that of a collection, or of a page.

    A list in an item of a list is data, unless the item has shown to be a page.
    """
    depth = len(enclosing)
    if depth <= 1:
        return depth == 1
    holder, key = enclosing[-1]
    if key not in WRAPPERS or type(holder) is not dict:
        return False
    if depth == _IN_COLLECTION:
        return True
    return type(enclosing[-2][0]) is list and is_page(holder) and _holds_resources(enclosing[:-2])


def _forget(enclosing: Frames) -> None:
    """Drop the fields around the items, so that they do not accumulate in memory."""
    for holder, _ in enclosing[1:]:
        if type(holder) is dict and len(holder) > len(KEPT):
            for name in holder.keys() - KEPT:
                del holder[name]
