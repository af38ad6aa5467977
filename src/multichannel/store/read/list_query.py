"""Queries of a reader: columns with their read level, conditions, orders and windows; pages of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action


@dataclass(frozen=True, slots=True)
class ReadableColumn:
    """A mapped attribute with its read level."""

    name: str
    read: Action


@dataclass(frozen=True, slots=True)
class ReadableRelation:
    """A relation that clients may follow: rows of `target` whose `remote` equals this side's `local`.

    `read` is its read level here, `remote_read` there; None where visibility suffices.
    """

    target: Resource
    local: str
    remote: str
    read: Action | None
    remote_read: Action | None = None


class IdColumn:
    """The id of a record, which is readable wherever the record is visible."""

    name = "id"
    read = None


ID = IdColumn()


@dataclass(frozen=True, slots=True)
class Compare:
    """`column operator value`; false where the column may not be read."""

    column: ReadableColumn | IdColumn
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class TenantIds:
    """The ids of tenants: these values, and those of visible tenants that have one as their directory id."""

    values: tuple[Any, ...]
    targets: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class RelatedTo:
    """Some visible related row fulfils the condition, or none does; false where it may not be read."""

    link: ReadableRelation
    condition: Condition
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Granted:
    """The policy grants the principal an action on the row."""

    action: Action


@dataclass(frozen=True, slots=True)
class Not:
    """The condition is false, or nothing is known of it: a value may be missing, or not readable."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All conditions; true if there are none."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one condition; false if there are none."""

    conditions: tuple[Condition, ...]


Condition = Compare | RelatedTo | Granted | Not | And | Or
ALL_ROWS, NO_ROWS = And(()), Or(())


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A column that rows are ordered by. Unreadable and unknown values come last, or first descending."""

    column: ReadableColumn
    descending: bool = False


@dataclass(frozen=True, slots=True)
class OrderBy:
    """By the values of keys, one after the other, and then by id."""

    keys: tuple[OrderKey, ...] = ()
    descending: bool = False
    """The direction of the ids."""


def by_column(column: ReadableColumn, *, descending: bool = False) -> OrderBy:
    """By one column, with the ids in the same direction."""
    return OrderBy((OrderKey(column, descending),), descending)


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a row in an order: its id and the values of the keys, each None if not readable."""

    values: tuple[Any, ...]
    id: Any


@dataclass(frozen=True, slots=True)
class Window:
    """Up to `size` rows from either end, after or before a position.

    In a statement that is compiled for many requests, the size, as any value of a list query, may be a bound
    parameter.
    """

    size: Any
    backwards: bool = False
    after: Position | None = None
    before: Position | None = None

    def continues(self, *, more: bool) -> tuple[bool, bool]:
        """Whether there are rows before and after the window, if there are `more` on its open side.

        Its closed side is where a position ends it. A position is taken for a row that exists.
        """
        if self.backwards:
            return more, self.before is not None
        return self.after is not None, more


@dataclass(frozen=True, slots=True)
class Children:
    """Restricts a list to the rows of these parents, with a window for each."""

    link: ReadableRelation
    parents: Sequence[Any]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query of a list: the columns, the rows and their order."""

    columns: frozenset[ReadableColumn]
    window: Window
    condition: Condition = ALL_ROWS
    order: OrderBy = field(default_factory=OrderBy)
    children: Children | None = None


@dataclass(slots=True)
class Page:
    """The records of one window, and whether there are more on either side."""

    records: list[LoadedRecord]
    more_after: bool
    more_before: bool


@dataclass(slots=True, eq=False)
class LoadedRecord:
    """One visible row: its readable values, and a denial in place of each other value."""

    resource: Resource
    id: str
    values: Mapping[str, Any]
    position: Position
    batch: Batch | None = None


class Batch:
    """Records that were loaded together, and what is then loaded once for all of them."""

    __slots__ = ("_loaded", "records")

    def __init__(self, records: Sequence[LoadedRecord]) -> None:
        self.records = records
        self._loaded: dict[Any, Any] = {}
        for record in records:
            record.batch = self

    def load_once(self, key: Any, load: Any) -> Any:
        """The result of `load(records)`, which is called for the first record that needs it."""
        try:
            return self._loaded[key]
        except KeyError:
            result = self._loaded[key] = load(self.records)
            return result
