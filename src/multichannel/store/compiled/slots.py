"""Slots: the values of a request taken out of filters and windows, so that one statement serves many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from multichannel.policy.schema.resources import Resource
from multichannel.store.compiled.selection import Slot
from multichannel.store.read.filters import FLAGS, prepared
from multichannel.store.read.groups import Having
from multichannel.store.read.list_query import (
    And,
    Compare,
    Condition,
    Granted,
    Not,
    Or,
    Position,
    RelatedTo,
    TenantIds,
    Window,
)

RELATION_WEIGHT = 10
"""A condition on related records brings the conditions on their visibility along."""


def weight_of(condition: Condition) -> int:
    """How much a condition holds: its comparisons, each with all values, and its relations."""
    if isinstance(condition, And | Or):
        return max(1, sum(map(weight_of, condition.conditions)))
    if isinstance(condition, Granted):
        return RELATION_WEIGHT
    if isinstance(condition, RelatedTo):
        return RELATION_WEIGHT + weight_of(condition.condition)
    if isinstance(condition, Not):
        return 1 + weight_of(condition.condition)
    value = condition.value
    if isinstance(value, TenantIds):
        return RELATION_WEIGHT * len(value.targets) + len(value.values)
    return len(value) if isinstance(value, tuple | list) else 1


def map_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value of a comparison with something else in place of each value in it."""
    if isinstance(value, TenantIds):
        return replace(value, values=tuple(map(change, value.values)))
    return tuple(map(change, value)) if isinstance(value, tuple) else change(value)


def with_slots(
    resource: Resource, window: Window, condition: Condition
) -> tuple[Window, Condition, tuple[Any, ...]]:
    """A window and a condition without their values, and the values in the order of their slots."""
    values: list[Any] = []

    def slot(value: Any) -> Slot:
        values.append(value)
        return Slot(len(values) - 1)

    def position(known: Position | None) -> Position | None:
        if known is None:
            return None
        values = tuple(None if value is None else slot(value) for value in known.values)
        return Position(values, slot(known.id))

    def slots(of: Resource, compare: Compare) -> Condition:
        ready = prepared(of, compare)
        if not isinstance(ready, Compare) or ready.operator in FLAGS:
            return ready
        return Compare(ready.column, ready.operator, map_values(ready.value, slot))

    shape = Window(slot(window.size), window.backwards, position(window.after), position(window.before))
    return shape, map_comparisons(resource, condition, slots), tuple(values)


def having_with_slots(conditions: Sequence[Having], first: int) -> tuple[tuple[Having, ...], tuple[Any, ...]]:
    """Conditions on groups with slots from a first one on, and the values of these."""
    values: list[Any] = []

    def slot(value: Any) -> Slot:
        values.append(value)
        return Slot(first + len(values) - 1)

    shape = []
    for each in conditions:
        value = each.value
        if each.operator not in FLAGS:
            value = map_values(value, slot)
        shape.append(Having(each.measure, each.operator, value))
    return tuple(shape), tuple(values)


def map_comparisons(
    resource: Resource, condition: Condition, change: Callable[[Resource, Compare], Condition]
) -> Condition:
    """The condition on records of a type with something else in place of each comparison."""
    if isinstance(condition, And | Or):
        parts = tuple(map_comparisons(resource, part, change) for part in condition.conditions)
        return And(parts) if isinstance(condition, And) else Or(parts)
    if isinstance(condition, RelatedTo):
        target = condition.link.target
        return replace(condition, condition=map_comparisons(target, condition.condition, change))
    if isinstance(condition, Not):
        return Not(map_comparisons(resource, condition.condition, change))
    return condition if isinstance(condition, Granted) else change(resource, condition)
