"""The fields of an object in a document, as graphql-core collects them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

from multichannel.graphql.framework.fields import DECLARATIONS
from multichannel.store.compiled.json_text import NotCovered
from multichannel.store.compiled.selection import Location

Nodes = list[FieldNode]
"""The nodes of one response key."""


class Collecting:
    """Collects from one document with the flags of its directives."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], flags: Mapping[str, Any]) -> None:
        self.fragments = fragments
        self._flags = flags

    def below(self, nodes: Nodes, type_name: str) -> dict[str, Nodes]:
        """The fields of the object of a type that a field returns; see `collected`."""
        return self.collected((node.selection_set for node in nodes if node.selection_set), type_name)

    def collected(self, sets: Iterable[SelectionSetNode], type_name: str) -> dict[str, Nodes]:
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
                fragment = self.fragments[node.name.value]
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


def locations_of(nodes: Nodes) -> Iterator[Location]:
    """Where a document asks for a field."""
    for node in nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            yield place.line, place.column
