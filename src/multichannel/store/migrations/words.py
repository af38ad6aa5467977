"""Words of enum columns in migrations: a check constraint names them."""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op

from multichannel.domain.base import NAMING


def replace_words(table: str, column: str, enum: str, words: Iterable[str]) -> None:
    """Let an enum column hold these words; `enum` is its Python class in lower case."""
    listed, name = ", ".join(f"'{word}'" for word in words), f"ck_{table}_{enum}"
    with op.batch_alter_table(table, naming_convention=NAMING) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), f"{column} IN ({listed})")
