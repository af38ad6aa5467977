"""Variables of a request, by the types that an operation declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLNonNull, GraphQLSchema, OperationDefinitionNode, type_from_ast, value_from_ast
from graphql.execution.values import get_variable_values

EXACT = {"Int": int, "String": str, "ID": str, "Boolean": bool}
"""The scalars whose values are valid as they are, with the type of these."""
INT_LIMIT = 2**31


class VariableReader:
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

    def read(self, raw: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values by name; None if they are invalid."""
        variables = dict(self._defaults)
        for name, kind in self._types.items():
            if name not in raw:
                if isinstance(kind, GraphQLNonNull) and name not in variables:
                    return None
            elif _is_exact(kind, raw[name]):
                variables[name] = raw[name]
            else:
                return self._coerced(raw)
        return variables

    def _coerced(self, raw: Mapping[str, Any]) -> dict[str, Any] | None:
        read = get_variable_values(self._schema, self._definitions, dict(raw))
        return None if isinstance(read, list) else dict(read.coerced)


def _is_exact(kind: Any, value: Any) -> bool:
    """Whether a value is one of a scalar type without any coercion."""
    is_required = isinstance(kind, GraphQLNonNull)
    if value is None:
        return not is_required
    exact = EXACT.get(getattr(kind.of_type if is_required else kind, "name", ""))
    return type(value) is exact and not (isinstance(value, int) and not -INT_LIMIT <= value < INT_LIMIT)
