"""Tracks what a transaction changes, as it is flushed, so that no change escapes the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import inspect

from multichannel.domain.audit import AuditRecord
from multichannel.domain.base import Base, utc_text
from multichannel.policy.schema.resources import RESOURCES, Resource

TRACKED = {
    resource.model: resource
    for resource in RESOURCES.values()
    if resource.model is not None and resource.reads and resource.model is not AuditRecord
}
PLAIN_TYPES = frozenset({str, int, bool})
UNRECORDED = {"version", "created_at", "updated_at"}
"""Columns that say no more than the audit record itself."""


@dataclass(slots=True)
class RowChange:
    """A row that was created or changed, with the columns that differ, by name."""

    resource: Resource
    row: Any
    created: bool
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    redacted: set[str] = field(default_factory=set)
    """Columns left out of the records of the tenant that acts; with `id` among them, the row itself."""
    former_viewers: set[str] = field(default_factory=set)
    """Tenants that the row named before this change, and that could see it then."""

    def record(self, name: str, old: Any, new: Any) -> None:
        """Record a change of a column; of several, the first old and the last new value count."""
        if name not in UNRECORDED:
            self.old.setdefault(name, json_value(old))
            self.new[name] = json_value(new)

    @property
    def is_change(self) -> bool:
        """Whether anything differs in the end."""
        return self.created or self.old != self.new

    @property
    def parties(self) -> set[str]:
        """The tenants that the row names."""
        parties = self.resource.mapped.parties
        return {value for name in parties if (value := getattr(self.row, name)) is not None}

    @property
    def former_parties(self) -> set[str]:
        """The tenants that the row named before, and does not name any more."""
        former = {self.old[name] for name in self.resource.mapped.parties if self.old.get(name)}
        return former - self.parties


class ChangeTracker:
    """The changed rows of a session, in the order in which they first changed."""

    def __init__(self) -> None:
        self._changes: dict[int, RowChange] = {}

    def __iter__(self) -> Iterator[RowChange]:
        """The rows that differ in the end."""
        return iter([change for change in self._changes.values() if change.is_change])

    def collect(self, new: Iterable[Any], dirty: Iterable[Any]) -> list[RowChange]:
        """Record what a flush is about to write; returns the changes of these rows."""
        changes = [
            self._of(row, created=created)
            for rows, created in ((new, True), (dirty, False))
            for row in rows
            if type(row) in TRACKED
        ]
        for change in changes:
            for name, old, value in _differences(change.row):
                if name not in type(change.row).unrecorded:
                    change.record(name, old, value)
        return changes

    def record(self, row: Base, name: str, old: Any, new: Any) -> None:
        """Record a change that belongs to a row and is stored elsewhere, such as a user's roles."""
        self._of(row, created=False).record(name, old, new)

    def redact(self, row: Base, *names: str) -> None:
        """Leave columns of a changed row out of the records of the tenant that acts."""
        self._changes[id(row)].redacted.update(names)

    def _of(self, row: Any, *, created: bool) -> RowChange:
        return self._changes.setdefault(id(row), RowChange(TRACKED[type(row)], row, created))


def _differences(row: Any) -> Iterator[tuple[str, Any, Any]]:
    state = inspect(row)
    unmodified = state.unmodified
    for attribute in state.mapper.column_attrs:
        if attribute.key in unmodified:
            continue
        history = state.attrs[attribute.key].history
        if history.has_changes():
            old = history.deleted[0] if history.deleted else None
            yield attribute.columns[0].name, old, history.added[0] if history.added else None


def json_value(value: Any) -> Any:
    """A value as the audit log has it."""
    if value is None or type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value
