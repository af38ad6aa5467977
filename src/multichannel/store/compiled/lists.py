"""The JSON of lists: a window of rows, its page information and cursors, and the number of all rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Text, and_, case, cast, func, literal_column, select
from sqlalchemy.orm import aliased

from multichannel.domain.base import GUID
from multichannel.policy.schema.resources import Resource
from multichannel.store.compiled.json_text import Json, NotCovered, Piece, constant, joined
from multichannel.store.compiled.records import Compilation, Path, RecordJson
from multichannel.store.compiled.selection import (
    ConstantText,
    EdgeCursor,
    PageInfoMember,
    Selected,
    SelectedEdges,
    SelectedField,
    SelectedList,
    SelectedNodes,
    SelectedPageInfo,
    Slot,
    TotalCount,
)
from multichannel.store.compiled.slots import map_comparisons, map_values
from multichannel.store.compiled.sql_text import parameter
from multichannel.store.read.filters import FLAGS, PATTERNS
from multichannel.store.read.list_query import (
    Compare,
    Condition,
    ListQuery,
    OrderBy,
    Position,
    ReadableRelation,
    Window,
)
from multichannel.store.read.ordering import key_type
from multichannel.store.read.visible_rows import COUNTED, ORDERED, capped_count_of, is_exceeded

RANK, COUNT = "rank_", "count_"
START, END, NEXT, PREVIOUS = "startCursor", "endCursor", "hasNextPage", "hasPreviousPage"
ONE = literal_column("1", Integer())
BOOLEANS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class _List:
    """A list of a statement: its query with parameters, and the row that it is below."""

    selected: SelectedList
    query: ListQuery
    outer: Any
    order: OrderBy

    @property
    def resource(self) -> Resource:
        return self.selected.resource

    @property
    def link(self) -> ReadableRelation | None:
        return self.selected.link


class ConnectionJson:
    """Makes the JSON of the lists of a statement."""

    def __init__(self, compilation: Compilation) -> None:
        self._compilation = compilation
        self._json = compilation.json
        self.records = RecordJson(compilation, self.object)

    def object(self, selected: SelectedList, path: Path, outer: Any = None) -> Json:
        """The JSON of a list: of all visible rows, or of those below the row `outer`."""
        made = _List(selected, _query(selected), outer, selected.arguments.order)
        row = self._rows(made) if _needs_rank(made) or _shows_records(selected.fields) else None
        members = [(each.key, self._member(made, each, row, (*path, each.key))) for each in selected.fields]
        whole = self._json.object(members)
        if row is None:
            return whole
        found = select(joined(whole.pieces)).select_from(row)
        text = (found if outer is None else found.correlate(outer)).scalar_subquery()
        return Json((text,))

    def _member(self, made: _List, selected: SelectedField, row: Any, path: Path) -> Json:
        value = selected.value
        if isinstance(value, ConstantText):
            return Json((value.text,))
        if isinstance(value, TotalCount):
            return self._count(made, value)
        if isinstance(value, SelectedNodes):
            node = self.records.object(made.resource, value.fields, row, path)
            return self._json.listed(node, self._of_page(made, row))
        if isinstance(value, SelectedEdges):
            edge = self._edge(made, value.fields, row, path)
            return self._json.listed(edge, self._of_page(made, row))
        if isinstance(value, SelectedPageInfo):
            return self._page_info(made, value.fields, row)
        raise NotCovered(f"{type(value).__name__} in a list")

    def _rows(self, made: _List) -> Any:
        """The rows of the page in its order; with one more, their ranks and number if its end matters."""
        window = made.query.window
        fields = tuple(_record_fields(made.selected.fields))
        limit = window.size + ONE if _needs_rank(made) else window.size
        found = self._window(made, fields, limit).subquery()
        if not (_needs_rank(made) or window.backwards):
            return found
        ranked = select(
            found, func.row_number().over().label(RANK), func.count().over().label(COUNT)
        ).subquery()
        rank = ranked.c[RANK]
        return select(ranked).order_by(rank.desc() if window.backwards else rank).subquery()

    def _window(self, made: _List, fields: Selected, limit: Any) -> Any:
        rows, resource = self._compilation.rows, made.resource
        entity = resource.mapped if made.link is None else aliased(resource.mapped)
        ordering = rows.ordering(resource, entity, made.order)
        columns = self.records.columns(resource, entity, fields, made.order)
        if made.link is None:
            return rows.window(resource, made.query, ordering, columns, limit)
        clauses = [*self._below(made, made.link, entity), *ordering.within(made.query.window)]
        order = ordering.by(backwards=made.query.window.backwards)
        return select(*columns).where(*clauses).order_by(*order).limit(limit).correlate(made.outer)

    def _below(self, made: _List, link: ReadableRelation, entity: Any) -> list[Any]:
        """The visible rows below the outer row that match the filter."""
        rows = self._compilation.rows
        return [
            getattr(entity, link.remote) == made.outer.c.id,
            *rows.below(made.resource, entity, link),
            *rows.filters.clauses(made.resource, entity, made.query.condition),
        ]

    def _count(self, made: _List, value: TotalCount) -> Json:
        if made.link is None:
            counted = self._compilation.rows.count(made.resource, made.query.condition).subquery()
            number: Any = counted.c[COUNTED]
            source: Any = counted
        else:
            number, source = func.count(), aliased(made.resource.mapped)
        if value.is_at_least:
            shown: Any = case((is_exceeded(number), constant("true")), else_=constant("false"))
        else:
            shown = capped_count_of(number)
        found = select(shown).select_from(source)
        if made.link is not None:
            found = found.where(*self._below(made, made.link, source)).correlate(made.outer)
        number = found.scalar_subquery()
        return Json((number,)) if value.is_at_least else Json((cast(number, Text),), number)

    @staticmethod
    def _of_page(made: _List, row: Any) -> Any:
        return row.c[RANK] <= made.query.window.size if _needs_rank(made) else None

    def _edge(self, made: _List, fields: Selected, row: Any, path: Path) -> Json:
        members = []
        for each in fields:
            if isinstance(each.value, ConstantText):
                value = Json((each.value.text,))
            elif isinstance(each.value, EdgeCursor):
                value = self._cursor(made, row)
            elif isinstance(each.value, SelectedNodes):
                value = self.records.object(made.resource, each.value.fields, row, (*path, each.key))
            else:
                raise NotCovered(f"{type(each.value).__name__} in an edge")
            members.append((each.key, value))
        return self._json.object(members)

    def _cursor(self, made: _List, row: Any) -> Json:
        """What `write_cursor` writes: digest, values and id."""
        values: list[Piece] = [] if made.order.keys else ["null,"]
        for place, key in enumerate(made.order.keys):
            kind = key_type(made.resource, key)
            values += [*self._json.column(row.c[f"{ORDERED}{place}"], kind, nullable=True).pieces, ","]
        return self._json.cursor(
            (f'["{made.selected.arguments.digest}",', *values, '"', cast(row.c.id, Text), '"]')
        )

    def _page_info(self, made: _List, fields: Selected, row: Any) -> Json:
        window = made.query.window
        more = Json((case((func.count() > window.size, constant("true")), else_=constant("false")),))
        before, after = (
            more if sides[0] != sides[1] else Json((BOOLEANS[sides[0]],))
            for sides in zip(window.continues(more=False), window.continues(more=True), strict=True)
        )
        values: dict[str, Json] = {PREVIOUS: before, NEXT: after}
        if {START, END} & _names(fields):
            values |= self._ends(made, row)
        members = []
        for each in fields:
            if isinstance(each.value, PageInfoMember):
                members.append((each.key, values[each.value.name]))
            elif isinstance(each.value, ConstantText):
                members.append((each.key, Json((each.value.text,))))
        return self._json.object(members)

    def _ends(self, made: _List, row: Any) -> Mapping[str, Json]:
        """The cursors of the first and last row of the page; null if it is empty."""
        window, rank = made.query.window, row.c[RANK]
        last = case((row.c[COUNT] > window.size, window.size), else_=row.c[COUNT])
        ranks = (last, ONE) if window.backwards else (ONE, last)
        cursor = joined(self._cursor(made, row).pieces)
        # A page of size 0 has no ends, whether the list continues or not.
        return {
            name: self._json.null_if_absent(func.max(case((and_(rank == end, rank <= window.size), cursor))))
            for name, end in zip((START, END), ranks, strict=True)
        }


def _query(selected: SelectedList) -> ListQuery:
    """The query of a list, with parameters in its slots."""
    resource, arguments, place = selected.resource, selected.arguments, selected.place
    window = arguments.window

    def position(known: Position | None) -> Position | None:
        if known is None:
            return None
        values = tuple(
            parameter(place, value.index, key_type(resource, key)) if isinstance(value, Slot) else value
            for key, value in zip(arguments.order.keys, known.values, strict=True)
        )
        return Position(values, parameter(place, known.id.index, GUID))

    size = parameter(place, window.size.index, Integer())
    limits = Window(size, window.backwards, position(window.after), position(window.before))

    condition = with_parameters(resource, arguments.condition, place)
    return ListQuery(frozenset(), limits, condition, arguments.order)


def with_parameters(resource: Resource, condition: Condition, place: int) -> Condition:
    """A condition with parameters in its slots."""

    def bound(of: Resource, compare: Compare) -> Compare:
        if compare.operator in FLAGS:
            return compare
        kind = Text() if compare.operator in PATTERNS else of.column(compare.column.name).type
        value = map_values(compare.value, lambda each: parameter(place, each.index, kind))
        return Compare(compare.column, compare.operator, value)

    return map_comparisons(resource, condition, bound)


def _shows_records(fields: Selected) -> bool:
    """Whether the records of the page are selected."""
    return any(isinstance(each.value, SelectedNodes | SelectedEdges) for each in fields)


def _record_fields(fields: Selected) -> Iterator[SelectedField]:
    """The fields of the records of a list, wherever they are selected."""
    for each in fields:
        if isinstance(each.value, SelectedNodes):
            yield from each.value.fields
        elif isinstance(each.value, SelectedEdges):
            yield from _record_fields(each.value.fields)


def _names(fields: Selected) -> set[str]:
    return {each.value.name for each in fields if isinstance(each.value, PageInfoMember)}


def _needs_rank(made: _List) -> bool:
    """Whether it matters that the list continues, or which rows are the ends of the page."""
    open_side = PREVIOUS if made.query.window.backwards else NEXT
    return any(
        {START, END, open_side} & _names(each.value.fields)
        for each in made.selected.fields
        if isinstance(each.value, SelectedPageInfo)
    )
