"""What a compiled operation selects: a tree of response keys, in the order of the response.

The tree is the same for all callers. Values that differ from request to request are slots in it, which become
parameters of the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from multichannel.policy.decide.conditions import Predicate
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.read.filters import FLAGS, prepared
from multichannel.store.read.list_query import (
    And,
    Compare,
    Condition,
    Granted,
    Not,
    Or,
    OrderBy,
    Position,
    ReadableColumn,
    ReadableRelation,
    RelatedTo,
    Window,
)

AskPolicy = Callable[[Action, Resource], Predicate]
"""Where the policy grants an action to the caller."""

Location = tuple[int, int]
"""Line and column of a field in its document."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value among those of one input of an operation."""

    index: int


@dataclass(frozen=True, slots=True)
class ConstantText:
    """JSON text that is the same in every response."""

    text: str


@dataclass(frozen=True, slots=True)
class GlobalId:
    """The global id of a record, which begins with `prefix`."""

    prefix: str


@dataclass(frozen=True, slots=True)
class SelectedColumn:
    """A column, or its denial."""

    column: ReadableColumn


@dataclass(frozen=True, slots=True)
class SelectedTenantId:
    """A column with the id of a tenant; its directory id if the tenant is visible and has one."""

    column: ReadableColumn
    targets: tuple[Resource, ...]
    directory_id: ReadableColumn


@dataclass(frozen=True, slots=True)
class GrantedActions:
    """The actions that the policy grants on a record."""


@dataclass(frozen=True, slots=True)
class ComputedLater:
    """A value that is computed once the statement has run: a hole in its text.

    `step` computes it from the record's id. It is denied with `column`, unless that is None; `with_actions`
    says that it takes the actions that the policy grants on the record, too.
    """

    step: Any
    column: ReadableColumn | None = None
    with_actions: bool = False


@dataclass(frozen=True, slots=True)
class OwnTenantId:
    """The id of the caller's tenant."""


@dataclass(frozen=True, slots=True)
class CallerFact:
    """JSON text that follows from the caller's principal, without its tenant's id, and from the policy."""

    text: Callable[[Principal, AskPolicy], str]


@dataclass(frozen=True, slots=True)
class SelectedObject:
    """An object that is not a record; the fields are constants, facts of the caller and records by id."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class SelectedRecord:
    """A record of a relation to one."""

    link: ReadableRelation
    fields: Selected


@dataclass(frozen=True, slots=True)
class RecordById:
    """A record by its id, which is the only value of an input; null if the resource has no GraphQL type.

    Without the `place` of an input, it is the caller's own tenant.
    """

    resource: Resource | None
    fields: Selected
    place: int | None


@dataclass(frozen=True, slots=True)
class RecordsByIds:
    """Records by their ids, with null for each other id.

    The only value of the input is a JSON list of pairs: the name of a resource type, and an id.
    """

    fields: tuple[tuple[Resource, Selected], ...]
    """What is selected of each resource type that has a GraphQL type."""
    place: int


@dataclass(frozen=True, slots=True)
class SelectedPayload:
    """What a mutation returns once it has succeeded: constants, and the record whose id is at `place`."""

    fields: Selected
    place: int


@dataclass(frozen=True, slots=True)
class SelectedNodes:
    """The records of a page."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class SelectedEdges:
    """The records of a page, each with its cursor: the fields are constants, cursors and nodes."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class EdgeCursor:
    """The cursor of a record."""


@dataclass(frozen=True, slots=True)
class SelectedPageInfo:
    """Whether a list continues; the fields are constants and members of PageInfo."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class PageInfoMember:
    """One member of PageInfo, by its GraphQL name."""

    name: str


@dataclass(frozen=True, slots=True)
class TotalCount:
    """The number of records in the whole list, or whether there are more than are counted."""

    is_at_least: bool = False


@dataclass(frozen=True, slots=True)
class ListArguments:
    """The arguments of a list, with slots for values."""

    window: Window
    condition: Condition
    order: OrderBy
    digest: str
    weight: int = 1
    """How much the condition holds (`weight_of`)."""


@dataclass(frozen=True, slots=True)
class SelectedList:
    """A list of all visible records of a resource type, or of those below a record by `link`."""

    resource: Resource
    link: ReadableRelation | None
    arguments: ListArguments
    fields: Selected
    place: int


Selection = (
    ConstantText
    | GlobalId
    | SelectedColumn
    | SelectedTenantId
    | GrantedActions
    | ComputedLater
    | OwnTenantId
    | CallerFact
    | SelectedObject
    | SelectedRecord
    | RecordById
    | SelectedPayload
    | RecordsByIds
    | SelectedList
    | SelectedNodes
    | SelectedEdges
    | EdgeCursor
    | SelectedPageInfo
    | PageInfoMember
    | TotalCount
)


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A response key with what stands there, and where the document asks for it."""

    key: str
    value: Selection
    locations: tuple[Location, ...] = ()


Selected = tuple[SelectedField, ...]
RELATION_WEIGHT = 10
"""A condition on related records brings the conditions on their visibility along."""


def weight_of(condition: Condition) -> int:
    """How much a condition holds: its comparisons, each with all values, and its relations."""
    if isinstance(condition, And | Or):
        return max(1, sum(map(weight_of, condition.conditions)))
    if isinstance(condition, Granted):
        return RELATION_WEIGHT
    if isinstance(condition, RelatedTo):
        return RELATION_WEIGHT + weight_of(condition.condition)
    if isinstance(condition, Not):
        return 1 + weight_of(condition.condition)
    return len(condition.value) if isinstance(condition.value, tuple | list) else 1


def with_slots(
    resource: Resource, window: Window, condition: Condition
) -> tuple[Window, Condition, tuple[Any, ...]]:
    """A window and a condition without their values, and the values in the order of their slots."""
    values: list[Any] = []

    def slot(value: Any) -> Slot:
        values.append(value)
        return Slot(len(values) - 1)

    def position(known: Position | None) -> Position | None:
        if known is None:
            return None
        values = tuple(None if value is None else slot(value) for value in known.values)
        return Position(values, slot(known.id))

    def slots(of: Resource, compare: Compare) -> Condition:
        ready = prepared(of, compare)
        if not isinstance(ready, Compare) or ready.operator in FLAGS:
            return ready
        value = tuple(map(slot, ready.value)) if isinstance(ready.value, tuple) else slot(ready.value)
        return Compare(ready.column, ready.operator, value)

    shape = Window(slot(window.size), window.backwards, position(window.after), position(window.before))
    return shape, map_comparisons(resource, condition, slots), tuple(values)


def map_comparisons(
    resource: Resource, condition: Condition, change: Callable[[Resource, Compare], Condition]
) -> Condition:
    """The condition on records of a type with something else in place of each comparison."""
    if isinstance(condition, And | Or):
        parts = tuple(map_comparisons(resource, part, change) for part in condition.conditions)
        return And(parts) if isinstance(condition, And) else Or(parts)
    if isinstance(condition, RelatedTo):
        target = condition.link.target
        return replace(condition, condition=map_comparisons(target, condition.condition, change))
    if isinstance(condition, Not):
        return Not(map_comparisons(resource, condition.condition, change))
    return condition if isinstance(condition, Granted) else change(resource, condition)
