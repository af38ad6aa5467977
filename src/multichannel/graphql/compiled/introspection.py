"""What a document asks about the schema, answered by graphql-core once for all callers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode, execute_sync, parse, print_ast

from multichannel.graphql.compiled.collecting import Collecting, Nodes
from multichannel.graphql.schema import build_schema
from multichannel.store.compiled.json_text import NotCovered

MOST_KEPT = 20
"""Answers about the schema that are kept; the largest take half a megabyte."""


def about_schema(
    operation: OperationDefinitionNode,
    collecting: Collecting,
    key: str,
    nodes: Nodes,
    variables: Mapping[str, Any],
) -> str:
    """The JSON text of `__schema` or `__type`."""
    about = OperationDefinitionNode(
        operation=operation.operation,
        variable_definitions=tuple(
            each for each in operation.variable_definitions or () if each.variable.name.value in variables
        ),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )
    document = DocumentNode(definitions=(about, *collecting.fragments.values()))
    return _described(print_ast(document), key, tuple(sorted(variables.items())))


@lru_cache(MOST_KEPT)
def _described(document: str, key: str, variables: tuple[tuple[str, Any], ...]) -> str:
    result = execute_sync(build_schema(), parse(document), variable_values=dict(variables))
    if result.errors or result.data is None:
        raise NotCovered("a question about the schema that has errors")
    return orjson.dumps(result.data[key]).decode()
