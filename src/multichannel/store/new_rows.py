"""New rows of mapped classes, inserted by statements that are made once for each class.

A flush of SQLAlchemy's takes several times as long as the driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, insert, inspect

from multichannel.store.prepared import PreparedStatement


class InsertOf:
    """The INSERT of one class, with all its columns."""

    def __init__(self, model: Any) -> None:
        mapper = inspect(model)
        mapped = [(each.key, each.columns[0]) for each in mapper.column_attrs]
        self._columns = [(key, column) for key, column in mapped if isinstance(column, Column)]
        self._relations = frozenset(mapper.relationships.keys())
        names = [column.name for _, column in self._columns]
        self.statement = PreparedStatement(insert(model), keys=names)

    def suits(self, row: Any) -> bool:
        """Whether a row has no other rows below it, which would be stored with it."""
        return self._relations.isdisjoint(vars(row))

    def complete(self, row: Any) -> dict[str, Any]:
        """The values of the columns by name; the row receives the defaults of those that it lacks."""
        own = vars(row)
        values = {column.name: own[key] for key, column in self._columns if key in own}
        for key, column in self._columns:
            if key not in own:
                own[key] = values[column.name] = _default(column, values)
        return values


def insert_of(row: Any) -> InsertOf:
    """The INSERT of the row's class."""
    return _insert_into(row.__class__)


_insert_into = cache(InsertOf)


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What a default may depend on, as SQLAlchemy passes it."""

    values: Mapping[str, Any]

    def get_current_parameters(self) -> Mapping[str, Any]:
        """The values of the other columns by name."""
        return self.values


def _default(column: Any, values: Mapping[str, Any]) -> Any:
    default = column.default
    if default is None:
        return None
    return default.arg(_Parameters(values)) if default.is_callable else default.arg
