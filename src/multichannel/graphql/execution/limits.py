"""How large a document may be, found in one pass that visits each fragment once.

A document is measured before it is validated: the stock depth and alias limits walk a fragment again for
every spread of it, which grows exponentially with a chain of fragments.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from multichannel.errors import TooComplex
from multichannel.graphql.framework.connections import DEFAULT_SIZE, LARGEST_SIZE

DEEPEST = 15
MOST_ROOT_FIELDS = 20
MOST_OBJECTS = 20_000
MOST_FIELDS = 5_000
MOST_VALUES = 200_000
MOST_DESCRIBED = 300
"""The introspection queries of clients ask for some 230 fields."""
MOST_OPERATIONS = 20
MOST_REPEATED = 100
"""Validation compares fields of one name pairwise; this keeps it from taking a second."""
WITHIN_A_LIST = {"nodes", "edges", "node", "pageInfo", "totalCount"}
"""Fields of a list that return what was counted with the list."""
INTROSPECTED = {
    "types": 100,
    "fields": 10,
    "args": 5,
    "inputFields": 10,
    "enumValues": 10,
    "possibleTypes": 5,
    "interfaces": 2,
    "directives": 10,
}
"""About how long the lists of the schema's own description are."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a selection with its fragments spread out: levels, fields, and what it may return.

    `objects` counts records, and `values` what the fields of all objects hold. `described` counts fields
    that ask for the schema itself: anybody may, so that they are limited more.

    `names` counts the names its own fields are answered under; `is_list` tells that they are a list's.
    """

    depth: int = 0
    fields: int = 0
    objects: int = 0
    values: int = 0
    described: int = 0
    names: Counter[str] = field(default_factory=Counter)
    is_list: bool = False

    @property
    def repeated(self) -> int:
        """How many of its own fields are there already."""
        return self.names.total() - len(self.names)


def check_size(document: DocumentNode) -> None:
    """Raise TooComplex when an operation of the document is larger than one request may be."""
    measure = _Measure(document)
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    _limit("operations in a document", len(operations), MOST_OPERATIONS)
    for operation in operations:
        size = measure.of(operation.selection_set)
        _limit("fields, with fragments spread out", size.fields, MOST_FIELDS)
        _limit("fields that ask for the schema", size.described, MOST_DESCRIBED)
        _limit("fields at the root", size.names.total(), MOST_ROOT_FIELDS)
        _limit("levels of fields", size.depth, DEEPEST)
        _limit("objects that it may return", size.objects, MOST_OBJECTS)
        _limit("values that it may return", size.values, MOST_VALUES)
    _limit("fields answered under one name", measure.repeated, MOST_REPEATED)


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
        self.repeated = 0

    def of(self, selected: SelectionSetNode) -> Size:
        sizes = [self._size(node) for node in selected.selections]
        names = Counter[str]()
        for size in sizes:
            names.update(size.names)
        return Size(
            max((size.depth for size in sizes), default=0),
            min(sum(size.fields for size in sizes), MOST_FIELDS + 1),
            min(sum(size.objects for size in sizes), MOST_OBJECTS + 1),
            min(sum(size.values for size in sizes), MOST_VALUES + 1),
            min(sum(size.described for size in sizes), MOST_DESCRIBED + 1),
            names,
            any(size.is_list for size in sizes),
        )

    def _size(self, node: SelectionNode) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, FieldNode):
            return self._of_field(node)
        return self.of(node.selection_set) if isinstance(node, InlineFragmentNode) else Size()

    def _of_field(self, node: FieldNode) -> Size:
        below = self.of(node.selection_set) if node.selection_set else Size()
        self.repeated += below.repeated
        name = node.name.value
        objects = _records(node, below) if node.selection_set else 0
        return Size(
            below.depth + 1,
            below.fields + 1,
            0 if name.startswith("__") else max(objects, 1) * (below.objects + bool(objects)),
            max(objects, 1) * below.values if node.selection_set else 1,
            below.fields if name.startswith("__") else 0,
            Counter([(node.alias or node.name).value]),
            name in WITHIN_A_LIST,
        )

    def _of_fragment(self, name: str) -> Size:
        """A fragment's size; one that contains itself counts as nothing, and validation refuses it."""
        if name not in self._sizes:
            self._sizes[name] = Size()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self.of(fragment.selection_set)
        return self._sizes[name]


def _records(node: FieldNode, below: Size) -> int:
    """How many objects a field returns for each of its parents, as far as its arguments tell."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    if ids := given.get("ids"):
        return len(ids.values) if isinstance(ids, ListValueNode) else LARGEST_SIZE
    if node.name.value in WITHIN_A_LIST:
        return 0
    if node.name.value in INTROSPECTED:
        return INTROSPECTED[node.name.value]
    chosen = given.get("first") or given.get("last")
    if chosen is None:
        return DEFAULT_SIZE if below.is_list else 1
    size = chosen.value if isinstance(chosen, IntValueNode) else ""
    return int(size) if size.isdigit() and len(size) <= len(str(LARGEST_SIZE)) else LARGEST_SIZE
