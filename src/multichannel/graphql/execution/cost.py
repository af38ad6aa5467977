"""The cost of an operation, known before anything is read: what it selects, filters, counts and explains.

Filters, counts and explanations are counted for each place in which they stand, aliases and spreads included.
A fragment is visited once, however often it is spread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from multichannel.errors import TooComplex
from multichannel.graphql.execution.limits import values_below

MAX_COST = 200_000
MAX_TERMS = 50
MAX_TEXT = 512
TERM, COUNT, EXPLANATION = 100, 1_000, 2_000
"""The cost of a condition of a filter, a count, and an explanation; a value that is returned costs 1."""
ITEM = 10
"""The cost of an item of a bulk mutation besides what its result returns: that of an operation of its own."""
BULK = "bulk"
RELATION = 10
"""A condition on related records costs so many times as much, for each relation on the way."""
FILTERS, TEXTS = {"filter", "having"}, {"search"}
COUNTS, GROUPS, EXPLANATIONS = {"totalCount", "totalCountIsAtLeast"}, "Groups", {"explainDecision", "whoMay"}
NEUTRAL = {"and", "or", "not", "some", "none", "every"}
"""Members of filters that lead to no other records."""


@dataclass(slots=True)
class _Places:
    """How often there is what costs, below a selection."""

    counts: int = 0
    explanations: int = 0
    filters: Counter[int] = field(default_factory=Counter)
    """By the identity of the value of an argument."""
    bulks: list[FieldNode] = field(default_factory=list)

    def add(self, other: _Places) -> None:
        self.bulks += other.bulks
        self.counts += other.counts
        self.explanations += other.explanations
        self.filters.update(other.filters)


class OperationCost:
    """The cost of one operation of a valid document; that of its filters may depend on variables."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode, values: int) -> None:
        """`values` is the number of values that it may return."""
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._known: dict[str, _Places] = {}
        self._nodes: dict[int, ValueNode] = {}
        places = self._below(operation.selection_set)
        self._base = values + COUNT * places.counts + EXPLANATION * places.explanations
        self._filters = [(self._nodes[key], times) for key, times in places.filters.items()]
        self._bulks = [
            (each.arguments[0].value, ITEM + values_below(document, each))
            for each in places.bulks
            if each.arguments and operation.operation is OperationType.MUTATION
        ]
        self._defaults = {
            each.variable.name.value: _plain(each.default_value, {})
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        self._is_fixed = not any(_has_variables(node) for node, _ in (*self._filters, *self._bulks))
        self._fixed = self._of({}) if self._is_fixed else (0, 0)

    def check(self, variables: Mapping[str, Any] | None) -> int:
        """The cost with these variables; TooComplex if it, or a filter, is over a limit."""
        cost, terms = self._fixed if self._is_fixed else self._of({**self._defaults, **(variables or {})})
        if terms > MAX_TERMS:
            raise TooComplex(f"Query too complex: {terms} conditions in filters; the limit is {MAX_TERMS}.")
        if cost > MAX_COST:
            raise TooComplex(
                f"Query too complex: its cost is {cost}; the limit is {MAX_COST}. Request less at once."
            )
        return cost

    def _of(self, variables: Mapping[str, Any]) -> tuple[int, int]:
        """The cost, and the number of conditions."""
        cost, terms = self._base, 0
        for node, times in self._filters:
            for depth in _conditions(_plain(node, variables)):
                cost += times * TERM * RELATION**depth
                terms += times
        cost += sum(each * _item_count(_plain(node, variables)) for node, each in self._bulks)
        return cost, terms

    def _below(self, selected: SelectionSetNode) -> _Places:
        places = _Places()
        for node in selected.selections:
            if isinstance(node, FragmentSpreadNode):
                places.add(self._of_fragment(node.name.value))
            elif isinstance(node, FieldNode):
                self._count(node, places)
                if node.selection_set is not None:
                    places.add(self._below(node.selection_set))
            elif isinstance(node, InlineFragmentNode):
                places.add(self._below(node.selection_set))
        return places

    def _of_fragment(self, name: str) -> _Places:
        if name not in self._known:
            self._known[name] = self._below(self._fragments[name].selection_set)
        return self._known[name]

    def _count(self, node: FieldNode, places: _Places) -> None:
        places.counts += node.name.value in COUNTS or node.name.value.endswith(GROUPS)
        places.explanations += node.name.value in EXPLANATIONS
        if node.name.value.startswith(BULK):
            places.bulks.append(node)
        for argument in node.arguments or ():
            if argument.name.value in FILTERS | TEXTS:
                self._nodes[id(argument.value)] = argument.value
                places.filters[id(argument.value)] += 1


def _item_count(input: Any) -> int:
    """The number of items of the input of a bulk mutation; a single one need not be a list."""
    items = input.get("items") if isinstance(input, dict) else None
    return len(items) if isinstance(items, list) else 1


def _conditions(value: Any) -> Iterator[int]:
    """For each condition of a filter, on how many relations it is away; TooComplex for a long text."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, dict):
            for name, member in part.items():
                waiting.append((member, depth + _is_relation(name, member)))
        elif isinstance(part, list) and _has_objects(part):
            waiting += [(each, depth) for each in part]
        elif part is not None:
            _check_texts(part)
            yield depth


def _is_relation(name: str, member: Any) -> bool:
    """Whether a member of a filter is a filter of other records."""
    return name not in NEUTRAL and isinstance(member, dict) and _has_objects(member.values())


def _has_objects(values: Iterable[Any]) -> bool:
    """Whether there are filters among values, rather than what an operator compares with."""
    return any(isinstance(each, dict) or (isinstance(each, list) and _has_objects(each)) for each in values)


def _check_texts(value: Any) -> None:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and len(each) > MAX_TEXT:
            raise TooComplex(
                f"Query too complex: a text of {len(each)} characters in a filter; the limit is {MAX_TEXT}."
            )


def _plain(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    """The value of an argument as JSON."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, ObjectValueNode):
        return {each.name.value: _plain(each.value, variables) for each in node.fields}
    if isinstance(node, ListValueNode):
        return [_plain(each, variables) for each in node.values]
    return node.value if isinstance(node, StringValueNode) else True


def _has_variables(node: ValueNode) -> bool:
    if isinstance(node, ObjectValueNode):
        return any(_has_variables(each.value) for each in node.fields)
    if isinstance(node, ListValueNode):
        return any(map(_has_variables, node.values))
    return isinstance(node, VariableNode)
