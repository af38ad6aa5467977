"""Statuses that time alone changes: the stored status, what is due, and the status in force at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, and_, bindparam, case, false, or_, type_coerce
from sqlalchemy.ext.hybrid import Comparator, hybrid_property
from sqlalchemy.sql import operators

from multichannel.domain.base import UtcTime

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped


Status = TypeVar("Status", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class TimedTransition:
    """From the time in the column `due_column` on, a stored status among `sources` is in force as `to`."""

    to: StrEnum
    due_column: str
    sources: frozenset[StrEnum]


class StatusInForce(Comparator[Any]):
    """The status in force at the bound `:now`, in SQL.

    Comparisons with a status are made of the stored status, for which databases have indexes and statistics.
    """

    def __init__(self, entity: Any, transitions: Sequence[TimedTransition]) -> None:
        """`entity` is the mapped class or an alias of it; transitions come in the order of time."""
        self._entity, self._transitions = entity, transitions
        self._stored = entity.stored_status
        self.type = self._stored.type

    def __clause_element__(self) -> Any:
        """The status in force as a CASE, which comparisons do without."""
        return self._in_force

    @cached_property
    def _in_force(self) -> ColumnElement[Any]:
        steps = [
            (self._is_due(transition), transition.to.value) for transition in reversed(self._transitions)
        ]
        return type_coerce(case(*steps, else_=self._stored), self.type)

    def operate(self, op: Any, *other: Any, **options: Any) -> Any:
        """As for any column, except for `==` and `in_` with statuses."""
        if op is operators.eq and isinstance(other[0], str):
            return self._is(other[0])
        if op is operators.in_op:
            return or_(false(), *map(self._is, other[0]))
        return op(self.__clause_element__(), *other, **options)

    def is_due(self) -> ColumnElement[bool]:
        """Whether the status in force differs from the stored one."""
        return or_(*map(self._is_due, self._transitions))

    def _is(self, word: str) -> ColumnElement[bool]:
        """The status is stored and no transition is due, or a transition to it is due and no later one."""
        leaving = [transition for transition in self._transitions if word in transition.sources]
        cases = [and_(self._stored == word, *map(self._is_not_due, leaving))]
        for place, transition in enumerate(self._transitions):
            if transition.to == word:
                later = self._transitions[place + 1 :]
                cases.append(and_(self._is_due(transition), *map(self._is_not_due, later)))
        return or_(*cases)

    def _is_due(self, transition: TimedTransition) -> ColumnElement[bool]:
        due, now = getattr(self._entity, transition.due_column), bindparam("now", type_=UtcTime())
        return and_(self._stored.in_(sorted(transition.sources)), due.is_not(None), due <= now)

    def _is_not_due(self, transition: TimedTransition) -> ColumnElement[bool]:
        due, now = getattr(self._entity, transition.due_column), bindparam("now", type_=UtcTime())
        return or_(due.is_(None), due > now)


class TimedStatus(Generic[Status]):
    """A row with a status that time alone changes, by the transitions of its class, in the order of time."""

    timed_transitions: ClassVar[Sequence[TimedTransition]]
    if TYPE_CHECKING:
        stored_status: Mapped[Any]

        touch: Callable[[datetime], None]

    @hybrid_property
    def status(self) -> Any:
        """The status in force at the bound `:now`, in SQL only; for a row, call `status_at`."""
        message = "the status of a row depends on time: use status_at(now)"
        raise TypeError(message)

    @status.inplace.comparator
    @classmethod
    def _status(cls) -> StatusInForce:
        return StatusInForce(cls, cls.timed_transitions)

    def status_at(self, now: datetime) -> Status:
        """The status in force at a time: the last transition that is due decides."""
        stored: Status = self.stored_status
        for transition in reversed(self.timed_transitions):
            due = getattr(self, transition.due_column)
            if stored in transition.sources and due is not None and due <= now:
                return cast("Status", transition.to)
        return stored

    def apply_due(self, now: datetime) -> bool:
        """Store the status in force, as a new version; gives whether it differs from the stored one."""
        status = self.status_at(now)
        if status == self.stored_status:
            return False
        self._become(status, now)
        return True

    def _become(self, status: Any, at: datetime) -> None:
        self.stored_status = status
        self.touch(at)
