"""What operations select: the fields of queries, and the payloads of mutations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from graphql import OperationDefinitionNode

from multichannel.graphql.compiled.collecting import Nodes
from multichannel.graphql.compiled.completing import completion
from multichannel.graphql.compiled.introspection import about_schema
from multichannel.graphql.compiled.selecting import Selecting, type_of
from multichannel.graphql.compiled.steps import (
    compute_root,
)
from multichannel.graphql.framework.fields import (
    DECLARATIONS,
    ComputedRoot,
    TypeDeclaration,
    camel,
)
from multichannel.graphql.framework.groups import GroupsDeclaration
from multichannel.graphql.framework.mutation import MUTATIONS
from multichannel.graphql.schema import LISTS
from multichannel.graphql.types.groups import GROUPS
from multichannel.graphql.types.query import COMPUTED_ROOTS, OWN_RECORDS, VIEWER_FACTS
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import (
    AskPolicy,
    CallerFact,
    ComputedLater,
    ConstantText,
    GroupRecord,
    GroupValue,
    OwnTenantId,
    RecordById,
    RecordsByIds,
    Selected,
    SelectedField,
    SelectedGroups,
    SelectedObject,
    SelectedPayload,
    Selection,
)
from multichannel.store.read.groups import COUNT, ColumnKey, RecordKey

ROOT_LISTS = {camel(name): DECLARATIONS[target] for name, (target, _) in LISTS.items()}
"""The lists of all visible records of a type, by GraphQL name."""
ROOTS: Mapping[str, ComputedRoot] = {camel(name): item for name, item in COMPUTED_ROOTS.items()}
GROUPED = {camel(name): declared for name, declared in GROUPS.items()}
"""The groups of lists, by GraphQL name."""
ROOT_FIELDS = {"viewer", "node", "nodes", *ROOTS, *ROOT_LISTS, *GROUPED}
"""The fields of `Query` that a plan covers, with those of introspection."""
FACTS = {camel(name): fact for name, (fact, _, _) in VIEWER_FACTS.items()}


class OperationSelecting(Selecting):
    """Selects what the operation of a document asks for."""

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
                return self._viewer(nodes)
        is_grouped = name in GROUPED
        return self._groups(GROUPED[name], nodes) if is_grouped else self._list(ROOT_LISTS[name], None, nodes)

    def _about_schema(self, operation: OperationDefinitionNode, key: str, nodes: Nodes) -> str:
        if nodes[0].name.value == "__typename":
            return '"Query"'
        variables: dict[str, Any] = {}
        for node in nodes:
            variables |= self._shape(node)
        return about_schema(operation, self._collecting, key, nodes, variables)

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

    def _viewer(self, nodes: Nodes) -> Selection:
        fields = self._collecting.below(nodes, "Viewer").items()
        return SelectedObject(tuple(self._field(key, each, self._viewer_field(each)) for key, each in fields))

    def _groups(self, declared: GroupsDeclaration, nodes: Nodes) -> Selection:
        arguments = self._shape(nodes[0])
        keys = {name: declared.key(name) for name in arguments.keys}
        below = self._collecting.below(nodes, f"{declared.type}Group")
        used = {each[0].name.value for each in below.values()}
        used |= {camel(each.measure) for each in arguments.having}
        used |= {camel(name) for name, _ in arguments.order}
        names = [name for name in declared.measures if name != COUNT and camel(name) in used]
        fields = tuple(
            self._field(key, each, self._group_field(declared, keys, each)) for key, each in below.items()
        )
        measures = {name: declared.measure(name) for name in names}
        self._costly += len(keys) + len(measures)
        place = self._places[id(nodes[0])] + 1
        return SelectedGroups(declared.declaration.resource, keys, measures, arguments, fields, place)

    def _group_field(
        self, declared: GroupsDeclaration, keys: Mapping[str, ColumnKey | RecordKey], nodes: Nodes
    ) -> Selection:
        name = nodes[0].name.value
        if name == "__typename":
            return ConstantText(f'"{declared.type}Group"')
        if name in {camel(each) for each in declared.measures}:
            return GroupValue(next(each for each in declared.measures if camel(each) == name))
        attribute = next(each for each in declared.attributes() if camel(each) == name)
        key = keys.get(attribute)
        if key is None:
            return ConstantText("null")
        if isinstance(key, ColumnKey):
            return GroupValue(attribute, key)
        target = DECLARATIONS[key.link.target.name]
        return GroupRecord(attribute, target.resource, self._record(target, nodes))

    def _viewer_field(self, nodes: Nodes) -> Selection:
        name = nodes[0].name.value
        if name == "__typename":
            return ConstantText('"Viewer"')
        if name == "tenantId":
            return OwnTenantId()
        if name in OWN_RECORDS:
            declaration = DECLARATIONS[OWN_RECORDS[name][0].name]
            return RecordById(declaration.resource, self._record(declaration, nodes), None)
        complete = completion(self._collecting, type_of("Viewer", name), nodes)

        def text(principal: Principal, ask: AskPolicy) -> str:
            return orjson.dumps(complete(FACTS[name](principal, ask))).decode()

        return CallerFact(text)
