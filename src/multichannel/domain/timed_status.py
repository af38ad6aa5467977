"""Statuses that time alone changes: what is stored, what is due, and the status in force at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, and_, bindparam, case, false, or_, type_coerce
from sqlalchemy.ext.hybrid import Comparator, hybrid_property
from sqlalchemy.sql import operators

from multichannel.domain.base import UtcTime


@dataclass(frozen=True, slots=True)
class Lapse:
    """From the time in the column `due` on, what is stored as one of `open` is in force as `to`."""

    to: StrEnum
    due: str
    open: frozenset[StrEnum]


def status_at(row: Any, lapses: Sequence[Lapse], now: datetime) -> Any:
    """The status of a row in force at a time: the last lapse that is due decides."""
    for lapse in reversed(lapses):
        due = getattr(row, lapse.due)
        if row.stored_status in lapse.open and due is not None and due <= now:
            return lapse.to
    return row.stored_status


def settle(row: Any, now: datetime) -> bool:
    """Store the status in force, as a new version; gives whether it was another."""
    status = row.status_at(now)
    if status == row.stored_status:
        return False
    row.stored_status = status
    row.version += 1
    row.updated_at = now
    return True


class StatusInForce(Comparator[Any]):
    """The status in force at the bound `:now`, in SQL.

    Whether it is some word is asked of the stored status, for which databases have indexes and statistics.
    """

    def __init__(self, entity: Any, lapses: Sequence[Lapse]) -> None:
        """`entity` is the mapped class or an alias of it; lapses come in the order of time."""
        self._entity, self._lapses = entity, lapses
        self._stored = entity.stored_status
        self.type = self._stored.type
        steps = [(self._is_due(lapse), lapse.to.value) for lapse in reversed(lapses)]
        super().__init__(type_coerce(case(*steps, else_=self._stored), self.type))

    def operate(self, op: Any, *other: Any, **options: Any) -> Any:
        """As for any column, but for tests of one word or of several."""
        if op is operators.eq and isinstance(other[0], str):
            return self._is(other[0])
        if op is operators.in_op:
            return or_(false(), *map(self._is, other[0]))
        return op(self.__clause_element__(), *other, **options)

    def is_due(self) -> ColumnElement[bool]:
        """Whether the status in force is another than the stored one."""
        return or_(*map(self._is_due, self._lapses))

    def _is(self, word: str) -> ColumnElement[bool]:
        """The word is stored and nothing is due, or a lapse made it so and no later one is due."""
        leaving = [lapse for lapse in self._lapses if word in lapse.open]
        ways = [and_(self._stored == word, *map(self._is_not_due, leaving))]
        for place, lapse in enumerate(self._lapses):
            if lapse.to == word:
                later = self._lapses[place + 1 :]
                ways.append(and_(self._is_due(lapse), *map(self._is_not_due, later)))
        return or_(*ways)

    def _is_due(self, lapse: Lapse) -> ColumnElement[bool]:
        due, now = getattr(self._entity, lapse.due), bindparam("now", type_=UtcTime())
        return and_(self._stored.in_(sorted(lapse.open)), due.is_not(None), due <= now)

    def _is_not_due(self, lapse: Lapse) -> ColumnElement[bool]:
        due, now = getattr(self._entity, lapse.due), bindparam("now", type_=UtcTime())
        return or_(due.is_(None), due > now)


class Timed:
    """A row with a status that time alone changes, by the lapses of its class."""

    lapses: ClassVar[Sequence[Lapse]]

    @hybrid_property
    def status(self) -> Any:
        """The status in force at the bound `:now`; of a row, ask `status_at`."""
        message = "the status of a row depends on time: use status_at(now)"
        raise TypeError(message)

    @status.inplace.comparator
    @classmethod
    def _status(cls) -> StatusInForce:
        return StatusInForce(cls, cls.lapses)
