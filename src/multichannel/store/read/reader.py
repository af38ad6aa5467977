"""Lists, records and counts: one statement each, within what the principal may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select

from multichannel.errors import NotPermitted
from multichannel.policy.decide.visibility import ReadCoverage, Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.access import Access
from multichannel.store.decision_recorder import PendingDecision, read_levels, records_list
from multichannel.store.read.groups import COUNT, GroupQuery, Groups
from multichannel.store.read.list_query import (
    ALL_ROWS,
    Batch,
    Children,
    Condition,
    ListQuery,
    LoadedRecord,
    OrderBy,
    Page,
    Position,
    ReadableColumn,
)
from multichannel.store.read.ordering import Ordering
from multichannel.store.read.visible_rows import ORDERED, VisibleRows

OF_PARENT, RANK = "of_parent_", "rank_"


class Reader:
    """Reads for one principal in one snapshot."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._rows = VisibleRows(access.visibility, access.granted, access.session.get_bind().dialect.name)

    def visibility(self, resource: Resource) -> Visibility:
        """What the principal sees of a resource type."""
        return self._access.visibility(resource)

    @records_list(read_levels, lambda page: len(page.records))
    def page(self, resource: Resource, listing: ListQuery) -> Page:
        """One window of a list."""
        ordering, columns = self._columns(resource, listing.columns, listing.order)
        limit = listing.window.size + 1
        rows = self._access.run(self._rows.window(resource, listing, ordering, columns, limit))
        return self._as_page(resource, listing, rows)

    @records_list(read_levels, lambda pages: sum(len(page.records) for page in pages.values()))
    def pages(self, resource: Resource, listing: ListQuery) -> dict[Any, Page]:
        """One window for each parent of `listing.children` that has rows, in one statement."""
        children = _children(listing)
        ordering, columns = self._columns(resource, listing.columns, listing.order)
        parent = getattr(resource.mapped, children.link.remote)
        rank = func.row_number().over(
            partition_by=parent, order_by=ordering.by(backwards=listing.window.backwards)
        )
        matching = select(*columns, parent.label(OF_PARENT), rank.label(RANK)).where(
            *self._below(resource, children),
            *self._rows.filters.clauses(resource, resource.mapped, listing.condition),
            *ordering.within(listing.window),
        )
        ranked = matching.subquery()
        statement = (
            select(ranked)
            .where(ranked.c[RANK] <= listing.window.size + 1)
            .order_by(ranked.c[OF_PARENT], ranked.c[RANK])
        )
        grouped: dict[Any, list[Any]] = defaultdict(list)
        for row in self._access.run(statement):
            grouped[getattr(row, OF_PARENT)].append(row)
        pages = {key: self._as_page(resource, listing, rows) for key, rows in grouped.items()}
        Batch([record for page in pages.values() for record in page.records])
        return pages

    @records_list(read_levels)
    def records(
        self, resource: Resource, columns: Collection[ReadableColumn], key: str, keys: Iterable[Any]
    ) -> dict[Any, LoadedRecord]:
        """The visible rows whose `key` column is among `keys`, by it, in one statement."""
        _, chosen = self._columns(resource, columns, OrderBy())
        column = getattr(resource.mapped, key)
        statement = select(*chosen, column.label(OF_PARENT)).where(
            column.in_(sorted(set(keys))), self.visibility(resource).visible(resource.mapped)
        )
        rows = self._access.run(statement)
        record = self._record_maker(resource, columns, OrderBy())
        records = {getattr(row, OF_PARENT): record(row) for row in rows}
        Batch(list(records.values()))
        return records

    @records_list(read_levels, int)
    def count(self, resource: Resource, condition: Condition = ALL_ROWS) -> int:
        """The number of visible rows of a list, counted to one more than is told exactly."""
        return int(self._access.run(self._rows.count(resource, condition))[0][0])

    @records_list(read_levels, lambda counts: sum(counts.values()))
    def counts(self, resource: Resource, children: Children, condition: Condition) -> dict[Any, int]:
        """The number of rows of each parent that has any."""
        parent = getattr(resource.mapped, children.link.remote)
        statement = (
            select(parent, func.count())
            .where(
                *self._below(resource, children),
                *self._rows.filters.clauses(resource, resource.mapped, condition),
            )
            .group_by(parent)
        )
        return dict(self._access.run(statement))

    @records_list(read_levels, lambda groups: sum(group[COUNT] for group in groups))
    def groups(self, resource: Resource, query: GroupQuery) -> list[Mapping[str, Any]]:
        """The groups of a list, by name of key and measure."""
        statement = Groups(self._rows).select(resource, query)
        return [row._mapping for row in self._access.run(statement)]  # noqa: SLF001  (documented accessor)

    @records_list(lambda resource, _options: resource.actions)
    def permitted(self, resource: Resource, ids: Collection[str]) -> dict[str, list[Action]]:
        """The actions granted on each of these rows, in one statement."""
        may = [self._access.granted(action, resource).label(action) for action in resource.actions]
        identity = resource.mapped.id
        rows = self._access.run(select(identity, *may).where(identity.in_(sorted(ids))))
        return {
            row[0]: [action for action, flag in zip(resource.actions, row[1:], strict=True) if flag]
            for row in rows
        }

    def reach(self, resource: Resource, actions: Collection[Action], *, most: int) -> int:
        """The number of rows on which any of these actions is granted, up to `most`; never recorded."""
        granted = [self._access.granted(action, resource) for action in actions]
        some = select(resource.mapped.id).where(or_(false(), *granted)).limit(most).subquery()
        return int(self._access.run(select(func.count()).select_from(some))[0][0])

    def _pending(self, operation: str, resource: Resource, *_arguments: Any) -> PendingDecision | None:
        return self._access.pending(resource, operation)

    def _columns(
        self, resource: Resource, columns: Collection[ReadableColumn], order: OrderBy
    ) -> tuple[Ordering, list[Any]]:
        ordering = self._rows.ordering(resource, resource.mapped, order)
        return ordering, self._rows.columns(resource, resource.mapped, columns, ordering)

    def _below(self, resource: Resource, children: Children) -> list[ColumnElement[bool]]:
        """The visible rows of some parents."""
        references = getattr(resource.mapped, children.link.remote)
        return [
            references.in_(children.parents),
            *self._rows.below(resource, resource.mapped, children.link),
        ]

    def _as_page(self, resource: Resource, listing: ListQuery, rows: Sequence[Any]) -> Page:
        window = listing.window
        records = [*map(self._record_maker(resource, listing.columns, listing.order), rows[: window.size])]
        more = len(rows) > window.size
        if window.backwards:
            records.reverse()
        if listing.children is None:
            Batch(records)
        more_before, more_after = window.continues(more=more)
        return Page(records, more_after=more_after, more_before=more_before)

    def _record_maker(
        self, resource: Resource, columns: Collection[ReadableColumn], order: OrderBy
    ) -> Callable[[Any], LoadedRecord]:
        """A function that makes a record of a row; a value that is always readable costs one look-up."""
        visibility = self.visibility(resource)
        coverage = {column: visibility.coverage(column.read) for column in columns}
        unconditional = [
            (column.name, f"v_{column.name}") for column, of in coverage.items() if of is ReadCoverage.ALL
        ]
        order_labels = [f"{ORDERED}{place}" for place in range(len(order.keys))]
        conditional = [column for column, of in coverage.items() if of is not ReadCoverage.ALL]

        def record(row: Any) -> LoadedRecord:
            mapping = row._mapping  # noqa: SLF001  (SQLAlchemy's documented accessor of labels)
            values = {name: mapping[label] for name, label in unconditional}
            for column in conditional:
                readable = mapping.get(f"may_{column.read}")
                values[column.name] = mapping[f"v_{column.name}"] if readable else denial_of(column.read)
            ordered = tuple(mapping[label] for label in order_labels)
            return LoadedRecord(resource, mapping["id"], values, Position(ordered, mapping["id"]))

        return record


def denial_of(action: Action) -> NotPermitted:
    """The denial that stands in place of a value whose read level is not granted."""
    return NotPermitted(f"This field needs {action.name}, which is not granted to you here.")


def _children(listing: ListQuery) -> Children:
    if listing.children is None:
        raise ValueError("a list by parents requires parents")
    return listing.children
