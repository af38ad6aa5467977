"""Rows of one owner, written in bulk: what an import needs, and no more than its grant covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, insert, select, update

from multichannel.domain.base import Base
from multichannel.store.session import GuardedSession, Undecided


class OwnedRows:
    """The rows of one mapped class whose `owner` column holds one granted tenant, and no others."""

    def __init__(self, session: GuardedSession, model: type[Base], owner_column: str, owner: Base) -> None:
        """`owner` is the row that was fetched for the action these writes are part of."""
        if not session.is_granted(owner):
            raise Undecided(f"bulk writes of {model.__name__} for an owner that was not fetched for them")
        self._session = session
        self._model = model
        self._column = owner_column
        self._owner_id: str = owner.id  # type: ignore[attr-defined]  # every owner is a tenant

    def existing(self, key: str, keys: Iterable[str], *columns: str) -> dict[str, Any]:
        """The owner's rows whose `key` column is among `keys`, by it: id and the named columns."""
        chosen = [getattr(self._model, name).label(name) for name in dict.fromkeys(("id", key, *columns))]
        statement: Select[Any] = select(*chosen).where(
            getattr(self._model, self._column) == self._owner_id,
            getattr(self._model, key).in_(sorted(set(keys))),
        )
        return {getattr(row, key): row for row in self._session.decided(statement, {}).all()}

    def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Store new rows; each must name the owner."""
        if any(row[self._column] != self._owner_id for row in rows):
            raise Undecided(f"a {self._model.__name__} of another owner")
        if rows:
            self._session.write(insert(self._model), list(rows))

    def update(self, rows: Sequence[dict[str, Any]]) -> None:
        """Change rows by id; every row gives the same columns, and none of another owner changes."""
        if not rows:
            return
        names = [name for name in rows[0] if name != "id"]
        statement = (
            update(self._model)
            .where(
                self._model.id == bindparam("row_id"),  # type: ignore[attr-defined]  # every mapped class has an id
                getattr(self._model, self._column) == self._owner_id,
            )
            .values({name: bindparam(f"new_{name}") for name in names})
            .execution_options(synchronize_session=None)
        )
        self._session.write(
            statement, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
        )
