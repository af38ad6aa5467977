"""The columns that the selection below a field needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

from multichannel.graphql.framework.context import ResolveInfo
from multichannel.graphql.framework.fields import TypeDeclaration
from multichannel.store.read.list_query import ReadableColumn


def columns_of_record(info: ResolveInfo, declaration: TypeDeclaration) -> frozenset[ReadableColumn]:
    """The columns to load for a record that this field returns."""
    return _needed(_below(info, info.field_nodes), declaration)


def columns_of_connection(info: ResolveInfo, declaration: TypeDeclaration) -> frozenset[ReadableColumn]:
    """The columns to load for the records of the connection that this field returns."""
    below = list(_below(info, info.field_nodes))
    nodes = [node for node in below if node.name.value == "nodes"]
    edges = [node for node in below if node.name.value == "edges"]
    nodes += [node for node in _below(info, edges) if node.name.value == "node"]
    return _needed(_below(info, nodes), declaration)


def columns_at(
    info: ResolveInfo, path: Sequence[str], declaration: TypeDeclaration
) -> frozenset[ReadableColumn]:
    """The columns to load for the records at this path of fields in the payload that this field returns."""
    nodes = list(info.field_nodes)
    for name in path:
        nodes = [node for node in _below(info, nodes) if node.name.value == name]
    return _needed(_below(info, nodes), declaration)


def _needed(nodes: Iterable[FieldNode], declaration: TypeDeclaration) -> frozenset[ReadableColumn]:
    """The columns that fields need; fields of other types, reached by fragments, are not found in `needs`."""
    names = {node.name.value for node in nodes}
    return frozenset(column for name, column in declaration.needs.items() if name in names)


def _below(info: ResolveInfo, nodes: Iterable[FieldNode]) -> Iterator[FieldNode]:
    """The fields directly below, fragments inlined; directives and type conditions are ignored."""
    seen: set[str] = set()
    pending = [node.selection_set for node in nodes if node.selection_set]
    while pending:
        yield from _fields(info, pending.pop(), pending, seen)


def _fields(
    info: ResolveInfo, selected: SelectionSetNode, pending: list[SelectionSetNode], seen: set[str]
) -> Iterator[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            pending.append(node.selection_set)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            pending.append(info.fragments[node.name.value].selection_set)
