"""From a document to the tree of what it selects, for the shapes of one request's values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    get_location,
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
from multichannel.graphql.framework.mutation import MUTATIONS
from multichannel.graphql.framework.tenant_ids import DIRECTORY_ID
from multichannel.graphql.schema import LISTS
from multichannel.policy.schema.resources import RESOURCES
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import (
    ConstantText,
    EdgeCursor,
    GlobalId,
    GrantedActions,
    ListArguments,
    Location,
    PageInfoMember,
    RecordById,
    Selected,
    SelectedColumn,
    SelectedEdges,
    SelectedField,
    SelectedList,
    SelectedNodes,
    SelectedPageInfo,
    SelectedPayload,
    SelectedRecord,
    SelectedTenantId,
    Selection,
    TotalCount,
)
from multichannel.store.read.list_query import ReadableRelation

ROOT_LISTS = {camel(name): DECLARATIONS[target] for name, (target, _) in LISTS.items()}
"""The lists of all visible records of a type, by GraphQL name."""
NAMES = {
    declaration.name: {camel(name): name for name in declaration.fields}
    for declaration in DECLARATIONS.values()
}
"""The declared name of each field, by type and GraphQL name."""
Nodes = list[FieldNode]
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
ROOT_FIELDS = {"__typename", "node", *ROOT_LISTS}
"""The fields of Query that a statement can answer."""


class Selecting:
    """Selects from one document with the shapes of its inputs, by place, and the flags of its directives."""

    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        places: Mapping[int, int],
        shapes: tuple[Hashable, ...],
        flags: Mapping[str, Any],
    ) -> None:
        """`places` are those of the inputs, by the identity of their field."""
        self._fragments, self._places, self._shapes, self._flags = fragments, places, shapes, flags
        self._costly = 0

    def root(self, selected: SelectionSetNode) -> Selected:
        """What a query selects, of `ROOT_FIELDS` alone; raises NotCovered."""
        fields = self._collected([selected], "Query")
        return tuple(self._field(key, nodes, self._root(nodes)) for key, nodes in fields.items())

    def mutations(self, selected: SelectionSetNode) -> Iterator[tuple[SelectedField, Nodes]]:
        """What each mutation of an operation returns, in their order, with its fields in the document."""
        for key, nodes in self._collected([selected], "Mutation").items():
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
            for key, each in self._below(nodes, payload).items()
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

    def _root(self, nodes: Nodes) -> Selection:
        name = nodes[0].name.value
        if name == "__typename":
            return ConstantText('"Query"')
        return self._node(nodes) if name == "node" else self._list(ROOT_LISTS[name], None, nodes)

    def _node(self, nodes: Nodes) -> Selection:
        place = self._places[id(nodes[0])]
        resource: Any = self._shapes[place]
        declaration = DECLARATIONS.get(resource.name)
        if declaration is None:
            return RecordById(None, (), place)
        return RecordById(resource, self._record(declaration, nodes), place + 1)

    def _record(self, declaration: TypeDeclaration, nodes: Nodes) -> Selected:
        fields = self._below(nodes, declaration.name)
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
        declared = NAMES[declaration.name].get(name, "")
        item = declaration.fields.get(declared)
        if isinstance(item, Column):
            column = declaration.readable(declared)
            targets = tuple(RESOURCES[target] for target in item.tenants)
            return SelectedTenantId(column, targets, DIRECTORY_ID) if targets else SelectedColumn(column)
        if isinstance(item, ToOne):
            target = self._record(DECLARATIONS[item.target], nodes)
            return SelectedRecord(declaration.link(declared), target)
        if isinstance(item, ToMany):
            return self._list(DECLARATIONS[item.target], declaration.link(declared), nodes)
        raise NotCovered(f"{declaration.name}.{name}")

    def _list(
        self, declaration: TypeDeclaration, link: ReadableRelation | None, nodes: Nodes
    ) -> SelectedList:
        place = self._places[id(nodes[0])]
        arguments = self._shapes[place]
        if not isinstance(arguments, ListArguments):
            raise TypeError("the input of a list is not one")
        fields = self._below(nodes, f"{declaration.name}Connection")
        selected = tuple(
            self._field(key, each, self._list_field(declaration, each)) for key, each in fields.items()
        )
        return SelectedList(declaration.resource, link, arguments, selected, place + 1)

    def _list_field(self, declaration: TypeDeclaration, nodes: Nodes) -> Selection:
        match nodes[0].name.value:
            case "nodes":
                return SelectedNodes(self._record(declaration, nodes))
            case "edges":
                edge = self._below(nodes, f"{declaration.name}Edge")
                return SelectedEdges(
                    tuple(
                        self._field(key, each, self._edge_field(declaration, each))
                        for key, each in edge.items()
                    )
                )
            case "pageInfo":
                members = self._below(nodes, "PageInfo")
                return SelectedPageInfo(
                    tuple(self._field(key, each, _page_info(each)) for key, each in members.items())
                )
            case "totalCount":
                return TotalCount()
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
        self._costly += isinstance(value, COSTLY)
        if self._costly > MAX_COSTLY:
            raise NotCovered("too much for one statement")
        return SelectedField(key, value, tuple(_locations(nodes)))

    def _below(self, nodes: Nodes, type_name: str) -> dict[str, Nodes]:
        return self._collected((node.selection_set for node in nodes if node.selection_set), type_name)

    def _collected(self, sets: Iterable[SelectionSetNode], type_name: str) -> dict[str, Nodes]:
        """The fields of an object by response key, in the order of the interpreter."""
        fields: dict[str, Nodes] = {}
        seen: set[str] = set()
        for each in sets:
            self._collect(each, type_name, fields, seen)
        return fields

    def _collect(
        self, selected: SelectionSetNode, type_name: str, fields: dict[str, Nodes], seen: set[str]
    ) -> None:
        for node in selected.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or _applies(node.type_condition.name.value, type_name):
                    self._collect(node.selection_set, type_name, fields, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if _applies(fragment.type_condition.name.value, type_name):
                    self._collect(fragment.selection_set, type_name, fields, seen)

    def _is_included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name, value = directive.name.value, directive.arguments[0].value
            if isinstance(value, VariableNode):
                flag = self._flags.get(value.name.value)
            else:
                flag = value.value if isinstance(value, BooleanValueNode) else None
            if name not in {"skip", "include"} or not isinstance(flag, bool):
                raise NotCovered(f"@{name}")
            if flag is (name == "skip"):
                return False
        return True


def _applies(condition: str, type_name: str) -> bool:
    """Whether a fragment on a type applies to an object: on its own type, or on the one interface."""
    return condition == type_name or (condition == "Node" and type_name in DECLARATIONS)


def _page_info(nodes: Nodes) -> Selection:
    name = nodes[0].name.value
    return ConstantText('"PageInfo"') if name == "__typename" else PageInfoMember(name)


def _locations(nodes: Nodes) -> Iterator[Location]:
    for node in nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            yield place.line, place.column
