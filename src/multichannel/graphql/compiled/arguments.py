"""The inputs of a plan: the arguments of a list, the id of a record, the input of a mutation.

Each gives its shape, which decides the statement, and the values that the statement binds. They are read by
the same functions as in the interpreter, so that they mean the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.language import Node, Visitor, visit

from multichannel.errors import BadInput
from multichannel.graphql.framework.connections import MAX_PAGE_SIZE
from multichannel.graphql.framework.fields import TypeDeclaration
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.groups import MAX_GROUPS, GroupsDeclaration, read_groups
from multichannel.graphql.framework.mutation import MutationDeclaration
from multichannel.graphql.framework.resolvers import page_arguments
from multichannel.graphql.framework.strawberry_types import read_arguments, read_input
from multichannel.graphql.types.query import MAX_IDS
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import GroupArguments, ListArguments
from multichannel.store.compiled.slots import having_with_slots, weight_of, with_slots
from multichannel.store.read.list_query import Window

Variables = Mapping[str, Any]
ShapeAndValues = tuple[Hashable, tuple[Any, ...]]
LARGE_VARIABLES, VALUE_LENGTH = 4_000, 10
"""Larger variables are read by a worker thread; what is no text counts as so many characters."""
LONGEST_NAME = 60
MAX_WEIGHT = 200
"""Filters of one operation that hold more than so many comparisons (`weight_of`) are left to the interpreter:
each such shape would be kept, with a statement of its own.
"""


PlanInput = Callable[[Variables], ShapeAndValues]
"""Reads something in a document that takes values from a request: its shape and the values.

