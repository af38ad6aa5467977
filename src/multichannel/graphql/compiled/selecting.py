"""From a document to the tree of what it selects, for the shapes of one request's values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from graphql import FieldNode, GraphQLNonNull

from multichannel.graphql.compiled.collecting import Collecting, Nodes, locations_of
from multichannel.graphql.compiled.completing import completion
from multichannel.graphql.compiled.steps import (
    Compute,
    Step,
    compute_declared,
    compute_possible,
)
from multichannel.graphql.framework.fields import (
    DECLARATIONS,
    Column,
    ToMany,
    ToOne,
    TypeDeclaration,
    camel,
)
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.tenant_ids import DIRECTORY_ID
from multichannel.graphql.schema import build_schema
from multichannel.policy.schema.resources import RESOURCES
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import (
    ComputedLater,
    ConstantText,
    EdgeCursor,
    GlobalId,
    GrantedActions,
    GroupRecord,
    ListArguments,
    PageInfoMember,
    RecordById,
    Selected,
    SelectedColumn,
    SelectedEdges,
    SelectedField,
    SelectedList,
    SelectedNodes,
    SelectedPageInfo,
    SelectedRecord,
    SelectedTenantId,
    Selection,
    TotalCount,
)
from multichannel.store.read.list_query import ReadableColumn, ReadableRelation

NAMES = {
    declaration.name: {camel(name): name for name in declaration.fields}
    for declaration in DECLARATIONS.values()
}
"""The declared name of each field, by type and GraphQL name."""
COSTLY = (
    SelectedList
    | SelectedRecord
    | SelectedNodes
    | RecordById
    | GroupRecord
    | SelectedTenantId
    | GrantedActions
    | TotalCount
)
"""The selections that repeat conditions of the policy in the statement."""
MAX_COSTLY = 40
"""An operation that selects more is left to the interpreter: its statement would take seconds to make."""


class Selecting:
    """Selects records and lists of one document with the shapes of its inputs, by place."""

    def __init__(
        self, collecting: Collecting, places: Mapping[int, int], shapes: tuple[Hashable, ...]
    ) -> None:
        """`places` are those of the inputs, by the identity of their field."""
        self._collecting, self._places, self._shapes = collecting, places, shapes
        self._costly = 0

    def _shape(self, node: FieldNode) -> Any:
        return self._shapes[self._places[id(node)]]

    def _step(self, type_name: str, nodes: Nodes, compute: Compute, absent: Any = None) -> Step:
        name = nodes[0].name.value
        kind = type_of(type_name, name)
        complete = completion(self._collecting, kind, nodes)
        place = self._places.get(id(nodes[0]))
        return Step(
            (type_name, name),
            compute,
            complete,
            tuple(locations_of(nodes)),
            place,
            absent,
            is_required=isinstance(kind, GraphQLNonNull),
        )

    def _record(self, declaration: TypeDeclaration, nodes: Nodes) -> Selected:
        fields = self._collecting.below(nodes, declaration.name)
        return tuple(
            self._field(key, each, self._record_field(declaration, each)) for key, each in fields.items()
        )

    def _record_field(self, declaration: TypeDeclaration, nodes: Nodes) -> Selection:
        name = nodes[0].name.value
        if name == "__typename":
            return ConstantText(f'"{declaration.name}"')
        if name == "id":
            return GlobalId(prefix(declaration.resource))
        if name == "viewerCan":
            return GrantedActions()
        if name == "viewerCanNow":
            step = self._step(declaration.name, nodes, compute_possible(declaration.resource), [])
            return ComputedLater(step, with_actions=True)
        return self._declared(declaration, NAMES[declaration.name][name], nodes)

    def _declared(self, declaration: TypeDeclaration, declared: str, nodes: Nodes) -> Selection:
        item = declaration.fields[declared]
        if isinstance(item, Column):
            column = declaration.readable(declared)
            targets = tuple(RESOURCES[target] for target in item.tenants)
            return SelectedTenantId(column, targets, DIRECTORY_ID) if targets else SelectedColumn(column)
        if isinstance(item, ToOne):
            target = self._record(DECLARATIONS[item.target], nodes)
            return SelectedRecord(declaration.link(declared), target)
        if isinstance(item, ToMany):
            return self._list(DECLARATIONS[item.target], declaration.link(declared), nodes)
        step = self._step(declaration.name, nodes, compute_declared(item), item.absent)
        return ComputedLater(step, ReadableColumn(item.witness, item.read))

    def _list(
        self, declaration: TypeDeclaration, link: ReadableRelation | None, nodes: Nodes
    ) -> SelectedList:
        place = self._places[id(nodes[0])]
        arguments = self._shapes[place]
        if not isinstance(arguments, ListArguments):
            raise TypeError("the input of a list is not one")
        fields = self._collecting.below(nodes, f"{declaration.name}Connection")
        selected = tuple(
            self._field(key, each, self._list_field(declaration, each)) for key, each in fields.items()
        )
        return SelectedList(declaration.resource, link, arguments, selected, place + 1)

    def _list_field(self, declaration: TypeDeclaration, nodes: Nodes) -> Selection:
        match nodes[0].name.value:
            case "nodes":
                return SelectedNodes(self._record(declaration, nodes))
            case "edges":
                edge = self._collecting.below(nodes, f"{declaration.name}Edge")
                return SelectedEdges(
                    tuple(
                        self._field(key, each, self._edge_field(declaration, each))
                        for key, each in edge.items()
                    )
                )
            case "pageInfo":
                members = self._collecting.below(nodes, "PageInfo")
                return SelectedPageInfo(
                    tuple(self._field(key, each, _page_info(each)) for key, each in members.items())
                )
            case "totalCount":
                return TotalCount()
            case "totalCountIsAtLeast":
                return TotalCount(is_at_least=True)
            case _:
                return ConstantText(f'"{declaration.name}Connection"')

    def _edge_field(self, declaration: TypeDeclaration, nodes: Nodes) -> Selection:
        match nodes[0].name.value:
            case "node":
                return SelectedNodes(self._record(declaration, nodes))
            case "cursor":
                return EdgeCursor()
            case _:
                return ConstantText(f'"{declaration.name}Edge"')

    def _field(self, key: str, nodes: Nodes, value: Selection) -> SelectedField:
        self._costly += isinstance(value, COSTLY) or (isinstance(value, ComputedLater) and value.with_actions)
        if self._costly > MAX_COSTLY:
            raise NotCovered("too much for one statement")
        return SelectedField(key, value, tuple(locations_of(nodes)))


def type_of(type_name: str, field_name: str) -> Any:
    """The GraphQL type of a field."""
    kind: Any = build_schema().type_map[type_name]
    return kind.fields[field_name].type


def _page_info(nodes: Nodes) -> Selection:
    name = nodes[0].name.value
    return ConstantText('"PageInfo"') if name == "__typename" else PageInfoMember(name)
