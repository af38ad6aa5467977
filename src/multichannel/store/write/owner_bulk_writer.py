"""Bulk reads and writes of one owner's rows, for imports, within what was granted."""

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
    """The rows of one mapped class that belong to one granted tenant."""

    def __init__(self, session: GuardedSession, model: type[Base], owner_column: str, owner: Partner) -> None:
        """`owner` was fetched for the action that these writes are part of."""
        if not session.is_granted(owner):
            raise PolicyBypass(f"bulk writes of {model.__name__} for an owner that was not fetched for them")
        self._session = session
        self._model = model
        self._table = cast("Table", model.__table__)
        self._column = owner_column
        self._owner_id = owner.id

    @property
    def _owned(self) -> Any:
        return self._table.c[self._column] == self._owner_id

    def all(self) -> list[Row]:
        """The owner's rows."""
        return self._read(select(self._table).where(self._owned))

    def existing(self, key: str, keys: Iterable[str]) -> dict[str, Row]:
        """The owner's rows by their `key` column, which is unique among them, for these keys."""
        return {value: rows[-1] for value, rows in self.grouped(key, keys).items()}

    def grouped(self, key: str, keys: Iterable[str]) -> dict[str, list[Row]]:
        """The owner's rows grouped by their `key` column, for these keys."""
        statement = select(self._table).where(self._owned, self._table.c[key].in_(sorted(set(keys))))
        groups: dict[str, list[Row]] = {}
        for row in self._read(statement):
            groups.setdefault(row[key], []).append(row)
        return groups

    def without(self, column: str, key: str, keys: Iterable[str]) -> list[Row]:
        """The owner's rows in which a column is null, for these values of the `key` column; by id."""
        condition = self._table.c[column].is_(None), self._table.c[key].in_(sorted(set(keys)))
        return self._read(select(self._table).where(self._owned, *condition).order_by(self._table.c.id))

    def has_any_without(self, column: str) -> bool:
        """Whether a column is null in any of the owner's rows."""
        statement = select(self._table.c.id).where(self._owned, self._table.c[column].is_(None)).limit(1)
        return bool(self._read(statement))

    def distinct(self, column: str) -> set[Any]:
        """The distinct values of a column of the owner's rows."""
        statement = select(self._table.c[column]).where(self._owned).distinct()
        return set(self._session.decided(statement).scalars())

    def insert(self, rows: Sequence[Row]) -> None:
        """Insert rows, each of which must name the owner."""
        self._require_own(rows)
        if rows:
            inserted = [dict(row) for row in rows]
            self._session.write(insert(self._table), inserted)
            self._session.bulk_changes.created(self._model, inserted)

    def update(self, rows: Sequence[Row], before: Iterable[Row]) -> None:
        """Update rows by id, all with the same columns; rows of other owners stay as they are.

        `before` has what is stored, for the audit log.
        """
        if not rows:
            return
        self._require_own(rows)
        stored = {row["id"]: row for row in before}
        self._session.bulk_changes.changing(self._model, rows, stored)
        update_rows(self._session, self._table, rows, self._owned)

    def _require_own(self, rows: Sequence[Row]) -> None:
        if any(row.get(self._column, self._owner_id) != self._owner_id for row in rows):
            raise PolicyBypass(f"a row of {self._table.name} for another owner")

    def delete(self, ids: Sequence[str]) -> None:
        """Delete rows by id; rows of other owners stay."""
        if ids:
            statement = delete(self._table).where(self._table.c.id == bindparam("row_id"), self._owned)
            self._session.write(statement, [{"row_id": row_id} for row_id in ids])

    def relink(self, reference: str, *, by: str, to: str, within: str, now: datetime) -> None:
        """Set `reference` to the id of the owner's row whose `to` equals this row's `by`, in one statement.

        Both rows must have the same `within`. The version of a changed row grows once for each `now`.
        """
        row, target = self._table, self._table.alias()
        target_id = (
            select(target.c.id)
            .where(
                target.c[self._column] == self._owner_id,
                target.c[to] == row.c[by],
                target.c[within] == row.c[within],
            )
            .scalar_subquery()
        )
        outdated = self._owned, row.c[by].is_not(None), row.c[reference].is_distinct_from(target_id)
        kept = (row.c.id, row.c.updated_at, row.c[reference], *(row.c[name] for name in self._model.parties))
        before = self._read(select(*kept, target_id.label("target_id")).where(*outdated))
        changed = [{"id": each["id"], reference: each["target_id"]} for each in before]
        self._session.bulk_changes.changing(self._model, changed, {each["id"]: each for each in before})
        statement = (
            update(row)
            .where(*outdated)
            .values(
                {
                    reference: target_id,
                    "version": case((row.c.updated_at == now, row.c.version), else_=row.c.version + 1),
                    "updated_at": now,
                }
            )
        )
        self._session.write(statement, [{}])

    def analyze(self) -> None:
        """Update PostgreSQL's statistics, which do not count the uncommitted rows of this transaction.

        Otherwise it plans for few rows, and reads all of them to find a few.
        """
        connection = self._session.granted_connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ANALYZE (SKIP_LOCKED) {self._table.name}"))

    def _read(self, statement: Select[Any]) -> list[Row]:
        return cast("list[Row]", self._session.decided(statement).mappings().all())


def update_rows(
    session: GuardedSession, table: Table, rows: Sequence[Row], condition: Any, **values: Any
) -> None:
    """Update the rows that fulfil a condition by id, all with the same columns, and with further values."""
    names = [name for name in rows[0] if name != "id"]
    session.write(
        update(table)
        .where(table.c.id == bindparam("row_id"), condition)
        .values({name: bindparam(f"new_{name}") for name in names} | values),
        [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows],
    )
