"""What a compiled operation selects: a tree of response keys, in the order of the response.

The tree is the same for all callers. Values that differ from request to request are slots in it, which become
parameters of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.conditions import Predicate
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.store.read.groups import ColumnKey, Having, RecordKey, Sum
from multichannel.store.read.list_query import (
    Condition,
    OrderBy,
    ReadableColumn,
    ReadableRelation,
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


class Selection:
    """What stands at a response key."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ConstantText(Selection):
    """JSON text that is the same in every response."""

    text: str


@dataclass(frozen=True, slots=True)
class GlobalId(Selection):
    """The global id of a record, which begins with `prefix`."""

    prefix: str


@dataclass(frozen=True, slots=True)
class SelectedColumn(Selection):
    """A column, or its denial."""

    column: ReadableColumn


@dataclass(frozen=True, slots=True)
class SelectedTenantId(Selection):
    """A column with the id of a tenant; its directory id if the tenant is visible and has one."""

    column: ReadableColumn
    targets: tuple[Resource, ...]
    directory_id: ReadableColumn


@dataclass(frozen=True, slots=True)
class GrantedActions(Selection):
    """The actions that the policy grants on a record."""


@dataclass(frozen=True, slots=True)
class ComputedLater(Selection):
    """A value that is computed once the statement has run: a hole in its text.

    `step` computes it from the record's id. It is denied with `column`, unless that is None; `with_actions`
    says that it takes the actions that the policy grants on the record, too.
    """

    step: Any
    column: ReadableColumn | None = None
    with_actions: bool = False


@dataclass(frozen=True, slots=True)
class OwnTenantId(Selection):
    """The id of the caller's tenant."""


@dataclass(frozen=True, slots=True)
class CallerFact(Selection):
    """JSON text that follows from the caller's principal, without its tenant's id, and from the policy."""

    text: Callable[[Principal, AskPolicy], str]


@dataclass(frozen=True, slots=True)
class SelectedObject(Selection):
    """An object that is not a record; the fields are constants, facts of the caller and records by id."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class SelectedRecord(Selection):
    """A record of a relation to one."""

    link: ReadableRelation
    fields: Selected


@dataclass(frozen=True, slots=True)
class RecordById(Selection):
    """A record by its id, which is the only value of an input; null if the resource has no GraphQL type.

    Without the `place` of an input, it is the caller's own tenant.
    """

    resource: Resource | None
    fields: Selected
    place: int | None


@dataclass(frozen=True, slots=True)
class RecordsByIds(Selection):
    """Records by their ids, with null for each other id.

    The only value of the input is a JSON list of pairs: the name of a resource type, and an id.
    """

    fields: tuple[tuple[Resource, Selected], ...]
    """What is selected of each resource type that has a GraphQL type."""
    place: int


@dataclass(frozen=True, slots=True)
class SelectedPayload(Selection):
    """What a mutation returns once it has succeeded: constants, and the record whose id is at `place`."""

    fields: Selected
    place: int


@dataclass(frozen=True, slots=True)
class SelectedNodes(Selection):
    """The records of a page."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class SelectedEdges(Selection):
    """The records of a page, each with its cursor: the fields are constants, cursors and nodes."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class EdgeCursor(Selection):
    """The cursor of a record."""


@dataclass(frozen=True, slots=True)
class SelectedPageInfo(Selection):
    """Whether a list continues; the fields are constants and members of PageInfo."""

    fields: Selected


@dataclass(frozen=True, slots=True)
class PageInfoMember(Selection):
    """One member of PageInfo, by its GraphQL name."""

    name: str


@dataclass(frozen=True, slots=True)
class TotalCount(Selection):
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
class GroupArguments:
    """The arguments of groups, with slots for values: that of the limit is the first.

    `most` is the number of groups that may be shown, if the limit is not the client's.
    """

    keys: tuple[str, ...]
    condition: Condition
    having: tuple[Having, ...]
    order: tuple[tuple[str, bool], ...]
    most: int | None
    weight: int


@dataclass(frozen=True, slots=True)
class GroupValue(Selection):
    """The value of a key of a group, or of a measure without a `key`."""

    name: str
    key: ColumnKey | None = None


@dataclass(frozen=True, slots=True)
class GroupRecord(Selection):
    """The related record that a group is about."""

    name: str
    resource: Resource
    fields: Selected


@dataclass(frozen=True, slots=True)
class SelectedGroups(Selection):
    """Groups of the visible records of a resource type."""

    resource: Resource
    keys: Mapping[str, ColumnKey | RecordKey]
    measures: Mapping[str, Sum | RecordKey]
    arguments: GroupArguments
    fields: Selected
    place: int


@dataclass(frozen=True, slots=True)
class SelectedList(Selection):
    """A list of all visible records of a resource type, or of those below a record by `link`."""

    resource: Resource
    link: ReadableRelation | None
    arguments: ListArguments
    fields: Selected
    place: int


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A response key with what stands there, and where the document asks for it."""

    key: str
    value: Selection
    locations: tuple[Location, ...] = ()


Selected = tuple[SelectedField, ...]
