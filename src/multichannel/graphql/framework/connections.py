"""Connections: windows of lists, read when something of them is asked for, for all siblings at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from multichannel.errors import BadInput
from multichannel.graphql.framework.cursors import mark, read_cursor, write_cursor
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.query import (
    Children,
    Condition,
    ListQuery,
    LoadedRecord,
    OrderBy,
    Page,
    ReadableColumn,
    ReadableRelation,
    Window,
)

if TYPE_CHECKING:
    from multichannel.store.read.reader import Reader

DEFAULT_SIZE, LARGEST_SIZE = 20, 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of a connection, understood."""

    resource: Resource
    window: Window
    condition: Condition
    order: OrderBy
    marked: str


def asked(resource: Resource, arguments: dict[str, Any], condition: Condition, order: OrderBy) -> Asked:
    """Check the page arguments; BadInput tells which one is wrong."""
    first, last = _size(arguments, "first"), _size(arguments, "last")
    if first is not None and last is not None:
        message = "first and last exclude each other: page forwards with first, backwards with last."
        raise BadInput(message)
    marked = mark(resource.name, order.column and order.column.name, order.descending)
    kind = _kind(resource, order)
    after, before = (
        read_cursor(arguments[name], marked, kind) if arguments.get(name) is not None else None
        for name in ("after", "before")
    )
    window = Window(last or first or DEFAULT_SIZE, last is not None, after, before)
    return Asked(resource, window, condition, order, marked)


def _size(arguments: dict[str, Any], name: str) -> int | None:
    size: int | None = arguments.get(name)
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        message = f"{name} is {size}; a page has 1 to {LARGEST_SIZE}."
        raise BadInput(message)
    return size


def _kind(resource: Resource, order: OrderBy) -> type:
    if order.column is None:
        return type(None)
    kind: type = resource.column(order.column.name).type.python_type
    return str if issubclass(kind, str) else datetime if issubclass(kind, datetime) else kind


@dataclass(frozen=True, slots=True)
class Edge:
    """A record in a list, with its place."""

    node: LoadedRecord
    cursor: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What lies beyond a window."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class Connection:
    """A window of a list. Nothing is read before a field needs it; then once, for all siblings."""

    def __init__(self, reader: Reader, what: Asked, columns: frozenset[ReadableColumn]) -> None:
        """`columns` are those selected below."""
        self._reader = reader
        self._asked = what
        self._columns = columns

    @property
    def nodes(self) -> list[LoadedRecord]:
        """The records."""
        return self._page.records

    @property
    def edges(self) -> list[Edge]:
        """The records with their cursors."""
        return [Edge(record, self._cursor(record)) for record in self._page.records]

    @property
    def page_info(self) -> PageInfo:
        """What lies beyond the window, and its first and last cursors."""
        page = self._page
        ends = [self._cursor(page.records[place]) for place in (0, -1)] if page.records else [None, None]
        return PageInfo(page.more_after, page.more_before, ends[0], ends[1])

    @cached_property
    def total_count(self) -> int:
        """How many records the whole list has, its filter applied."""
        return self._reader.count(self._asked.resource, self._asked.condition)

    @cached_property
    def _page(self) -> Page:
        return self._reader.page(self._asked.resource, self._listing(None))

    def _listing(self, children: Children | None) -> ListQuery:
        return ListQuery(
            self._columns, self._asked.window, self._asked.condition, self._asked.order, children
        )

    def _cursor(self, record: LoadedRecord) -> str:
        return write_cursor(record.position, self._asked.marked)


class NestedConnection(Connection):
    """A window of a record's own list, read for all records of its batch in one statement."""

    def __init__(
        self,
        reader: Reader,
        what: Asked,
        columns: frozenset[ReadableColumn],
        parent: LoadedRecord,
        link: ReadableRelation,
    ) -> None:
        """`link` leads from the parent to the list."""
        super().__init__(reader, what, columns)
        self._parent = parent
        self._link = link

    @cached_property
    def total_count(self) -> int:
        """How many records the parent's whole list has, its filter applied."""
        what = self._asked
        counts: dict[str, int] = batch_of(self._parent).load_once(
            ("count", self._link, what.condition),
            lambda parents: self._reader.counts(what.resource, self._children(parents), what.condition),
        )
        return counts.get(self._parent.id, 0)

    @cached_property
    def _page(self) -> Page:
        pages: dict[str, Page] = batch_of(self._parent).load_once(
            (self._link, self._asked, self._columns),
            lambda parents: self._reader.pages(self._asked.resource, self._listing(self._children(parents))),
        )
        empty = Page([], more_after=False, more_before=False)
        return pages.get(self._parent.id, empty)

    def _children(self, parents: list[LoadedRecord]) -> Children:
        return Children(self._link, sorted(parent.id for parent in parents))


def batch_of(record: LoadedRecord) -> Any:
    """The rows a record was loaded with."""
    if record.batch is None:
        message = f"a {record.resource.name} that was not loaded with others"
        raise LookupError(message)
    return record.batch
