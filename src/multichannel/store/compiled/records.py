"""The JSON of records: each value that the caller may read, and a denial in place of each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import aliased

from multichannel.policy.decide.to_sql import where
from multichannel.policy.decide.visibility import ReadCoverage, Visibility
from multichannel.store.compiled.json_text import (
    Json,
    JsonWriter,
    NotCovered,
    Piece,
    constant,
    hole,
    joined,
)
from multichannel.store.compiled.selection import (
    ComputedLater,
    ConstantText,
    GlobalId,
    GrantedActions,
    Location,
    Selected,
    SelectedColumn,
    SelectedField,
    SelectedList,
    SelectedRecord,
    SelectedTenantId,
    Selection,
)
from multichannel.store.read.list_query import OrderBy, ReadableColumn
from multichannel.store.read.visible_rows import VisibleRows

if TYPE_CHECKING:
    from multichannel.policy.decide.conditions import Predicate
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal

Path = tuple[str, ...]
"""Response keys from the root; positions in lists are left out."""


@dataclass(frozen=True, slots=True)
class PossibleDenial:
    """A field that is denied on some records: the action it requires, and where the document asks for it."""

    action: Action | None
    """None if it is the interpreter that has to tell what is wrong."""
    locations: tuple[Location, ...]


LEFT_TO_INTERPRETER = PossibleDenial(None, ())


@dataclass
class Compilation:
    """What a statement is made for, and what it turned out to depend on."""

    policy: Policy
    principal: Principal
    database: str
    json: JsonWriter
    denials: dict[Path, PossibleDenial] = field(default_factory=dict)
    decisions: set[tuple[Action, Resource]] = field(default_factory=set)
    """Every question that the policy was asked."""
    reads_all: bool = False
    """Whether it may read all that the principal sees, so that its plan depends on how much that is."""
    steps: list[Any] = field(default_factory=list)
    """The steps that fill the holes in the text, by the numbers in these."""

    @property
    def rows(self) -> VisibleRows:
        """The SELECTs of what the principal sees."""
        return VisibleRows(self.visibility, self.granted, self.database)

    def visibility(self, resource: Resource) -> Visibility:
        """What the principal sees of a resource type."""
        for action in resource.reads:
            self.ask(action, resource)
        return self.policy.visibility(self.principal, resource)

    def add_step(self, step: Any) -> int:
        """The number of the hole that a step fills."""
        self.steps.append(step)
        return len(self.steps) - 1

    def may_deny(self, path: Path, denial: PossibleDenial) -> None:
        """Keep a possible denial; NotCovered if records of another type are denied otherwise there."""
        if self.denials.setdefault(path, denial) != denial:
            raise NotCovered("denials of several types at one place")

    def granted(self, action: Action, resource: Resource, entity: Any) -> Any:
        """Holds for the rows on which an action is granted."""
        return where(self.ask(action, resource), resource, entity)

    def ask(self, action: Action, resource: Resource) -> Predicate:
        """Where an action is granted. A fault is raised, and not written into the statement as a denial."""
        self.decisions.add((action, resource))
        return self.policy.predicate(self.principal, action, resource)


ListJson = Callable[[SelectedList, Path, Any], Json]
"""Makes the JSON of a list below a row."""


class RecordJson:
    """Makes the JSON of the records of a statement."""

    def __init__(self, compilation: Compilation, list_below: ListJson) -> None:
        self._compilation = compilation
        self._json = compilation.json
        self._list_below = list_below

    def columns(self, resource: Resource, entity: Any, fields: Selected, order: OrderBy) -> list[Any]:
        """The columns of a row that its JSON is made of."""
        rows = self._compilation.rows
        chosen = rows.columns(resource, entity, _columns_of(fields), rows.ordering(resource, entity, order))
        if any(_takes_actions(each.value) for each in fields):
            chosen += [
                self._compilation.granted(action, resource, entity).label(f"can_{action}")
                for action in resource.actions
            ]
        return chosen

    def object(self, resource: Resource, fields: Selected, row: Any, path: Path) -> Json:
        """The JSON of a row with these columns."""
        return self._json.object(
            [(each.key, self._field(resource, each, row, (*path, each.key))) for each in fields]
        )

    def by_id(self, resource: Resource, fields: Selected, key: Any, path: Path, outer: Any = None) -> Json:
        """The JSON of the visible record with an id, or null; `key` is a parameter or a column of `outer`."""
        entity = aliased(resource.mapped)
        visible = self._compilation.visibility(resource).visible(entity)
        inner = select(*self.columns(resource, entity, fields, OrderBy())).where(entity.id == key, visible)
        row = (inner if outer is None else inner.correlate(outer)).subquery()
        found = select(joined(self.object(resource, fields, row, path).pieces)).select_from(row)
        return self._json.null_if_absent(
            (found if outer is None else found.correlate(outer)).scalar_subquery()
        )

    def _field(self, resource: Resource, selected: SelectedField, row: Any, path: Path) -> Json:
        value = selected.value
        if isinstance(value, ConstantText):
            return _constant(value.text)
        if isinstance(value, GlobalId):
            return _global_id(value.prefix, row)
        if isinstance(value, GrantedActions):
            return self._granted_actions(resource, row)
        if isinstance(value, SelectedList):
            return self._list_below(value, path, row)
        column = _gate(value)
        if column is not None:
            return self._gated(resource, selected, column, row, path)
        if isinstance(value, ComputedLater):
            return self._hole(resource, value, row)
        raise NotCovered(f"{type(value).__name__} in a record")

    def _gated(
        self, resource: Resource, selected: SelectedField, column: ReadableColumn, row: Any, path: Path
    ) -> Json:
        """The value of a field if its read level is granted, else its denial."""
        coverage = self._compilation.visibility(resource).coverage(column.read)
        if coverage is not ReadCoverage.ALL:
            self._compilation.may_deny(path, PossibleDenial(column.read, selected.locations))
        if coverage is ReadCoverage.NONE:
            return self._json.denial()
        value = self._value(resource, selected, column, row, path)
        if coverage is ReadCoverage.ALL:
            return value
        return self._json.unless_denied(row.c[f"may_{column.read}"], value)

    def _value(
        self, resource: Resource, selected: SelectedField, column: ReadableColumn, row: Any, path: Path
    ) -> Json:
        if isinstance(selected.value, ComputedLater):
            return self._hole(resource, selected.value, row)
        stored = row.c[f"v_{column.name}"]
        if isinstance(selected.value, SelectedRecord):
            return self.by_id(selected.value.link.target, selected.value.fields, stored, path, row)
        if isinstance(selected.value, SelectedTenantId):
            return self._tenant_id(selected.value, stored)
        mapped = resource.column(column.name)
        nullable = getattr(mapped, "nullable", True) is not False
        return self._json.column(stored, mapped.type, nullable=nullable)

    def _tenant_id(self, value: SelectedTenantId, stored: Any) -> Json:
        """The directory id of the tenant if the caller sees it, or else the stored id; null for null."""
        rows, found = self._compilation.rows, []
        for target in value.targets:
            entity = aliased(target.mapped)
            found.append(
                select(cast(getattr(entity, value.directory_id.name), Text))
                .where(
                    entity.id == stored,
                    self._compilation.visibility(target).visible(entity),
                    *rows.filters.readable(target, entity, value.directory_id.read),
                )
                .correlate(stored.table)
                .scalar_subquery()
            )
        text = func.coalesce(*found, cast(stored, Text))
        return Json((func.coalesce(joined(('"', text, '"')), constant("null")),), text)

    def _hole(self, resource: Resource, value: ComputedLater, row: Any) -> Json:
        """A hole with the id of the record."""
        further: tuple[Piece, ...] = ()
        if value.with_actions:
            further = (",", *self._granted_actions(resource, row).pieces)
        return hole(self._compilation.add_step(value.step), cast(row.c.id, Text), *further)

    def _granted_actions(self, resource: Resource, row: Any) -> Json:
        names = [
            case((row.c[f"can_{action}"], constant(f'"{action.name}",')), else_=constant(""))
            for action in resource.actions
        ]
        return Json(("[", func.rtrim(joined(names), constant(",")), "]"))


def _takes_actions(value: Any) -> bool:
    return isinstance(value, GrantedActions) or (isinstance(value, ComputedLater) and value.with_actions)


def _constant(text: str) -> Json:
    return Json((text,))


def _global_id(prefix: str, row: Any) -> Json:
    text = cast(row.c.id, Text)
    return Json((f'"{prefix}', text, '"'), constant(prefix).concat(text))


def _columns_of(fields: Selected) -> frozenset[ReadableColumn]:
    """The columns that fields read."""
    columns = (_gate(each.value) for each in fields)
    return frozenset(column for column in columns if column is not None)


def _gate(value: Selection) -> ReadableColumn | None:
    """The column that a value is read from or denied with; None if it is visible with its record."""
    if isinstance(value, SelectedRecord):
        return ReadableColumn(value.link.local, _required(value.link.read))
    if isinstance(value, SelectedColumn | SelectedTenantId | ComputedLater):
        return value.column
    return None


def _required(read: Action | None) -> Action:
    if read is None:
        raise NotCovered("a relation to one record without a read level")
    return read