Raises MultichannelError or NotCovered if they are invalid.
"""


class ListInput:
    """The arguments of a list. Those without variables are read once."""

    def __init__(self, declaration: TypeDeclaration, node: FieldNode, field: GraphQLField) -> None:
        self._declaration = declaration
        self._nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._types = {name: argument.type for name, argument in field.args.items()}
        self._constant: ShapeAndValues | None = None
        if not any(map(variables_in, self._nodes.values())):
            with suppress(BadInput, NotCovered):
                self._constant = self._read({})
        first = self._nodes.get("first")
        self._size = first.name.value if isinstance(first, VariableNode) and len(self._nodes) == 1 else None
        self._first_page = self._understood({})[0]

    def read(self, variables: Variables) -> ShapeAndValues:
        """See `PlanInput`."""
        if self._constant is not None:
            return self._constant
        if self._size is not None:
            size = variables.get(self._size)
            if type(size) is int and 0 <= size <= MAX_PAGE_SIZE:
                return self._first_page, (size,)
        return self._read(variables)

    def _read(self, variables: Variables) -> ShapeAndValues:
        arguments = {}
        for name, node in self._nodes.items():
            value = value_from_ast(node, self._types[name], dict(variables))
            if value is not Undefined:
                arguments[name] = value
            elif not (isinstance(node, VariableNode) and node.name.value not in variables):
                raise NotCovered(f"a value of {name} that graphql-core has to judge")
        return self._understood(arguments)

    def _understood(self, arguments: dict[str, Any]) -> ShapeAndValues:
        declaration, value = self._declaration, arguments.get("filter")
        if value is not None:
            value = read_input(f"{declaration.name}Filter", value)
        arguments |= {"filter": value, "order_by": arguments.get("orderBy")}
        read = page_arguments(declaration, arguments)
        weight = weight_of(read.condition)
        if weight > MAX_WEIGHT:
            raise NotCovered("a filter that is too large")
        window, shape, values = with_slots(declaration.resource, read.window, read.condition)
        return ListArguments(window, shape, read.order, read.digest, weight), values


def id_input(node: FieldNode) -> PlanInput:
    """The id of a record; its shape is the resource type."""
    argument = _only_argument(node)

    def read(variables: Variables) -> ShapeAndValues:
        value = variables.get(argument.name.value) if isinstance(argument, VariableNode) else None
        if isinstance(argument, StringValueNode):
            value = argument.value
        if not isinstance(value, str):
            raise NotCovered("an id that graphql-core has to judge")
        resource, row_id = read_id(value)
        return resource, (row_id,)

    return read


def use_case_input(declared: MutationDeclaration, node: FieldNode, field: GraphQLField) -> PlanInput:
    """The input of a mutation, which decides no statement; its value is what the use case takes."""
    argument, kind = _only_argument(node), field.args["input"].type

    def read(variables: Variables) -> ShapeAndValues:
        value = value_from_ast(argument, kind, dict(variables))
        if value is Undefined:
            raise NotCovered("an input that graphql-core has to judge")
        return None, (read_input(declared.input_type.__name__, value),)

    return read


def ids_input(node: FieldNode, field: GraphQLField) -> PlanInput:
    """The ids of `nodes`; its shape has the resource types of these."""

    def read(variables: Variables) -> ShapeAndValues:
        ids = _coerced(field, node, variables)["ids"]
        if len(ids) > MAX_IDS:
            raise NotCovered("too many ids")
        keys = [read_id(each) for each in ids]
        resources = sorted({resource.name for resource, _ in keys})
        pairs = [(resource.name, row_id) for resource, row_id in keys]
        return tuple(resources), (orjson.dumps(pairs).decode(),)

    return read


def arguments_input(node: FieldNode, field: GraphQLField) -> PlanInput:
    """The arguments of a computed field, as its resolver receives them; they do not change the statement."""
    return lambda variables: (None, (read_arguments(field, _coerced(field, node, variables)),))


def groups_input(declared: GroupsDeclaration, node: FieldNode, field: GraphQLField) -> PlanInput:
    """The arguments of groups; the values are the limit, and then those of conditions."""

    def read(variables: Variables) -> ShapeAndValues:
        arguments = read_arguments(field, _coerced(field, node, variables))
        query = read_groups(declared, arguments, ())
        weight = weight_of(query.condition) + len(query.having)
        if weight > MAX_WEIGHT:
            raise NotCovered("a filter that is too large")
        resource = declared.declaration.resource
        _, condition, values = with_slots(resource, Window(query.limit), query.condition)
        having, operands = having_with_slots(query.having, len(values))
        most = None if arguments.get("first") is not None else MAX_GROUPS
        shape = GroupArguments(tuple(query.keys), condition, having, tuple(query.order), most, weight)
        return shape, (*values, *operands)

    return read


def introspection_input(names: Collection[str]) -> PlanInput:
    """The variables of a document that asks about the schema; they are its shape, and no values."""

    def read(variables: Variables) -> ShapeAndValues:
        known = tuple((name, variables[name]) for name in sorted(names) if name in variables)
        if not all(isinstance(value, bool | None) or is_name(value) for _, value in known):
            raise NotCovered("variables that are not about the schema")
        return known, ()

    return read


def _only_argument(node: FieldNode) -> ValueNode:
    return next(argument.value for argument in node.arguments or ())


def is_name(value: Any) -> bool:
    """Whether a value may be the name of a type."""
    return isinstance(value, str) and len(value) <= LONGEST_NAME


def _coerced(field: GraphQLField, node: FieldNode, variables: Variables) -> dict[str, Any]:
    """The arguments of a field as graphql-core understands them, which explains those that are invalid."""
    try:
        return get_argument_values(field, node, VariableValues({}, dict(variables)))
    except GraphQLError as cause:
        raise NotCovered("arguments that graphql-core has to judge") from cause


def is_large(variables: Variables | None) -> bool:
    """Whether reading the variables of a request takes so long that other requests should not wait for it."""
    room = LARGE_VARIABLES
    waiting: list[Any] = [variables]
    while waiting and room >= 0:
        value = waiting.pop()
        room -= len(value) if isinstance(value, str) else VALUE_LENGTH
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return room < 0


def variables_in(node: Node) -> set[str]:
    """The names of the variables in a part of a document."""
    found: set[str] = set()

    class _Finder(Visitor):
        def enter_variable(self, variable: VariableNode, *_rest: Any) -> None:
            found.add(variable.name.value)

    visit(node, _Finder())
    return found
