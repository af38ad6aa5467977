"""What a reader asks for: columns with their degree of reading, filters, orders, windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action


@dataclass(frozen=True, slots=True)
class ReadableColumn:
    """A mapped attribute as clients may see it: `read` is the degree of reading it belongs to."""

    name: str
    read: Action


@dataclass(frozen=True, slots=True)
class ReadableRelation:
    """A relation clients may follow: rows of `target` whose `remote` equals this side's `local`.

    `read` is the degree of reading it belongs to here, `remote_read` there; None where to be seen is enough.
    """

    target: Resource
    local: str
    remote: str
    read: Action | None
    remote_read: Action | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """`column operator value`; it holds only where the column may be read."""

    column: ReadableColumn
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """Some visible related row passes."""

    link: ReadableRelation
    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of nothing, true."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them; of nothing, false."""

    conditions: tuple[Condition, ...]


Condition = Compare | RelatedTo | And | Or
EVERYTHING = And(())


@dataclass(frozen=True, slots=True)
class OrderBy:
    """By one column and then by id; with no column, by id. Unreadable and unknown values come last."""

    column: ReadableColumn | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in an order: what it was ordered by, as far as it was readable, and its id."""

    value: Any
    id: str


@dataclass(frozen=True, slots=True)
class Window:
    """Up to `size` rows from one end, or after or before a position."""

    size: int
    backwards: bool = False
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Children:
    """Restricts a list to the rows of these parents, windowed for each."""

    link: ReadableRelation
    parents: Sequence[Any]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list: what to show of which rows."""

    columns: frozenset[ReadableColumn]
    window: Window
    condition: Condition = EVERYTHING
    order: OrderBy = field(default_factory=OrderBy)
    children: Children | None = None


@dataclass(slots=True)
class Page:
    """Rows of one window with what lies beyond it."""

    records: list[LoadedRecord]
    more_after: bool
    more_before: bool


@dataclass(slots=True, eq=False)
class LoadedRecord:
    """One visible row: readable values, and for the others the denial that stands in their place."""

    resource: Resource
    id: str
    values: Mapping[str, Any]
    position: Position
    batch: Batch | None = None


class Batch:
    """Rows that were loaded together, and what was then loaded for all of them at once."""

    __slots__ = ("_loaded", "records")

    def __init__(self, records: Sequence[LoadedRecord]) -> None:
        """Make the rows know each other."""
        self.records = records
        self._loaded: dict[Any, Any] = {}
        for record in records:
            record.batch = self

    def load_once(self, key: Any, load: Any) -> Any:
        """What `load(records)` gives, called for the first sibling that asks."""
        try:
            return self._loaded[key]
        except KeyError:
            found = self._loaded[key] = load(self.records)
            return found
