"""Rows of one owner, written in bulk: what an import needs, and no more than its grant covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias, cast

from sqlalchemy import Select, Table, bindparam, case, delete, insert, select, text, update

from multichannel.domain.base import Base
from multichannel.domain.tenants import Partner
from multichannel.store.session import GuardedSession, PolicyBypass

Row: TypeAlias = Mapping[str, Any]
"""A row by column name."""


class OwnerBulkWriter:
    """The rows of one mapped class whose `owner` column holds one granted tenant, and no others."""

    def __init__(self, session: GuardedSession, model: type[Base], owner_column: str, owner: Partner) -> None:
        """`owner` is the row that was fetched for the action these writes are part of."""
        if not session.is_granted(owner):
            raise PolicyBypass(f"bulk writes of {model.__name__} for an owner that was not fetched for them")
        self._session = session
        self._table = cast("Table", model.__table__)
        self._column = owner_column
        self._owner_id = owner.id

    @property
    def _owned(self) -> Any:
        return self._table.c[self._column] == self._owner_id

    def all(self) -> list[Row]:
        """All of the owner's rows."""
        return self._read(select(self._table).where(self._owned))

    def existing(self, key: str, keys: Iterable[str]) -> dict[str, Row]:
        """The owner's rows whose `key` column, unique among them, holds one of `keys`; by it."""
        statement = select(self._table).where(self._owned, self._table.c[key].in_(sorted(set(keys))))
        return {row[key]: row for row in self._read(statement)}

    def grouped(self, key: str, keys: Iterable[str]) -> dict[str, list[Row]]:
        """The owner's rows whose `key` column holds one of `keys`, by it."""
        statement = select(self._table).where(self._owned, self._table.c[key].in_(sorted(set(keys))))
        groups: dict[str, list[Row]] = {}
        for row in self._read(statement):
            groups.setdefault(row[key], []).append(row)
        return groups

    def distinct(self, column: str) -> set[Any]:
        """The values in a column of all the owner's rows."""
        statement = select(self._table.c[column]).where(self._owned).distinct()
        return set(self._session.decided(statement, {}).scalars())

    def insert(self, rows: Sequence[Row]) -> None:
        """Store new rows; each must name the owner."""
        self._require_own(rows)
        if rows:
            self._session.write(insert(self._table), [dict(row) for row in rows])

    def update(self, rows: Sequence[Row]) -> None:
        """Change rows by id; every row gives the same columns, and none of another owner changes."""
        if not rows:
            return
        self._require_own(rows)
        names = [name for name in rows[0] if name != "id"]
        statement = (
            update(self._table)
            .where(self._table.c.id == bindparam("row_id"), self._owned)
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        self._session.write(
            statement, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
        )

    def _require_own(self, rows: Sequence[Row]) -> None:
        if any(row.get(self._column, self._owner_id) != self._owner_id for row in rows):
            raise PolicyBypass(f"a row of {self._table.name} for another owner")

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows by id; none of another owner goes."""
        if ids:
            statement = delete(self._table).where(self._table.c.id == bindparam("row_id"), self._owned)
            self._session.write(statement, [{"row_id": row_id} for row_id in ids])

    def relink(self, reference: str, *, by: str, to: str, within: str, now: datetime) -> None:
        """Let `reference` hold the id of the owner's row whose `to` is this row's `by`, in one statement.

        Both rows must hold the same `within`. A row that changes is a new version, once for each `now`.
        """
        row, target = self._table, self._table.alias()
        found = (
            select(target.c.id)
            .where(
                target.c[self._column] == self._owner_id,
                target.c[to] == row.c[by],
                target.c[within] == row.c[within],
            )
            .scalar_subquery()
        )
        statement = (
            update(row)
            .where(self._owned, row.c[by].is_not(None), row.c[reference].is_distinct_from(found))
            .values(
                {
                    reference: found,
                    "version": case((row.c.updated_at == now, row.c.version), else_=row.c.version + 1),
                    "updated_at": now,
                }
            )
        )
        self._session.write(statement, [{}])

    def analyze(self) -> None:
        """Let PostgreSQL learn how many rows the owner has by now, of which only this transaction knows.

        Else it takes an owner for a small one, and reads all of its rows to find a few.
        """
        connection = self._session.granted_connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ANALYZE (SKIP_LOCKED) {self._table.name}"))

    def _read(self, statement: Select[Any]) -> list[Row]:
        return cast("list[Row]", self._session.decided(statement, {}).mappings().all())
