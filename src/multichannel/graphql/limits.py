"""How large a document may be, found in one pass that visits each fragment once.

A document is measured before it is validated: the stock depth and alias limits walk a fragment again for
every spread of it, which grows exponentially with a chain of fragments.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from multichannel.errors import TooComplex
from multichannel.graphql.paging import DEFAULT_SIZE, LARGEST_SIZE

DEEPEST = 15
MOST_ROOT_FIELDS = 20
MOST_OBJECTS = 20_000
MOST_FIELDS = 5_000
MOST_OPERATIONS = 20
WITHIN_A_LIST = {"nodes", "edges", "node", "pageInfo", "totalCount"}
"""Fields of a list that return what was counted with the list."""


@dataclass(frozen=True, slots=True)
class Size:
    """Levels below a selection, fields in it with fragments spread out, and objects it may return."""

    depth: int = 0
    fields: int = 0
    objects: int = 0


def check_size(document: DocumentNode) -> None:
    """Raise TooComplex when an operation of the document is larger than one request may be."""
    measure = _Measure(document)
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    _limit("operations in a document", len(operations), MOST_OPERATIONS)
    for operation in operations:
        _limit("fields at the root", len(operation.selection_set.selections), MOST_ROOT_FIELDS)
        size = measure.of(operation.selection_set)
        _limit("levels of fields", size.depth, DEEPEST)
        _limit("fields, with fragments spread out", size.fields, MOST_FIELDS)
        _limit("objects that it may return", size.objects, MOST_OBJECTS)


def _limit(what: str, found: int, most: int) -> None:
    if found > most:
        raise TooComplex(f"Too large: {found} {what}, and {most} is the most. Ask for less at a time.")


class _Measure:
    """Measures selections of one document; sizes of fragments are remembered."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self._sizes: dict[str, Size] = {}

    def of(self, selected: SelectionSetNode) -> Size:
        sizes = [self._size(node) for node in selected.selections]
        return Size(
            max((size.depth for size in sizes), default=0),
            min(sum(size.fields for size in sizes), MOST_FIELDS + 1),
            min(sum(size.objects for size in sizes), MOST_OBJECTS + 1),
        )

    def _size(self, node: SelectionNode) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        selected: SelectionSetNode | None = getattr(node, "selection_set", None)
        below = self.of(selected) if selected else Size()
        if not isinstance(node, FieldNode):
            return below
        if selected is None:
            return Size(1, 1, 0)
        objects = 0 if node.name.value in WITHIN_A_LIST else _records(node)
        return Size(below.depth + 1, below.fields + 1, max(objects, 1) * (below.objects + bool(objects)))

    def _of_fragment(self, name: str) -> Size:
        """A fragment's size; one that contains itself counts as nothing, and validation refuses it."""
        if name not in self._sizes:
            self._sizes[name] = Size()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self.of(fragment.selection_set)
        return self._sizes[name]


def _records(node: FieldNode) -> int:
    """How many objects a field returns for each of its parents, as far as its arguments tell."""
    sizes = {argument.name.value: argument.value for argument in node.arguments or ()}
    chosen = sizes.get("first") or sizes.get("last")
    if isinstance(chosen, IntValueNode):
        return min(int(chosen.value), LARGEST_SIZE) if chosen.value.isdigit() else 1
    if chosen is not None:
        return LARGEST_SIZE
    has_window = node.selection_set and any(
        isinstance(item, FieldNode) and item.name.value in WITHIN_A_LIST
        for item in node.selection_set.selections
    )
    return DEFAULT_SIZE if has_window else 1
