"""The plan of an operation: what a validated document asks of a request, the same whoever sends it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
)

from multichannel.graphql.compiled.arguments import (
    MAX_WEIGHT,
    ListInput,
    PlanInput,
    arguments_input,
    groups_input,
    id_input,
    ids_input,
    introspection_input,
    use_case_input,
    variables_in,
)
from multichannel.graphql.compiled.collecting import Collecting
from multichannel.graphql.compiled.operations import GROUPED, ROOT_FIELDS, OperationSelecting
from multichannel.graphql.compiled.variables import VariableReader
from multichannel.graphql.execution.cost import OperationCost
from multichannel.graphql.execution.documents import within_limits
from multichannel.graphql.execution.limits import values_of
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.framework.mutation import MUTATIONS, MutationDeclaration
from multichannel.graphql.schema import build_schema
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import (
    Selected,
    SelectedField,
    SelectedPayload,
)

MAX_SHAPES = 16
"""For so many shapes, a plan keeps what its mutations return."""


@dataclass(frozen=True, slots=True)
class OperationShape:
    """What, besides the plan, decides which statement answers: shapes of inputs and flags of directives."""

    inputs: tuple[Hashable, ...]
    flags: tuple[tuple[str, bool | None], ...]

    @property
    def weight(self) -> int:
        """How much its inputs hold, filters as `ListArguments` weigh them."""
        return sum(getattr(each, "weight", 1) for each in self.inputs)


RequestValues = tuple[int, OperationShape, list[tuple[Any, ...]]]
"""The cost of a request, its shape, and the values of each input."""


class Selectable(Protocol):
    """What a statement can be made for."""

    def select(self, shape: OperationShape) -> Selected:
        """What is selected in requests of a shape; raises NotCovered."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PlannedMutation:
    """One mutation of an operation, for requests of one shape."""

    declared: MutationDeclaration
    place: int
    """Where its input is among the values; then the id of what it changed or made."""
    part: DocumentNode
    """The document, with no other mutation in it."""
    selected: SelectedField

    @property
    def key(self) -> str:
        """Its response key."""
        return self.selected.key

    def select(self, _shape: OperationShape) -> Selected:
        """What it returns once it has succeeded."""
        return (self.selected,)


