"""Connections: pages of lists, loaded lazily and for all records of a batch at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from multichannel.errors import BadInput
from multichannel.graphql.framework.cursors import list_digest, read_cursor, write_cursor
from multichannel.graphql.framework.strawberry_types import described, value_type
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.list_query import (
    Children,
    Condition,
    ListQuery,
    LoadedRecord,
    OrderBy,
    OrderKey,
    Page,
    ReadableColumn,
    ReadableRelation,
    Window,
)
from multichannel.store.read.ordering import key_type
from multichannel.store.read.visible_rows import capped_count, is_exceeded

if TYPE_CHECKING:
    from multichannel.store.read.reader import Reader

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 20, 100


@dataclass(frozen=True, slots=True)
class ConnectionArguments:
    """The validated arguments of a connection."""

    resource: Resource
    window: Window
    condition: Condition
    order: OrderBy
    digest: str


def read_connection_arguments(
    resource: Resource,
    arguments: dict[str, Any],
    condition: Condition,
    order: OrderBy,
    max_page_size: int = MAX_PAGE_SIZE,
) -> ConnectionArguments:
    """Validate the page arguments; raises BadInput."""
    first, last = (_size(arguments, name, max_page_size) for name in ("first", "last"))
    if first is not None and last is not None:
        message = "first and last are mutually exclusive: use first to page forwards, last to page backwards."
        raise BadInput(message)
    keys = [(key.column.name, key.descending) for key in order.keys]
    digest = list_digest(resource.name, keys, order.descending)
    kinds = [_kind(resource, key) for key in order.keys]
    after, before = (
        read_cursor(arguments[name], digest, kinds) if arguments.get(name) is not None else None
        for name in ("after", "before")
    )
    size = next((each for each in (last, first) if each is not None), DEFAULT_PAGE_SIZE)
    window = Window(size, last is not None, after, before)
    return ConnectionArguments(resource, window, condition, order, digest)


def _size(arguments: dict[str, Any], name: str, largest: int) -> int | None:
    size: int | None = arguments.get(name)
    if size is not None and not 0 <= size <= largest:
        message = f"{name} must be between 0 and {largest}, not {size}."
        raise BadInput(message)
    return size


def _kind(resource: Resource, key: OrderKey) -> type:
    kind: type = key_type(resource, key).python_type
    return str if issubclass(kind, str) else datetime if issubclass(kind, datetime) else kind


@dataclass(frozen=True, slots=True)
class Edge:
    """A record in a list, with its cursor."""

    node: LoadedRecord
    cursor: str


@value_type
class PageInfo:
    """Whether a list continues before and after a page."""

    has_next_page: bool = described("Whether there are records after the page.")
    has_previous_page: bool = described("Whether there are records before the page.")
    start_cursor: str | None = described("The cursor of the first record; null for an empty page.")
    end_cursor: str | None = described("The cursor of the last record; null for an empty page.")


class Connection:
    """A page of a list, loaded when a field needs it."""

    def __init__(
        self, reader: Reader, arguments: ConnectionArguments, columns: frozenset[ReadableColumn]
    ) -> None:
        self._reader = reader
        self._arguments = arguments
        self._columns = columns

    @property
    def nodes(self) -> list[LoadedRecord]:
        """The records of the page."""
        return self._page.records

    @property
    def edges(self) -> list[Edge]:
        """The records of the page with their cursors."""
        return [Edge(record, self._cursor(record)) for record in self._page.records]

    @property
    def page_info(self) -> PageInfo:
        """Whether there is more, and the cursors of the ends of the page."""
        page = self._page
        ends = [self._cursor(page.records[place]) for place in (0, -1)] if page.records else [None, None]
        return PageInfo(
            has_next_page=page.more_after,
            has_previous_page=page.more_before,
            start_cursor=ends[0],
            end_cursor=ends[1],
        )

    @property
    def total_count(self) -> int:
        """The number of records that match the filter, on all pages, as far as it is told."""
        return capped_count(self._count)

    @property
    def total_count_is_at_least(self) -> bool:
        """Whether there are more records than `total_count`."""
        return bool(is_exceeded(self._count))

    @cached_property
    def _count(self) -> int:
        return self._reader.count(self._arguments.resource, self._arguments.condition)

    @cached_property
    def _page(self) -> Page:
        return self._reader.page(self._arguments.resource, self._listing(None))

    def _listing(self, children: Children | None) -> ListQuery:
        return ListQuery(
            self._columns, self._arguments.window, self._arguments.condition, self._arguments.order, children
        )

    def _cursor(self, record: LoadedRecord) -> str:
        return write_cursor(record.position, self._arguments.digest)


class NestedConnection(Connection):
    """A page of a record's own list, loaded for all records of its batch in one statement."""

    def __init__(
        self,
        reader: Reader,
        arguments: ConnectionArguments,
        columns: frozenset[ReadableColumn],
        parent: LoadedRecord,
        link: ReadableRelation,
    ) -> None:
        """`link` leads from the parent to the list."""
        super().__init__(reader, arguments, columns)
        self._parent = parent
        self._link = link

    @cached_property
    def _count(self) -> int:
        """Of the parent's records that match the filter, on all pages."""
        arguments = self._arguments
        counts: dict[str, int] = batch_of(self._parent).load_once(
            ("count", self._link, arguments.condition),
            lambda parents: self._reader.counts(
                arguments.resource, self._children(parents), arguments.condition
            ),
        )
        return counts.get(self._parent.id, 0)

    @cached_property
    def _page(self) -> Page:
        pages: dict[str, Page] = batch_of(self._parent).load_once(
            (self._link, self._arguments, self._columns),
            lambda parents: self._reader.pages(
                self._arguments.resource, self._listing(self._children(parents))
            ),
        )
        if (page := pages.get(self._parent.id)) is not None:
            return page
        before, after = self._arguments.window.continues(more=False)
        return Page([], more_after=after, more_before=before)

    def _children(self, parents: list[LoadedRecord]) -> Children:
        return Children(self._link, sorted(parent.id for parent in parents))


def batch_of(record: LoadedRecord) -> Any:
    """The records that a record was loaded with."""
    if record.batch is None:
        message = f"{record.resource.name} {record.id} was not loaded in a batch"
        raise LookupError(message)
    return record.batch
