"""What guards need to know of rows that are neither shown nor changed, and rows that go with another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, inspect, select

from multichannel.store.session import GuardedSession, PolicyBypass

if TYPE_CHECKING:
    from sqlalchemy import Select

    from multichannel.domain.base import Base

T = TypeVar("T", bound="Base")


class GuardQueries:
    """Looks at rows on behalf of one that was fetched to be acted on; what is found cannot be written.

    Conditions are equalities by attribute; a list or set means one of its items, `status` the one in force.
    What a refusal tells of what is found here must be known to the caller from what it may read.
    """

    def __init__(self, session: GuardedSession, now: datetime, *parents: object) -> None:
        """`parents`, one or several, were fetched for the action that the look is part of."""
        if not parents or not all(session.may_query_for(parent) for parent in parents):
            raise PolicyBypass("a look on behalf of a row that was not fetched to be acted on")
        self._session = session
        self._now = now
        self._parents: tuple[Any, ...] = parents

    def one(self, model: type[T], **equal: Any) -> T | None:
        """The first row, by id, that fulfils the conditions."""
        found: Sequence[T] = self._rows(select(model).limit(1), model, equal)
        return found[0] if found else None

    def all(self, model: type[T], **equal: Any) -> Sequence[T]:
        """Every row that fulfils the conditions, by id."""
        found: Sequence[T] = self._rows(select(model), model, equal)
        return found

    def any(self, model: type[Base], **equal: Any) -> bool:
        """Whether some row does."""
        return self.one(model, **equal) is not None

    def count(self, model: type[Base], **equal: Any) -> int:
        """How many rows do."""
        statement = select(func.count()).select_from(model).where(*_conditions(model, equal))
        found: int = self._session.decided(statement, {"now": self._now}).scalar_one()
        return found

    def linked(self, model: type[T], **equal: Any) -> Sequence[T]:
        """Rows that refer to a parent or that one refers to, locked, and granted to be written with it."""
        self._require_granted()
        statement = select(model).with_for_update(of=model, key_share=True)
        rows: Sequence[T] = self._rows(statement, model, equal)
        for row in rows:
            self._require_link(row)
        self._session.grant(rows)
        return rows

    def between(self, model: type[T], column: str, **equal: Any) -> Sequence[T]:
        """Rows of the parent's customer and, by `column`, its partner: locked, to be written with it."""
        self._require_granted()
        (parent,) = self._parents
        own = {column: parent.partner_id, "customer_id": parent.customer_id}
        statement = select(model).with_for_update(of=model, key_share=True)
        rows: Sequence[T] = self._rows(statement, model, {**equal, **own})
        self._session.grant(rows)
        return rows

    def _require_granted(self) -> None:
        if not all(self._session.is_granted(parent) for parent in self._parents):
            raise PolicyBypass("rows to be written along with one that was fetched to be weighed")

    def _require_link(self, row: Any) -> None:
        references = _references(row)
        if not any(parent.id in references or row.id in _references(parent) for parent in self._parents):
            raise PolicyBypass(
                f"a {type(row).__name__} that has no link with the row it should go along with"
            )

    def _rows(self, statement: Select[Any], model: Any, equal: dict[str, Any]) -> Sequence[Any]:
        ordered = statement.where(*_conditions(model, equal)).order_by(*inspect(model).primary_key)
        return self._session.decided(ordered, {"now": self._now}).scalars().all()


def _conditions(model: Any, equal: dict[str, Any]) -> Iterable[Any]:
    for name, value in equal.items():
        column = getattr(model, name)
        yield (
            column.in_(list(value)) if isinstance(value, list | tuple | set | frozenset) else column == value
        )


def _references(row: Any) -> set[Any]:
    """What the foreign keys of a row hold, other than those to tenants, whom many rows name."""
    table: Any = type(row).__table__
    found = set()
    for column in table.columns:
        targets = {key.column.table.name for key in column.foreign_keys}
        if targets - {"tenants", "partners", "customers"}:
            found.add(getattr(row, inspect(type(row)).get_property_by_column(column).key))
    return found