class Plan:
    """The plan of one query, or of some mutations. Raises NotCovered for other operations."""

    def __init__(self, document: DocumentNode, operation_name: str | None) -> None:
        operation = get_operation_ast(document, operation_name)
        if operation is None or operation.operation is OperationType.SUBSCRIPTION or operation.directives:
            raise NotCovered("not a plain query or mutation")
        self._operation = operation
        self.kind = operation.operation
        self._fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self.cost = OperationCost(document, operation, values_of(document, operation))
        schema = build_schema()
        self._variables = VariableReader(schema, operation)
        self._inputs: list[PlanInput] = []
        self._places: dict[int, int] = {}
        self._flags: set[str] = set()
        self._mutations: FrequentCache[tuple[PlannedMutation, ...]] = FrequentCache(
            MAX_SHAPES, 4 * MAX_SHAPES
        )
        self._without_variables: RequestValues | None = None
        self._visit(operation.selection_set, schema.get_root_type(operation.operation))
        for fragment in self._fragments.values():
            self._visit(fragment.selection_set, schema.type_map[fragment.type_condition.name.value])

    def question(self, raw: Mapping[str, Any] | None) -> Question:
        """What a request asks; raises InvalidDocument, MultichannelError and NotCovered."""
        if raw or self.kind is not OperationType.QUERY:
            return Question(self, *self._values_of(raw or {}))
        if self._without_variables is None:
            self._without_variables = self._values_of({})
        return Question(self, *self._without_variables)

    def _values_of(self, raw: Mapping[str, Any]) -> RequestValues:
        cost = within_limits(self.cost, raw)
        variables = self._variables.read(raw)
        if variables is None:
            raise NotCovered("invalid variables, which the interpreter explains")
        return cost, *self.read(variables)

    def read(self, variables: Mapping[str, Any]) -> tuple[OperationShape, list[tuple[Any, ...]]]:
        """The shape of a request, and the values of each input; raises MultichannelError or NotCovered."""
        read = [read_input(variables) for read_input in self._inputs]
        flags = tuple((name, _flag(variables.get(name))) for name in sorted(self._flags))
        shape = OperationShape(tuple(shape for shape, _ in read), flags)
        if shape.weight > MAX_WEIGHT:
            raise NotCovered("filters that are too large")
        return shape, [values for _, values in read]

    def select(self, shape: OperationShape) -> Selected:
        """What the operation selects in requests of a shape; raises NotCovered."""
        return self._selecting(shape).root(self._operation)

    def mutations(self, shape: OperationShape) -> tuple[PlannedMutation, ...]:
        """The mutations of an operation in requests of a shape, in their order; raises NotCovered."""
        planned = self._mutations.get(shape)
        if planned is None:
            planned = tuple(
                self._mutation(selected, nodes)
                for selected, nodes in self._selecting(shape).mutations(self._operation)
            )
            self._mutations.put(shape, planned, 1)
        return planned

    def _selecting(self, shape: OperationShape) -> OperationSelecting:
        return OperationSelecting(Collecting(self._fragments, dict(shape.flags)), self._places, shape.inputs)

    def _mutation(self, selected: SelectedField, nodes: Sequence[FieldNode]) -> PlannedMutation:
        if not isinstance(selected.value, SelectedPayload):
            raise TypeError("a mutation without a payload")
        whole = self._operation
        operation = OperationDefinitionNode(
            operation=whole.operation,
            name=whole.name,
            variable_definitions=whole.variable_definitions,
            selection_set=SelectionSetNode(selections=tuple(nodes)),
        )
        part = DocumentNode(definitions=(operation, *self._fragments.values()))
        declared = MUTATIONS[nodes[0].name.value]
        return PlannedMutation(declared, selected.value.place, part, selected)

    def _visit(self, selected: SelectionSetNode, parent: Any) -> None:
        """Find the inputs and the flags below a selection; fragments are visited on their own."""
        for node in selected.selections:
            for directive in node.directives or ():
                self._flags |= variables_in(directive)
            if isinstance(node, FragmentSpreadNode):
                continue
            if isinstance(node, FieldNode):
                kind = self._enter(node, parent)
                if node.selection_set and kind is not None:
                    self._visit(node.selection_set, kind)
            elif isinstance(node, InlineFragmentNode):
                narrowed = node.type_condition
                kind = parent if narrowed is None else build_schema().type_map[narrowed.name.value]
                self._visit(node.selection_set, kind)

    def _enter(self, node: FieldNode, parent: Any) -> Any:
        """The type of a field, None for introspection; the arguments of a field are an input."""
        name = node.name.value
        if name in {"__schema", "__type"}:
            self._add(node, introspection_input(self._variables_below(node)))
        if name.startswith("__") or parent.name.startswith("__"):
            return None
        if parent is build_schema().mutation_type and not is_planned(name):
            raise NotCovered(f"Mutation.{name}")
        field = parent.fields[name]
        if parent is build_schema().query_type and name not in ROOT_FIELDS:
            raise NotCovered(f"Query.{name}")
        kind = get_named_type(field.type)
        target = DECLARATIONS.get(kind.name.removesuffix("Connection"))
        if target is not None and kind.name.endswith("Connection"):
            self._add(node, ListInput(target, node, field).read)
        elif parent is build_schema().mutation_type:
            self._add(node, use_case_input(MUTATIONS[name], node, field))
        elif name in {"node", "nodes"} and parent is build_schema().query_type:
            self._add(node, id_input(node) if name == "node" else ids_input(node, field))
        elif name in GROUPED and parent is build_schema().query_type:
            self._add(node, groups_input(GROUPED[name], node, field))
        elif field.args:
            self._add(node, arguments_input(node, field))
        return kind

    def _variables_below(self, node: FieldNode) -> set[str]:
        """The variables of a field, and of the fragments that it may use."""
        return variables_in(node).union(*map(variables_in, self._fragments.values()))

    def _add(self, node: FieldNode, plan_input: PlanInput) -> None:
        self._places[id(node)] = len(self._inputs)
        self._inputs.append(plan_input)


@dataclass(slots=True)
class Question:
    """A plan with the values of a request."""

    plan: Plan
    cost: int
    shape: OperationShape
    values: Sequence[tuple[Any, ...]]
    codes: Mapping[str, str] = field(default_factory=dict)
    """Those of invitations that a mutation has just made, by the id of what they are for."""


def is_planned(mutation: str) -> bool:
    """Whether a mutation can be part of a plan: not in bulk, and not for newcomers."""
    return mutation == "__typename" or (mutation in MUTATIONS and not MUTATIONS[mutation].for_newcomers)


def _flag(value: Any) -> bool | None:
    """A flag of a directive; another operation of the document may have a variable of the same name."""
    if not isinstance(value, bool | None):
        raise NotCovered("a flag of another operation")
    return value
