"""Filters of clients as SQL. A comparison is false where its column may not be read."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from multichannel.domain.base import GUID_FORM, is_guid
from multichannel.policy.decide.visibility import Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import And, Compare, Condition, Or, ReadableColumn, RelatedTo

Clause = ColumnElement[bool]
ALIASES = 1_000
"""How many aliases are kept; to make one copies every column of the table."""

OPERATORS: dict[str, Callable[[Any, Any], Clause]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda column, values: column.in_(values),
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "starts_with": lambda column, value: column.startswith(value, autoescape=True),
    "contains": lambda column, value: column.icontains(value, autoescape=True),
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
}
"""The operators of comparisons; all but `is_null` are false for NULL."""


def _of_value(column: Any, name: str, value: Any) -> Clause:
    return OPERATORS[name](column, value)


def _of_guid(column: Any, name: str, value: Any) -> Clause:
    """A comparison with a GUID: as text for its parts, and with no other text than a GUID for the whole."""
    if name in {"starts_with", "contains"}:
        return _of_value(cast(column, Text), name, value)
    if name == "is_null":
        return _of_value(column, name, value)
    values = [
        each.lower() for each in ([value] if isinstance(value, str) else value) if GUID_FORM.fullmatch(each)
    ]
    if name in {"eq", "in"}:
        return _of_value(column, "in", values)
    return and_(column.is_not(None), column.not_in(values))


def read_levels_of(columns: Iterable[ReadableColumn]) -> list[Action]:
    """The read levels of columns, in a fixed order."""
    return sorted({column.read for column in columns})


@lru_cache(ALIASES)
def _alias_below(_entity: Any, target: Resource) -> Any:
    """The alias for related rows in a filter of `entity`: each has it in a subquery of its own."""
    return aliased(target.mapped)


class Filters:
    """Translates conditions for what one principal sees."""

    def __init__(self, visibility: Callable[[Resource], Visibility]) -> None:
        self._visibility = visibility

    def clauses(self, resource: Resource, entity: Any, condition: Condition) -> list[Clause]:
        """The clauses of a condition on `entity`, which must all hold."""
        if isinstance(condition, And):
            return [
                clause for part in condition.conditions for clause in self.clauses(resource, entity, part)
            ]
        return [self._clause(resource, entity, condition)]

    def _clause(self, resource: Resource, entity: Any, condition: Condition) -> Clause:
        if isinstance(condition, And):
            return and_(true(), *self.clauses(resource, entity, condition))
        if isinstance(condition, Or):
            return or_(false(), *(self._clause(resource, entity, part) for part in condition.conditions))
        if isinstance(condition, RelatedTo):
            return self._related_to(resource, entity, condition)
        return self._compare(resource, entity, condition)

    def _compare(self, resource: Resource, entity: Any, compare: Compare) -> Clause:
        column = getattr(entity, compare.column.name)
        compared = _of_guid if is_guid(resource.column(compare.column.name)) else _of_value
        holds = compared(column, compare.operator, compare.value)
        return and_(holds, *self.readable(resource, entity, compare.column.read))

    def _related_to(self, resource: Resource, entity: Any, condition: RelatedTo) -> Clause:
        """A visible related row fulfils the condition, and the relation may be followed."""
        link = condition.link
        related = _alias_below(entity, link.target)
        inner = select(1).where(
            getattr(related, link.remote) == getattr(entity, link.local),
            self._visibility(link.target).visible(related),
            *self.readable(link.target, related, link.remote_read),
            *self.clauses(link.target, related, condition.condition),
        )
        return and_(exists(inner.correlate(entity)), *self.readable(resource, entity, link.read))

    def readable(self, resource: Resource, entity: Any, action: Action | None) -> list[Clause]:
        """The clause that selects rows readable at a level; none if all visible rows are."""
        if action is None:
            return []
        condition = self._visibility(resource).condition(action, entity)
        return [] if condition is None else [condition]
