"""Clients' filters as SQL. A test of a column holds only where the column may be read."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from multichannel.policy.decide.visibility import Visibility
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.query import And, Compare, Condition, Or, ReadableColumn, RelatedTo

Clause = ColumnElement[bool]

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
"""What a filter may ask of a value; all but `is_null` are false of an unknown one."""


def degrees_of(columns: Iterable[ReadableColumn]) -> list[Action]:
    """The degrees of reading some columns need, in a fixed order."""
    return sorted({column.read for column in columns})


class Filters:
    """Makes clauses under what one principal sees."""

    def __init__(self, visibility: Callable[[Resource], Visibility]) -> None:
        """`visibility` tells what the principal sees of a kind of resource."""
        self._visibility = visibility

    def clauses(self, resource: Resource, entity: Any, condition: Condition) -> list[Clause]:
        """Clauses that must all hold for rows of `entity`."""
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
            return self._through(resource, entity, condition)
        return self._test(resource, entity, condition)

    def _test(self, resource: Resource, entity: Any, test: Compare) -> Clause:
        holds = OPERATORS[test.operator](getattr(entity, test.column.name), test.value)
        return and_(holds, *self.readable(resource, entity, test.column.read))

    def _through(self, resource: Resource, entity: Any, through: RelatedTo) -> Clause:
        """Some related row that is itself visible, reached only where the link may be followed."""
        link = through.link
        related = aliased(link.target.mapped)
        inner = select(1).where(
            getattr(related, link.remote) == getattr(entity, link.local),
            self._visibility(link.target).visible(related),
            *self.readable(link.target, related, link.remote_read),
            *self.clauses(link.target, related, through.condition),
        )
        return and_(exists(inner.correlate(entity)), *self.readable(resource, entity, link.read))

    def readable(self, resource: Resource, entity: Any, action: Action | None) -> list[Clause]:
        """What keeps to the rows that may be read to a degree; nothing where all visible ones may."""
        if action is None:
            return []
        condition = self._visibility(resource).condition(action, entity)
        return [] if condition is None else [condition]
