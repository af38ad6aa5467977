"""Limits the size of documents, measured in one pass that visits each fragment once.

Documents are measured before validation. The usual depth and alias limits walk a fragment again for each
spread, which takes exponential time for a chain of fragments.
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
from multichannel.graphql.framework.connections import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from multichannel.graphql.framework.fields import camel
from multichannel.graphql.framework.groups import MAX_GROUPS
from multichannel.graphql.types.groups import GROUPS

MAX_DEPTH = 15
MAX_ROOT_FIELDS = 20
MAX_OBJECTS = 20_000
MAX_FIELDS = 5_000
MAX_VALUES = 200_000
MAX_INTROSPECTED = 300
"""Introspection queries of common clients select about 230 fields."""
MAX_OPERATIONS = 20
MAX_REPEATED = 100
"""Validation compares fields with the same response name pairwise; more would take over a second."""
CONNECTION_FIELDS = {"nodes", "edges", "node", "pageInfo", "totalCount", "totalCountIsAtLeast"}
"""Fields of a connection; what they return was counted with the connection."""
GROUP_FIELDS = {camel(name) for name in GROUPS}
INTROSPECTION_LISTS = {
    "types": 100,
    "fields": 10,
    "args": 5,
    "inputFields": 10,
    "enumValues": 10,
    "possibleTypes": 5,
    "interfaces": 2,
    "directives": 10,
}
"""Approximate lengths of the lists in the introspection types."""


@dataclass(frozen=True, slots=True)
class SelectionSize:
    """The size of a selection set with its fragments inlined.

    `objects` counts records and `values` the fields of all returned objects. `introspected` counts fields of
    introspection, which has a lower limit because it needs no sign-in. `names` counts the response names of
    the selection's own fields. `is_list` marks the selection of a connection.
    """

    depth: int = 0
    fields: int = 0
    objects: int = 0
    values: int = 0
    introspected: int = 0
    names: Counter[str] = field(default_factory=Counter)
    is_list: bool = False

    @property
    def repeated(self) -> int:
        """How many of its fields repeat a response name."""
        return self.names.total() - len(self.names)


def check_size(document: DocumentNode) -> None:
    """Raise TooComplex if an operation of the document exceeds a limit."""
    calculator = _SizeCalculator(document)
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    _limit("operations", len(operations), MAX_OPERATIONS)
    for operation in operations:
        size = calculator.of(operation.selection_set)
        _limit("fields with fragments inlined", size.fields, MAX_FIELDS)
        _limit("introspection fields", size.introspected, MAX_INTROSPECTED)
        _limit("root fields", size.names.total(), MAX_ROOT_FIELDS)
        _limit("levels of nesting", size.depth, MAX_DEPTH)
        _limit("objects in the response", size.objects, MAX_OBJECTS)
        _limit("values in the response", size.values, MAX_VALUES)
    _limit("fields with the same response name", calculator.repeated, MAX_REPEATED)


def values_of(document: DocumentNode, operation: OperationDefinitionNode) -> int:
    """The number of values that an operation may return."""
    return _SizeCalculator(document).of(operation.selection_set).values


def values_below(document: DocumentNode, node: FieldNode) -> int:
    """The number of values that a field may return."""
    return _SizeCalculator(document).of(SelectionSetNode(selections=(node,))).values


def _limit(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise TooComplex(f"Query too complex: {count} {what}; the limit is {limit}. Request less at once.")


class _SizeCalculator:
    """Measures the selection sets of one document; the sizes of fragments are cached."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        self._sizes: dict[str, SelectionSize] = {}
        self.repeated = 0

    def of(self, selected: SelectionSetNode) -> SelectionSize:
        sizes = [self._size(node) for node in selected.selections]
        names = Counter[str]()
        for size in sizes:
            names.update(size.names)
        return SelectionSize(
            max((size.depth for size in sizes), default=0),
            min(sum(size.fields for size in sizes), MAX_FIELDS + 1),
            min(sum(size.objects for size in sizes), MAX_OBJECTS + 1),
            min(sum(size.values for size in sizes), MAX_VALUES + 1),
            min(sum(size.introspected for size in sizes), MAX_INTROSPECTED + 1),
            names,
            any(size.is_list for size in sizes),
        )

    def _size(self, node: SelectionNode) -> SelectionSize:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, FieldNode):
            return self._of_field(node)
        return self.of(node.selection_set) if isinstance(node, InlineFragmentNode) else SelectionSize()

    def _of_field(self, node: FieldNode) -> SelectionSize:
        below = self.of(node.selection_set) if node.selection_set else SelectionSize()
        self.repeated += below.repeated
        name = node.name.value
        objects = _record_count(node, below) if node.selection_set else 0
        return SelectionSize(
            below.depth + 1,
            below.fields + 1,
            0 if name.startswith("__") else max(objects, 1) * (below.objects + bool(objects)),
            max(objects, 1) * below.values if node.selection_set else 1,
            below.fields if name.startswith("__") else 0,
            Counter([(node.alias or node.name).value]),
            name in CONNECTION_FIELDS,
        )

    def _of_fragment(self, name: str) -> SelectionSize:
        """The size of a fragment. A recursive spread counts as empty; validation rejects it."""
        if name not in self._sizes:
            self._sizes[name] = SelectionSize()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self.of(fragment.selection_set)
        return self._sizes[name]


def _record_count(node: FieldNode, below: SelectionSize) -> int:
    """How many objects a field returns per parent, as far as its arguments determine it."""
    arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
    if ids := arguments.get("ids"):
        return len(ids.values) if isinstance(ids, ListValueNode) else MAX_PAGE_SIZE
    if node.name.value in CONNECTION_FIELDS:
        return 0
    if node.name.value in INTROSPECTION_LISTS:
        return INTROSPECTION_LISTS[node.name.value]
    page_size = arguments.get("first") or arguments.get("last")
    largest = MAX_GROUPS if node.name.value in GROUP_FIELDS else MAX_PAGE_SIZE
    if page_size is None and largest is MAX_PAGE_SIZE:
        return DEFAULT_PAGE_SIZE if below.is_list else 1
    size = page_size.value if isinstance(page_size, IntValueNode) else ""
    return int(size) if size.isdigit() and len(size) <= len(str(largest)) else largest
