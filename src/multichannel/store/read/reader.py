"""Lists, records and counts: one statement each, within what the principal may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, null, or_, select, union, union_all

from multichannel.errors import NotPermitted
from multichannel.policy.decide.visibility import ReadCoverage, Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.access import Access
from multichannel.store.decision_recorder import PendingDecision, read_levels, records_list
from multichannel.store.read.filters import Filters, read_levels_of
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

OF_PARENT, RANK, ORDERED = "of_parent_", "rank_", "ordered_"


class Reader:
    """Reads for one principal in one snapshot."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def visibility(self, resource: Resource) -> Visibility:
        """What the principal sees of a resource type."""
        return self._access.visibility(resource)

    @records_list(read_levels, lambda page: len(page.records))
    def page(self, resource: Resource, listing: ListQuery) -> Page:
        """One window of a list."""
        ordering = self._ordering(resource, listing.order)
        columns = self._columns(resource, listing.columns, ordering)
        rows = self._access.run(self._window(resource, listing, ordering, columns))
        return self._as_page(resource, listing, rows)

    @records_list(read_levels, lambda pages: sum(len(page.records) for page in pages.values()))
    def pages(self, resource: Resource, listing: ListQuery) -> dict[Any, Page]:
        """One window for each parent of `listing.children` that has rows, in one statement."""
        children = _children(listing)
        ordering = self._ordering(resource, listing.order)
        parent = getattr(resource.mapped, children.link.remote)
        rank = func.row_number().over(
            partition_by=parent, order_by=ordering.by(backwards=listing.window.backwards)
        )
        columns = [
            *self._columns(resource, listing.columns, ordering),
            parent.label(OF_PARENT),
            rank.label(RANK),
        ]
        ranked = self._matching(resource, listing, ordering, columns).subquery()
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
        ordering = self._ordering(resource, OrderBy())
        column = getattr(resource.mapped, key)
        statement = select(*self._columns(resource, columns, ordering), column.label(OF_PARENT)).where(
            column.in_(sorted(set(keys))), self.visibility(resource).visible(resource.mapped)
        )
        rows = self._access.run(statement)
        record = self._record_maker(resource, columns)
        records = {getattr(row, OF_PARENT): record(row) for row in rows}
        Batch(list(records.values()))
        return records

    @records_list(read_levels, int)
    def count(self, resource: Resource, condition: Condition = ALL_ROWS) -> int:
        """The number of visible rows of a list."""
        filters = self._filter(resource, condition)
        ids = [
            select(resource.mapped.id).where(clause, *filters) for clause in self.visibility(resource).clauses
        ]
        if not ids:
            return 0
        counted = ids[0].subquery() if len(ids) == 1 else union(*ids).subquery()
        return int(self._access.run(select(func.count()).select_from(counted))[0][0])

    @records_list(read_levels, lambda counts: sum(counts.values()))
    def counts(self, resource: Resource, children: Children, condition: Condition) -> dict[Any, int]:
        """The number of rows of each parent that has any."""
        parent = getattr(resource.mapped, children.link.remote)
        statement = (
            select(parent, func.count())
            .where(*self._below(resource, children), *self._filter(resource, condition))
            .group_by(parent)
        )
        return dict(self._access.run(statement))

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

    def _ordering(self, resource: Resource, order: OrderBy) -> Ordering:
        return Ordering(resource.mapped, order, self.visibility(resource).condition)

    def _filter(self, resource: Resource, condition: Condition) -> list[ColumnElement[bool]]:
        return Filters(self.visibility).clauses(resource, resource.mapped, condition)

    def _columns(
        self, resource: Resource, columns: Collection[ReadableColumn], ordering: Ordering
    ) -> list[Any]:
        """Id, order value, a flag for each level granted on some rows only, and the readable columns."""
        visibility = self.visibility(resource)
        chosen: list[Any] = [resource.mapped.id.label("id")]
        chosen.append((null() if ordering.value is None else ordering.value).label(ORDERED))
        chosen += [
            visibility.granted(action, resource.mapped).label(f"may_{action}")
            for action in read_levels_of(columns)
            if visibility.coverage(action) is ReadCoverage.SOME
        ]
        chosen += [
            getattr(resource.mapped, column.name).label(f"v_{column.name}")
            for column in sorted(columns, key=lambda column: column.name)
            if visibility.coverage(column.read) is not ReadCoverage.NONE
        ]
        return chosen

    def _window(
        self, resource: Resource, listing: ListQuery, ordering: Ordering, columns: list[Any]
    ) -> Select[Any]:
        """A page of a list. Each clause of the visibility selects its candidates, by its own index."""
        clauses = self.visibility(resource).clauses
        backwards = listing.window.backwards
        order, limit = ordering.by(backwards=backwards), listing.window.size + 1
        filters = [*self._filter(resource, listing.condition), *ordering.within(listing.window)]
        if len(clauses) <= 1:
            visible = clauses[0] if clauses else false()
            return select(*columns).where(visible, *filters).order_by(*order).limit(limit)
        identity = resource.mapped.id
        candidates = [
            select(select(identity).where(clause, *filters).order_by(*order).limit(limit).subquery().c.id)
            for clause in clauses
        ]
        chosen = select(*columns).where(identity.in_(union_all(*candidates)))
        return chosen.order_by(*order).limit(limit)

    def _matching(
        self, resource: Resource, listing: ListQuery, ordering: Ordering, columns: list[Any]
    ) -> Select[Any]:
        """The rows of some parents: few, and indexed by parent, so one visibility clause is enough."""
        children = _children(listing)
        return select(*columns).where(
            *self._below(resource, children),
            *self._filter(resource, listing.condition),
            *ordering.within(listing.window),
        )

    def _below(self, resource: Resource, children: Children) -> list[ColumnElement[bool]]:
        """The visible rows of some parents, where the reference to the parent may be read."""
        link, model = children.link, resource.mapped
        readable = Filters(self.visibility).readable(resource, model, link.remote_read)
        return [
            getattr(model, link.remote).in_(children.parents),
            self.visibility(resource).visible(model),
            *readable,
        ]

    def _as_page(self, resource: Resource, listing: ListQuery, rows: Sequence[Any]) -> Page:
        window = listing.window
        records = [*map(self._record_maker(resource, listing.columns), rows[: window.size])]
        more = len(rows) > window.size
        if window.backwards:
            records.reverse()
        if listing.children is None:
            Batch(records)
        more_before = more if window.backwards else window.after is not None
        more_after = window.before is not None if window.backwards else more
        return Page(records, more_after=more_after, more_before=more_before)

    def _record_maker(
        self, resource: Resource, columns: Collection[ReadableColumn]
    ) -> Callable[[Any], LoadedRecord]:
        """A function that makes a record of a row; a value that is always readable costs one look-up."""
        visibility = self.visibility(resource)
        coverage = {column: visibility.coverage(column.read) for column in columns}
        unconditional = [
            (column.name, f"v_{column.name}") for column, of in coverage.items() if of is ReadCoverage.ALL
        ]
        conditional = [column for column, of in coverage.items() if of is not ReadCoverage.ALL]

        def record(row: Any) -> LoadedRecord:
            mapping = row._mapping  # noqa: SLF001  (SQLAlchemy's documented accessor of labels)
            values = {name: mapping[label] for name, label in unconditional}
            for column in conditional:
                readable = mapping.get(f"may_{column.read}")
                values[column.name] = mapping[f"v_{column.name}"] if readable else _denial(column.read)
            return LoadedRecord(resource, mapping["id"], values, Position(mapping[ORDERED], mapping["id"]))

        return record


def _denial(action: Action) -> NotPermitted:
    return NotPermitted(f"This field needs {action.name}, which is not granted to you here.")


def _children(listing: ListQuery) -> Children:
    if listing.children is None:
        raise ValueError("a list by parents requires parents")
    return listing.children
