"""What an import would change: shown by a dry run as a table, as JSON or as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

LISTED: Final = 10_000
"""How many differences are listed; further ones are counted."""
SHOWN: Final = 50
"""How many of these a terminal shows."""


class Change(StrEnum):
    """How the export differs from what is stored."""

    NEW = "new"
    CHANGED = "changed"
    MATCHED = "matched"
    MISSING = "missing"


MEANINGS: Final = {
    Change.NEW: "not stored yet",
    Change.CHANGED: "stored with other values",
    Change.MATCHED: "created here, and now linked with the vendor's record",
    Change.MISSING: "stored, but not in the export",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs, with the columns that do: old and new value by name."""

    change: Change
    kind: str
    id: str | None
    name: str | None
    fields: Mapping[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        """The entry of `listed`."""
        fields = {name: {"old": old, "new": new} for name, (old, new) in self.fields.items()}
        return {
            "change": self.change,
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "fields": fields,
        }

    @property
    def field_text(self) -> str:
        """The fields on one line."""
        return ", ".join(f"{name}: {old} → {new}" for name, (old, new) in self.fields.items())


@dataclass(slots=True)
class Differences:
    """All differences, counted by change and kind; the first ones are listed."""

    counts: Counter[tuple[Change, str]] = field(default_factory=Counter)
    listed: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        """Add one."""
        self.counts[difference.change, difference.kind] += 1
        if len(self.listed) < LISTED:
            self.listed.append(difference)

    def as_json(self) -> dict[str, Any]:
        """The member `differences` of the report."""
        counts = [
            {"change": change, "kind": kind, "number": number}
            for (change, kind), number in sorted(self.counts.items())
        ]
        return {"counts": counts, "listed": [each.as_json() for each in self.listed]}

    def render(self, console: Console) -> None:
        """Print the counts, and the first differences."""
        if not self.counts:
            console.print("Nothing would change.")
            return
        for (change, kind), number in sorted(self.counts.items()):
            console.print(Text(f"{number:,} {kind} {change}: {MEANINGS[change]}"))
        table = Table(box=None, pad_edge=False)
        for heading in ("change", "kind", "name", "old → new"):
            table.add_column(heading, overflow="fold")
        for each in self.listed[:SHOWN]:
            cells = (each.change.value, each.kind, each.name or each.id or "", each.field_text)
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
        more = sum(self.counts.values()) - min(SHOWN, len(self.listed))
        if more:
            console.print(Text(f"{more:,} more are in the report of --json or --html."))
