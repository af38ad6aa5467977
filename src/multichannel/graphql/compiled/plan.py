"""The plan of an operation: what a validated document asks of a request, the same whoever sends it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
    type_from_ast,
    value_from_ast,
)
from graphql.execution.values import get_variable_values

from multichannel.graphql.compiled.arguments import MAX_WEIGHT, IdInput, ListInput, PlanInput, variables_in
from multichannel.graphql.compiled.selecting import ROOT_FIELDS, Selecting
from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.graphql.schema import build_schema
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import ListArguments, Selected

EXACT = {"Int": int, "String": str, "ID": str, "Boolean": bool}
"""The scalars whose values are valid as they are, with the type of these."""
INT_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class OperationShape:
    """What, besides the plan, decides which statement answers: shapes of inputs and flags of directives."""

    inputs: tuple[Hashable, ...]
    flags: tuple[tuple[str, bool | None], ...]

    @property
    def weight(self) -> int:
        """How much its inputs hold, filters as `ListArguments` weigh them."""
        return sum(each.weight if isinstance(each, ListArguments) else 1 for each in self.inputs)


class Plan:
    """The plan of one query. Raises NotCovered for other operations."""

    def __init__(self, document: DocumentNode, operation_name: str | None) -> None:
        operation = get_operation_ast(document, operation_name)
        if operation is None or operation.operation is not OperationType.QUERY or operation.directives:
            raise NotCovered("not a plain query")
        self._operation = operation
        self._fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        schema = build_schema()
        self._variables = _VariableReader(schema, operation)
        self._inputs: list[PlanInput] = []
        self._places: dict[int, int] = {}
        self._flags: set[str] = set()
        self._visit(operation.selection_set, schema.query_type)
        for fragment in self._fragments.values():
            self._visit(fragment.selection_set, schema.type_map[fragment.type_condition.name.value])

    def variables(self, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The variables of a request; None if they are invalid, which the interpreter explains."""
        return self._variables.read(given or {})

    def read(self, variables: Mapping[str, Any]) -> tuple[OperationShape, list[tuple[Any, ...]]]:
        """The shape of a request, and the values of each input; raises MultichannelError or NotCovered."""
        read = [each.read(variables) for each in self._inputs]
        flags = tuple((name, _flag(variables.get(name))) for name in sorted(self._flags))
        shape = OperationShape(tuple(shape for shape, _ in read), flags)
        if shape.weight > MAX_WEIGHT:
            raise NotCovered("filters that are too large")
        return shape, [values for _, values in read]

    def select(self, shape: OperationShape) -> Selected:
        """What the operation selects in requests of a shape; raises NotCovered."""
        selecting = Selecting(self._fragments, self._places, shape.inputs, dict(shape.flags))
        return selecting.root(self._operation.selection_set)

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
        """The type of a field, None for introspection; the arguments of a list or node are an input."""
        if parent is build_schema().query_type and node.name.value not in ROOT_FIELDS:
            raise NotCovered(f"Query.{node.name.value}")
        field = parent.fields.get(node.name.value) if not node.name.value.startswith("__") else None
        if field is None:
            return None
        kind = get_named_type(field.type)
        target = DECLARATIONS.get(kind.name.removesuffix("Connection"))
        if target is not None and kind.name.endswith("Connection"):
            self._add(node, ListInput(target, node, field))
        elif parent is build_schema().query_type and node.name.value == "node":
            self._add(node, IdInput(node))
        return kind

    def _add(self, node: FieldNode, plan_input: PlanInput) -> None:
        self._places[id(node)] = len(self._inputs)
        self._inputs.append(plan_input)


def _flag(value: Any) -> bool | None:
    """A flag of a directive; another operation of the document may have a variable of the same name."""
    if not isinstance(value, bool | None):
        raise NotCovered("a flag of another operation")
    return value


class _VariableReader:
    """Reads the variables of one operation, mostly without graphql-core."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._types: dict[str, Any] = {
            each.variable.name.value: type_from_ast(schema, each.type) for each in self._definitions
        }
        self._defaults = {
            each.variable.name.value: value_from_ast(
                each.default_value, self._types[each.variable.name.value]
            )
            for each in self._definitions
            if each.default_value is not None
        }

    def read(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        variables = dict(self._defaults)
        for name, kind in self._types.items():
            if name not in given:
                if isinstance(kind, GraphQLNonNull) and name not in variables:
                    return None
            elif _is_exact(kind, given[name]):
                variables[name] = given[name]
            else:
                return self._coerced(given)
        return variables

    def _coerced(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        read = get_variable_values(self._schema, self._definitions, dict(given))
        return None if isinstance(read, list) else dict(read.coerced)


def _is_exact(kind: Any, value: Any) -> bool:
    """Whether a value is one of a scalar type without any coercion."""
    is_required = isinstance(kind, GraphQLNonNull)
    if value is None:
        return not is_required
    exact = EXACT.get(getattr(kind.of_type if is_required else kind, "name", ""))
    return type(value) is exact and not (isinstance(value, int) and not -INT_LIMIT <= value < INT_LIMIT)
