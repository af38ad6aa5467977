"""Columns, indexes and enum types in the short form of migrations.

They stand on their own: a migration does not change when a mapped class does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from multichannel.domain.base import GUID, NAMING


def enum(name: str, words: str) -> sa.Enum:
    """An enum that a check constraint holds to its words; `name` is its Python class in lower case."""
    return sa.Enum(*words.split(), name=name, native_enum=False, create_constraint=True, length=40)


def key(name: str, type_: Any = GUID, *, to: str | None = None) -> sa.Column[Any]:
    """A column of the primary key."""
    return sa.Column(name, type_, *([sa.ForeignKey(f"{to}.id")] if to else []), primary_key=True)


def reference(name: str, *, to: str, optional: bool = False) -> sa.Column[Any]:
    """A column with the id of a row of another table."""
    return sa.Column(name, GUID, sa.ForeignKey(f"{to}.id"), nullable=optional)


def required(**columns: Any) -> list[sa.Column[Any]]:
    """Columns that are never null."""
    return [sa.Column(name, type_, nullable=False) for name, type_ in columns.items()]


def optional(**columns: Any) -> list[sa.Column[Any]]:
    """Columns that may be null."""
    return [sa.Column(name, type_, nullable=True) for name, type_ in columns.items()]


def indexes(*columns: str) -> list[sa.Index]:
    """An index for each group of columns."""
    return [sa.Index(None, *names.split()) for names in columns]


def partial_index(name: str, columns: str, *, where: str, unique: bool = False) -> sa.Index:
    """An index of the rows that meet a condition."""
    condition = sa.text(where)
    return sa.Index(name, *columns.split(), unique=unique, sqlite_where=condition, postgresql_where=condition)


def replace_words(table: str, column: str, enum: str, words: Iterable[str]) -> None:
    """Let an enum column hold these words; `enum` is its Python class in lower case."""
    listed, name = ", ".join(f"'{word}'" for word in words), f"ck_{table}_{enum}"
    with op.batch_alter_table(table, naming_convention=NAMING) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), f"{column} IN ({listed})")
