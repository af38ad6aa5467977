"""From a document to the tree of what it selects, for the shapes of one request's values."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import orjson
from graphql import FieldNode, OperationDefinitionNode

from multichannel.graphql.compiled.collecting import Collecting, Nodes, locations_of
from multichannel.graphql.compiled.completing import completion
from multichannel.graphql.compiled.introspection import about_schema
from multichannel.graphql.compiled.steps import (
    Compute,
    Step,
    compute_declared,
    compute_possible,
    compute_root,
)
from multichannel.graphql.framework.fields import (
    DECLARATIONS,
    Column,
    ComputedRoot,
    ToMany,
    ToOne,
    TypeDeclaration,
    camel,
)
from multichannel.graphql.framework.global_ids import prefix
from multichannel.graphql.framework.mutation import MUTATIONS
from multichannel.graphql.framework.tenant_ids import DIRECTORY_ID
from multichannel.graphql.schema import LISTS, build_schema
from multichannel.graphql.types.query import COMPUTED_ROOTS, OWN_RECORDS, VIEWER_FACTS
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import (
    AskPolicy,
    CallerFact,
    ComputedLater,
    ConstantText,
    EdgeCursor,
    GlobalId,
    GrantedActions,
    ListArguments,
    OwnTenantId,
    PageInfoMember,
    RecordById,
    RecordsByIds,
    Selected,
    SelectedColumn,
    SelectedEdges,
    SelectedField,
    SelectedList,
    SelectedNodes,
    SelectedObject,
    SelectedPageInfo,
    SelectedPayload,
    SelectedRecord,
    SelectedTenantId,
    Selection,
    TotalCount,
)
from multichannel.store.read.list_query import ReadableColumn, ReadableRelation

ROOT_LISTS = {camel(name): DECLARATIONS[target] for name, (target, _) in LISTS.items()}
"""The lists of all visible records of a type, by GraphQL name."""
NAMES = {
    declaration.name: {camel(name): name for name in declaration.fields}
    for declaration in DECLARATIONS.values()
}
"""The declared name of each field, by type and GraphQL name."""
ROOTS: Mapping[str, ComputedRoot] = {camel(name): item for name, item in COMPUTED_ROOTS.items()}
ROOT_FIELDS = {"viewer", "node", "nodes", *ROOTS, *ROOT_LISTS}
"""The fields of `Query` that a plan covers, with those of introspection."""
FACTS = {camel(name): fact for name, (fact, _, _) in VIEWER_FACTS.items()}
COSTLY = (
    SelectedList
    | SelectedRecord
    | SelectedNodes
    | RecordById
    | SelectedTenantId
    | GrantedActions
    | TotalCount
)
"""The selections that repeat conditions of the policy in the statement."""
MAX_COSTLY = 40
"""An operation that selects more is left to the interpreter: its statement would take seconds to make."""


class Selecting:
    """Selects from one document with the shapes of its inputs, by place."""

    def __init__(
        self, collecting: Collecting, places: Mapping[int, int], shapes: tuple[Hashable, ...]
    ) -> None:
        """`places` are those of the inputs, by the identity of their field."""
        self._collecting, self._places, self._shapes = collecting, places, shapes
        self._costly = 0

    def root(self, operation: OperationDefinitionNode) -> Selected:
        """What a query selects; raises NotCovered."""
        fields = self._collecting.collected([operation.selection_set], "Query")
        return tuple(
            self._field(key, nodes, self._root(operation, key, nodes)) for key, nodes in fields.items()
        )

    def mutations(self, operation: OperationDefinitionNode) -> Iterator[tuple[SelectedField, Nodes]]:
        """What each mutation of an operation returns, in their order, with its fields in the document."""
        for key, nodes in self._collecting.collected([operation.selection_set], "Mutation").items():
            yield self._field(key, nodes, self._payload(nodes)), nodes

    def _payload(self, nodes: Nodes) -> SelectedPayload:
        name = nodes[0].name.value
        if name == "__typename":
            raise NotCovered("Mutation.__typename")
        place = self._places[id(nodes[0])]
        declaration = DECLARATIONS[MUTATIONS[name].returns.name]
        payload = f"{name[0].upper()}{name[1:]}Payload"
        fields = tuple(
            self._field(key, each, self._payload_field(declaration, payload, each, place + 1))
            for key, each in self._collecting.below(nodes, payload).items()
        )
        return SelectedPayload(fields, place)

    def _payload_field(
        self, declaration: TypeDeclaration, payload: str, nodes: Nodes, place: int
    ) -> Selection:
        match nodes[0].name.value:
            case "__typename":
                return ConstantText(f'"{payload}"')
            case "userErrors":
                return ConstantText("[]")
            case _:
                return RecordById(declaration.resource, self._record(declaration, nodes), place)

    def _root(self, operation: OperationDefinitionNode, key: str, nodes: Nodes) -> Selection:
        name = nodes[0].name.value
        if name.startswith("__"):
            return ConstantText(self._about_schema(operation, key, nodes))
        if name in ROOTS:
            return ComputedLater(self._step("Query", nodes, compute_root(ROOTS[name])))
        match name:
            case "node":
                return self._node(nodes)
            case "nodes":
                return self._nodes(nodes)
            case "viewer":
                return self._object("Viewer", nodes, self._viewer_field)
        return self._list(ROOT_LISTS[name], None, nodes)

    def _about_schema(self, operation: OperationDefinitionNode, key: str, nodes: Nodes) -> str:
        if nodes[0].name.value == "__typename":
            return '"Query"'
        variables: dict[str, Any] = {}
        for node in nodes:
            variables |= self._shape(node)
        return about_schema(operation, self._collecting, key, nodes, variables)

    def _shape(self, node: FieldNode) -> Any:
        return self._shapes[self._places[id(node)]]

    def _node(self, nodes: Nodes) -> Selection:
        place = self._places[id(nodes[0])]
        declaration = DECLARATIONS.get(self._shape(nodes[0]).name)
        if declaration is None:
            return RecordById(None, (), place)
        return RecordById(declaration.resource, self._record(declaration, nodes), place + 1)

    def _nodes(self, nodes: Nodes) -> Selection:
        declarations = [DECLARATIONS[name] for name in self._shape(nodes[0]) if name in DECLARATIONS]
        self._costly += len(declarations)
        fields = tuple((each.resource, self._record(each, nodes)) for each in declarations)
        return RecordsByIds(fields, self._places[id(nodes[0])] + 1)

    def _object(self, type_name: str, nodes: Nodes, select: Callable[[Nodes], Selection]) -> Selection:
        fields = self._collecting.below(nodes, type_name)
        return SelectedObject(tuple(self._field(key, each, select(each)) for key, each in fields.items()))

    def _viewer_field(self, nodes: Nodes) -> Selection:
        name = nodes[0].name.value
        if name == "__typename":
            return ConstantText('"Viewer"')
        if name == "tenantId":
            return OwnTenantId()
        if name in OWN_RECORDS:
            declaration = DECLARATIONS[OWN_RECORDS[name][0].name]
            return RecordById(declaration.resource, self._record(declaration, nodes), None)
        complete = completion(self._collecting, _type_of("Viewer", name), nodes)

        def text(principal: Principal, ask: AskPolicy) -> str:
            return orjson.dumps(complete(FACTS[name](principal, ask))).decode()

        return CallerFact(text)

    def _step(self, type_name: str, nodes: Nodes, compute: Compute, absent: Any = None) -> Step:
        name = nodes[0].name.value
        complete = completion(self._collecting, _type_of(type_name, name), nodes)
        place = self._places.get(id(nodes[0]))
        return Step((type_name, name), compute, complete, tuple(locations_of(nodes)), place, absent)

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


def _type_of(type_name: str, field_name: str) -> Any:
    kind: Any = build_schema().type_map[type_name]
    return kind.fields[field_name].type


def _page_info(nodes: Nodes) -> Selection:
    name = nodes[0].name.value
    return ConstantText('"PageInfo"') if name == "__typename" else PageInfoMember(name)
