"""SELECTs of what a principal sees: windows of lists, counts, rows below a parent, and their columns."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SelectBase,
    case,
    false,
    func,
    literal_column,
    select,
    union,
    union_all,
)

from multichannel.policy.decide.to_sql import Seek
from multichannel.policy.decide.visibility import ReadCoverage, Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.filters import Filters, Grants, read_levels_of
from multichannel.store.read.list_query import (
    ALL_ROWS,
    Condition,
    ListQuery,
    OrderBy,
    ReadableColumn,
    ReadableRelation,
    Window,
)
from multichannel.store.read.ordering import Ordering

ORDERED = "ordered_"
"""The labels of the values that rows are ordered by begin with it, and end with the place of the key."""

COUNTED = "counted_"
"""The label of a count."""
EXACT_COUNT = 10_000
"""Rows of a list beyond so many are not counted."""


def capped_count(count: int) -> int:
    """The number of rows that is told: no more than is counted exactly."""
    return min(count, EXACT_COUNT)


def is_exceeded(count: Any) -> Any:
    """Whether there are more rows than are counted exactly, of a number or in SQL."""
    return count > EXACT_COUNT


def capped_count_of(count: ColumnElement[int]) -> ColumnElement[Any]:
    """`capped_count` in SQL."""
    return case((is_exceeded(count), literal_column(str(EXACT_COUNT), Integer())), else_=count)


class VisibleRows:
    """Makes the SELECTs of one principal for one database."""

    def __init__(self, visibility: Callable[[Resource], Visibility], granted: Grants, database: str) -> None:
        """`database` is the name of the dialect."""
        self.visibility = visibility
        self.filters = Filters(visibility, granted)
        self._is_postgresql = database == "postgresql"

    def ordering(self, resource: Resource, entity: Any, order: OrderBy) -> Ordering:
        """An order of a list, as far as the values may be read."""
        return Ordering(entity, order, self.visibility(resource).condition)

    def columns(
        self, resource: Resource, entity: Any, columns: Collection[ReadableColumn], ordering: Ordering
    ) -> list[Any]:
        """Id, order values, a flag for each level granted on some rows only, and the readable columns."""
        visibility = self.visibility(resource)
        chosen: list[Any] = [entity.id.label("id")]
        chosen += [value.label(f"{ORDERED}{place}") for place, value in enumerate(ordering.values)]
        chosen += [
            visibility.granted(action, entity).label(f"may_{action}")
            for action in read_levels_of(columns)
            if visibility.coverage(action) is ReadCoverage.SOME
        ]
        chosen += [
            getattr(entity, column.name).label(f"v_{column.name}")
            for column in sorted(columns, key=lambda column: column.name)
            if visibility.coverage(column.read) is not ReadCoverage.NONE
        ]
        return chosen

    def window(
        self, resource: Resource, listing: ListQuery, ordering: Ordering, columns: list[Any], limit: Any
    ) -> Select[Any]:
        """The first rows of a list in its window. Each seek finds its candidates by its own index."""
        entity, window = resource.mapped, listing.window
        filters = self.filters.clauses(resource, entity, listing.condition)
        seeks = self.visibility(resource).seeks

        def first(chosen: list[Any], seek: Seek) -> Select[Any]:
            return self._sought(select(*chosen), entity, seek, ordering, window).where(*filters).limit(limit)

        if len(seeks) == 1:
            return first(columns, seeks[0])
        found = select(*columns).order_by(*ordering.by(backwards=window.backwards)).limit(limit)
        if not seeks:
            return found.where(false())
        candidates = [select(first([entity.id], seek).subquery().c.id) for seek in seeks]
        if not self._is_postgresql:
            return found.where(entity.id.in_(union_all(*candidates)))
        ids = union(*candidates).subquery()
        return found.join_from(ids, entity, entity.id == ids.c.id)

    def count(self, resource: Resource, condition: Condition) -> Select[Any]:
        """The number of visible rows of a list, counted to one more than is told exactly."""
        most = EXACT_COUNT + 1
        found = [each.limit(most) for each in self._seeking(resource, [], condition)]
        if len(found) > 1:
            ids: SelectBase = union(*(select(each.subquery()) for each in found)).limit(most)
        else:
            ids = found[0] if found else self.visible(resource, [], condition)
        return select(func.count().label(COUNTED)).select_from(ids.subquery())

    def visible(self, resource: Resource, columns: list[Any], condition: Condition = ALL_ROWS) -> SelectBase:
        """Ids and columns of all visible rows of a list, each row once and in no order."""
        selects = self._seeking(resource, columns, condition)
        if not selects:
            return select(resource.mapped.id.label("id"), *columns).where(false())
        return selects[0] if len(selects) == 1 else union(*selects)

    def _seeking(self, resource: Resource, columns: list[Any], condition: Condition) -> list[Select[Any]]:
        """Ids and columns of the visible rows of a list, those of each seek on their own."""
        entity = resource.mapped
        filters = self.filters.clauses(resource, entity, condition)
        chosen = [entity.id.label("id"), *columns]
        return [
            self._found(select(*chosen), entity, seek).where(*filters)
            for seek in self.visibility(resource).seeks
        ]

    def below(self, resource: Resource, entity: Any, link: ReadableRelation) -> list[ColumnElement[bool]]:
        """The visible rows whose reference to a parent may be read; to which parent, the caller adds.

        Rows of few parents are found by an index of the reference, so that one visibility clause is enough.
        """
        return [
            self.visibility(resource).visible(entity),
            *self.filters.readable(resource, entity, link.remote_read),
        ]

    def _sought(
        self, statement: Select[Any], entity: Any, seek: Seek, ordering: Ordering, window: Window
    ) -> Select[Any]:
        """The rows of one seek in a window, in order.

        For IN, the databases walk the whole table in the order of ids beside the keys, past the rows of all
        other tenants. Joined with the keys in their own order, which an index has, the walk begins at the
        position of the window and ends when the page is full. No index has rows in order that are found by
        other references; PostgreSQL, too, would walk all ids instead, unless it sorts by an expression.
        """
        backwards = window.backwards
        found, identity = self._found(statement, entity, seek), entity.id
        if seek.keys is not None and seek.key == "id":
            *_, direction = ordering.identified_by(*seek.keys.selected_columns).by(backwards=backwards)
            found, identity = self._joined(statement, entity, seek, seek.keys.order_by(direction))
        elif seek.keys is not None and self._is_postgresql:
            identity = func.coalesce(entity.id, entity.id)
        ordering = ordering.identified_by(identity)
        return found.where(*ordering.within(window)).order_by(*ordering.by(backwards=backwards))

    def _found(self, statement: Select[Any], entity: Any, seek: Seek) -> Select[Any]:
        """The rows of one seek, in any order."""
        if seek.keys is None or not self._is_postgresql:
            return statement.where(seek.clause_of(entity))
        return self._joined(statement, entity, seek, seek.keys)[0]

    def _joined(
        self, statement: Select[Any], entity: Any, seek: Seek, keys: Select[Any]
    ) -> tuple[Select[Any], Any]:
        """The rows of one seek joined with the keys, each of these once, and the column of the keys."""
        key: Any
        if self._is_postgresql:
            distinct = keys.distinct().subquery()
            (key,) = distinct.c
            joined = statement.join_from(distinct, entity, getattr(entity, seek.key) == key)
        else:
            (key,) = keys.selected_columns
            related = () if keys.whereclause is None else (keys.whereclause,)
            joined = statement.select_from(*keys.get_final_froms(), entity)
            joined = joined.where(*related, entity.id == key).group_by(key)
        return joined.where(*seek.clauses), key
