"""What a transaction has changed so far, gathered as it is flushed: no change passes by the books."""

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

KINDS = {
    resource.model: resource
    for resource in RESOURCES.values()
    if resource.model is not None and resource.model is not AuditRecord
}
UNRECORDED = {"version", "created_at", "updated_at"}
"""Columns that say no more than the record itself does."""


@dataclass(slots=True)
class RowChange:
    """One object that was made or changed, with the columns that differ, by name."""

    resource: Resource
    row: Any
    created: bool
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)
    redacted: set[str] = field(default_factory=set)
    """Columns that the one who acts is told nothing of; with `id` among them, of the object itself."""
    former_viewers: set[str] = field(default_factory=set)
    """Tenants that were concerned before, and could see it then."""

    def record(self, name: str, old: Any, new: Any) -> None:
        """A column holds something else; of several changes the first old and the last new value count."""
        if name not in UNRECORDED:
            self.old.setdefault(name, _told(old))
            self.new[name] = _told(new)

    @property
    def is_change(self) -> bool:
        """Whether anything differs in the end."""
        return self.created or self.old != self.new

    @property
    def parties(self) -> set[str]:
        """The tenants concerned by the row as it is now."""
        return {value for name in type(self.row).parties if (value := getattr(self.row, name)) is not None}

    @property
    def former_parties(self) -> set[str]:
        """The tenants that were concerned, and are not any more."""
        named = {self.old[name] for name in type(self.row).parties if self.old.get(name)}
        return named - self.parties


class ChangeTracker:
    """The changed objects of a session, in the order in which they first changed."""

    def __init__(self) -> None:
        """Nothing has changed yet."""
        self._found: dict[int, RowChange] = {}

    def __iter__(self) -> Iterator[RowChange]:
        """Those that differ in the end."""
        return iter([change for change in self._found.values() if change.is_change])

    def collect(self, new: Iterable[Any], dirty: Iterable[Any]) -> list[RowChange]:
        """Take down what a flush is about to write; gives what it concerns."""
        made = [self._of(row, created=True) for row in new if type(row) in KINDS]
        changed = [self._of(row, created=False) for row in dirty if type(row) in KINDS]
        for change in (*made, *changed):
            for name, old, value in _differences(change.row):
                change.record(name, old, value)
        return [*made, *changed]

    def record(self, row: Base, name: str, old: Any, new: Any) -> None:
        """Take down what belongs to an object and is stored elsewhere, such as a user's roles."""
        self._of(row, created=False).record(name, old, new)

    def redact(self, row: Base, *names: str) -> None:
        """Keep columns of an object, which was made or changed, from the one who acts."""
        self._found[id(row)].redacted.update(names)

    def _of(self, row: Any, *, created: bool) -> RowChange:
        return self._found.setdefault(id(row), RowChange(KINDS[type(row)], row, created))


def _differences(row: Any) -> Iterator[tuple[str, Any, Any]]:
    state = inspect(row)
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if history.has_changes():
            old = history.deleted[0] if history.deleted else None
            yield attribute.columns[0].name, old, history.added[0] if history.added else None


def _told(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value
