"""Orders and keyset windows, never offsets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, literal, null, or_, tuple_

from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import OrderBy, Position, Window

Clause = ColumnElement[bool]


class Ordering:
    """An order of a mapped class, in which a value that may not be read counts as unknown.

    Forwards, unknown values come last; backwards is the exact reverse. `value` is the expression that rows
    are ordered by (None: by id alone).
    """

    def __init__(self, entity: Any, order: OrderBy, readable: Callable[[Action, Any], Clause | None]) -> None:
        """`readable` returns the clause under which a level may be read, or None if it always may."""
        self._id = entity.id
        self._descending = order.descending
        self.value: Any = None
        self._may_be_unknown = False
        if order.column is not None:
            column = getattr(entity, order.column.name)
            condition = readable(order.column.read, entity)
            self.value = column if condition is None else case((condition, column), else_=null())
            self._may_be_unknown = condition is not None or bool(getattr(column, "nullable", True))

    def by(self, *, backwards: bool, identity: Any = None) -> list[Any]:
        """The ORDER BY of a window from the start, or from the end; `identity` equals the row's id."""
        keys = [self._id if identity is None else identity]
        if self.value is not None:
            keys.insert(0, self.value)
            if self._may_be_unknown:
                keys.insert(0, self._unknown)
        return [key.desc() for key in keys] if self._descending != backwards else keys

    def within(self, window: Window) -> list[Clause]:
        """The clauses that keep a window between its positions."""
        clauses = []
        if window.after is not None:
            clauses.append(self._beyond(window.after, forwards=not self._descending))
        if window.before is not None:
            clauses.append(self._beyond(window.before, forwards=self._descending))
        return clauses

    @property
    def _unknown(self) -> Any:
        return case((self.value.is_(None), 1), else_=0)

    def _beyond(self, position: Position, *, forwards: bool) -> Clause:
        """The rows after a position, or before it."""
        further: Clause = self._id > position.id if forwards else self._id < position.id
        if self.value is None:
            return further
        if position.value is None:
            unknown: Clause = and_(self.value.is_(None), further)
            return unknown if forwards else or_(unknown, self.value.is_not(None))
        left = tuple_(self.value, self._id)
        right = tuple_(_bound(position.value, self.value.type), _bound(position.id, self._id.type))
        known: Clause = left > right if forwards else left < right
        return or_(known, self.value.is_(None)) if forwards and self._may_be_unknown else known


def _bound(value: Any, kind: Any) -> Any:
    """A value of a type; it may be a bound parameter already."""
    return value if isinstance(value, ColumnElement) else literal(value, kind)
