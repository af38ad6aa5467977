"""Orders and keyset windows, never offsets."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from enum import EnumMeta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, false, literal, null, or_, tuple_

from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import OrderBy, OrderKey, Position, Window

Clause = ColumnElement[bool]
Readable = Callable[[Action, Any], Clause | None]
"""The clause under which a level may be read on rows of an entity, or None if it always may."""


def key_type(resource: Resource, key: OrderKey) -> Any:
    """The SQL type of the values of a key: enums are ordered by the place of their values."""
    kind = resource.column(key.column.name).type
    return Integer() if isinstance(kind.python_type, EnumMeta) else kind


class _Key:
    """One key of an order; `value` is the expression that rows are ordered by."""

    def __init__(self, entity: Any, key: OrderKey, readable: Readable) -> None:
        column = getattr(entity, key.column.name)
        self.descending = key.descending
        self.value: Any = readable_value(entity, key.column.name, key.column.read, readable, ranked)
        is_conditional = readable(key.column.read, entity) is not None
        self.may_be_unknown = is_conditional or bool(getattr(column, "nullable", True))

    def by(self, *, backwards: bool) -> list[Any]:
        keys = [case((self.value.is_(None), 1), else_=0)] if self.may_be_unknown else []
        keys.append(self.value)
        return [key.desc() for key in keys] if self.descending != backwards else keys

    def equals(self, value: Any) -> Clause:
        if value is None:
            return self.value.is_(None)  # type: ignore[no-any-return]
        return self.value == self._bound(value)  # type: ignore[no-any-return]

    def beyond(self, value: Any, *, later: bool) -> Clause:
        """The rows whose value is after this one in the order, or before it."""
        forwards = later != self.descending
        if value is None:
            return false() if forwards else self.value.is_not(None)
        if not forwards:
            return self.value < self._bound(value)  # type: ignore[no-any-return]
        larger = self.value > self._bound(value)
        return or_(larger, self.value.is_(None)) if self.may_be_unknown else larger

    def _bound(self, value: Any) -> Any:
        return _bound(value, self.value.type)


class Ordering:
    """An order of a mapped class, in which a value that may not be read counts as unknown.

    Forwards, unknown values come last; backwards is the exact reverse.
    """

    def __init__(self, entity: Any, order: OrderBy, readable: Readable) -> None:
        self.identity = entity.id
        self._descending = order.descending
        self._keys = [_Key(entity, key, readable) for key in order.keys]

    @property
    def values(self) -> list[Any]:
        """The expressions that rows are ordered by before the id."""
        return [key.value for key in self._keys]

    def identified_by(self, column: Any) -> Ordering:
        """The same order, but for a column that equals the id: databases compare what they are told to."""
        other = copy(self)
        other.identity = column
        return other

    def by(self, *, backwards: bool) -> list[Any]:
        """The ORDER BY of a window from the start, or from the end."""
        keys = [part for key in self._keys for part in key.by(backwards=backwards)]
        return [*keys, self.identity.desc() if self._descending != backwards else self.identity]

    def within(self, window: Window) -> list[Clause]:
        """The clauses that keep a window between its positions."""
        clauses = []
        if window.after is not None:
            clauses.append(self._beyond(window.after, later=True))
        if window.before is not None:
            clauses.append(self._beyond(window.before, later=False))
        return clauses

    def _beyond(self, position: Position, *, later: bool) -> Clause:
        """The rows after a position, or before it."""
        keys, forwards = self._keys, later != self._descending
        further: Clause = self.identity > position.id if forwards else self.identity < position.id
        if len(keys) == 1 and keys[0].descending is self._descending and position.values[0] is not None:
            return self._beyond_in_index(keys[0], position, forwards=forwards)
        for key, value in zip(reversed(keys), reversed(position.values), strict=True):
            further = or_(key.beyond(value, later=later), and_(key.equals(value), further))
        return further

    def _beyond_in_index(self, key: _Key, position: Position, *, forwards: bool) -> Clause:
        """The same for one key, as databases find it by an index of the column and the id."""
        left = tuple_(key.value, self.identity)
        right = tuple_(
            _bound(position.values[0], key.value.type),
            _bound(position.id, self.identity.type),
        )
        known: Clause = left > right if forwards else left < right
        return or_(known, key.value.is_(None)) if forwards and key.may_be_unknown else known


def readable_value(
    entity: Any,
    name: str,
    read: Action | None,
    readable: Readable,
    shown: Callable[[Any], Any] = lambda column: column,
) -> Any:
    """What is shown of a column of an entity where its read level is granted; elsewhere NULL."""
    value = shown(getattr(entity, name))
    condition = None if read is None else readable(read, entity)
    return value if condition is None else case((condition, value), else_=null())


def ranked(column: Any) -> Any:
    """What a column is ordered by: texts of enums sort by chance, and differently on other databases."""
    kind = column.type.python_type
    if not isinstance(kind, EnumMeta):
        return column
    members: list[Any] = [*kind]
    ranks = {member: place for place, member in enumerate(members)}
    return case(ranks, value=column, else_=null())


def _bound(value: Any, kind: Any) -> Any:
    """A value of a type; it may be a bound parameter already."""
    return value if isinstance(value, ColumnElement) else literal(value, kind)
