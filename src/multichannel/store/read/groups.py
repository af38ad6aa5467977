"""Groups of the visible rows of a list, with counts and sums.

A key or a value that may not be read counts as unknown, as in orders, and so does a related record that is
not visible: records that differ only in what is hidden are in one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, func, select

from multichannel.store.read.filters import OPERATORS
from multichannel.store.read.functions import MonthOf
from multichannel.store.read.list_query import Condition, ReadableColumn, ReadableRelation
from multichannel.store.read.ordering import ranked, readable_value

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.read.visible_rows import VisibleRows

COUNT = "count"
"""The measure that every group has: the number of its records."""


@dataclass(frozen=True, slots=True)
class ColumnKey:
    """Groups by the value of a column, or by the month of a time."""

    column: ReadableColumn
    by_month: bool = False


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Groups by the related record at the end of a relation to one; as a measure, counts these."""

    link: ReadableRelation


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a column; of the visible rows below each record, if it is that of a relation to many."""

    column: ReadableColumn
    link: ReadableRelation | None = None


@dataclass(frozen=True, slots=True)
class Having:
    """A condition on a measure."""

    measure: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class GroupQuery:
    """The query of groups: by the values of keys, each with its measures."""

    keys: dict[str, ColumnKey | RecordKey]
    measures: dict[str, Sum | RecordKey]
    """What is computed beside `COUNT`."""
    condition: Condition
    having: Sequence[Having]
    order: Sequence[tuple[str, bool]]
    """Measures, and whether they descend; groups that are equal by these come in the order of their keys."""
    limit: int


class Groups:
    """Makes the SELECT of groups of what one principal sees."""

    def __init__(self, rows: VisibleRows) -> None:
        self._rows = rows

    def select(self, resource: Resource, query: GroupQuery) -> Select[Any]:
        """Keys and measures of each group."""
        parts = {**query.keys, **query.measures}
        entity = resource.mapped
        base = self._rows.visible(
            resource,
            [self._value(resource, entity, part).label(name) for name, part in parts.items()],
            query.condition,
        ).subquery()
        joined: Any = base
        columns: dict[str, Any] = {}
        for name, part in parts.items():
            columns[name] = base.c[name]
            if isinstance(part, RecordKey) or part_link(part) is not None:
                other, reference = self._joined(part, base, name)
                joined = joined.outerjoin(other, other.c.id == reference)
                columns[name] = other.c.id if isinstance(part, RecordKey) else other.c.sum_
        grouped = (
            select(
                *(columns[name].label(name) for name in query.keys),
                *(_measure(part, columns[name]).label(name) for name, part in query.measures.items()),
                func.count().label(COUNT),
            )
            .select_from(joined)
            .group_by(*(columns[name] for name in query.keys))
            .subquery()
        )
        return (
            select(grouped)
            .where(*(OPERATORS[each.operator](grouped.c[each.measure], each.value) for each in query.having))
            .order_by(*_order(grouped, query))
            .limit(query.limit)
        )

    def _value(self, resource: Resource, entity: Any, part: ColumnKey | RecordKey | Sum) -> Any:
        """The value of a row, as far as it may be read; of a related record, the reference to it."""
        readable = self._rows.visibility(resource).condition
        if isinstance(part, RecordKey):
            return readable_value(entity, part.link.local, part.link.read, readable)
        if isinstance(part, Sum) and part.link is not None:
            return getattr(entity, part.link.local)
        value = readable_value(entity, part.column.name, part.column.read, readable)
        return MonthOf(value) if isinstance(part, ColumnKey) and part.by_month else value

    def _joined(self, part: RecordKey | Sum | ColumnKey, base: Any, name: str) -> tuple[Any, Any]:
        """The visible records that references point to, or the sums by reference, and the reference."""
        if isinstance(part, RecordKey):
            target = part.link.target
            ids = self._rows.visible(target, []).subquery()
            return ids, base.c[name]
        link, column = part_link(part), part.column
        if link is None:
            raise TypeError("a sum of no relation")
        target, entity = link.target, link.target.mapped
        readable = self._rows.visibility(target).condition
        below = self._rows.visible(
            target,
            [
                readable_value(entity, link.remote, link.remote_read, readable).label("of_"),
                readable_value(entity, column.name, column.read, readable).label("value_"),
            ],
        ).subquery()
        sums = select(below.c.of_.label("id"), func.sum(below.c.value_).label("sum_")).group_by(below.c.of_)
        return sums.subquery(), base.c[name]


def part_link(part: ColumnKey | RecordKey | Sum) -> ReadableRelation | None:
    """The relation to many that a sum is of."""
    return part.link if isinstance(part, Sum) else None


def _measure(part: Sum | RecordKey, column: Any) -> Any:
    return func.count(column.distinct()) if isinstance(part, RecordKey) else func.sum(column)


def _order(grouped: Any, query: GroupQuery) -> list[Any]:
    order: list[Any] = []
    for name, descending in query.order:
        column = func.coalesce(grouped.c[name], 0)
        order.append(column.desc() if descending else column)
    for name in query.keys:
        column = grouped.c[name]
        order += [case((column.is_(None), 1), else_=0), ranked(column)]
    return order
