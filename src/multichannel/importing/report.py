"""What an import did, for a program (`as_json`) and for a person (`render`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from multichannel.errors import MultichannelError
from multichannel.importing.problems import Problem, Unreadable

LISTED: Final = 100
"""As many rejections of one file are kept and listed; the others are counted."""


class Outcome(StrEnum):
    """What became of one item of a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One thing to mend: in which item of the file (from 0; none: the file itself) and which field."""

    item: int | None
    field: str | None
    code: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """The entry of `rejected`."""
        return {"item": self.item, "field": self.field, "code": self.code, "message": self.message}

    def place(self) -> str:
        """Where it is, as one would write it in the file's own terms: `items[3].links.self.uri`."""
        item = [] if self.item is None else [f"items[{self.item}]"]
        return ".".join(item + ([self.field] if self.field else [])) or "the file"


@dataclass(slots=True)
class FileReport:
    """What became of one file; filled while it is read and stored."""

    path: str
    kinds: Counter[str] = field(default_factory=Counter)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    inferred: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    rejected_total: int = 0

    def count(self, outcome: Outcome, items: int = 1) -> None:
        """Note what became of items; a negative number takes it back."""
        setattr(self, outcome.value, getattr(self, outcome.value) + items)

    def reject(self, item: int, problems: Sequence[Problem]) -> None:
        """Note the damaged fields of one item."""
        for each in problems:
            self._note(Rejection(item, each.field, each.code, each.message))

    def fail(self, error: Unreadable) -> None:
        """Note that the file could not be read to its end."""
        self._note(Rejection(error.item, None, error.code, error.message))

    def listed(self) -> list[Rejection]:
        """The rejections kept, and if there were more, a last one that counts them."""
        more = self.rejected_total - len(self.rejections)
        if not more:
            return self.rejections
        message = f"{more:,} more problems in this file are not listed."
        return [*self.rejections, Rejection(None, None, "MORE_REJECTED", message)]

    def as_json(self) -> dict[str, Any]:
        """The entry of `files`."""
        return {
            "path": self.path,
            "kinds": dict(self.kinds),
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "inferred": self.inferred,
            "rejected": [each.as_json() for each in self.listed()],
        }

    def _note(self, rejection: Rejection) -> None:
        self.rejected_total += 1
        if len(self.rejections) < LISTED:
            self.rejections.append(rejection)


@dataclass(slots=True)
class ImportReport:
    """What one import did with all its files: everything stored, or nothing."""

    files: list[FileReport] = field(default_factory=list)
    stored: bool = False

    @property
    def rejected_total(self) -> int:
        """How many things are to be mended before anything can be stored."""
        return sum(each.rejected_total for each in self.files)

    def refuse(self) -> None:
        """Take back what was counted: nothing of it was stored."""
        for each in self.files:
            each.created = each.updated = each.unchanged = each.inferred = 0

    def as_json(self) -> dict[str, Any]:
        """The report that `--json` prints."""
        return {"files": [each.as_json() for each in self.files], "stored": self.stored}

    def render(self, console: Console) -> None:
        """Print a table of the files, what is wrong in each, and what to do now."""
        console.print(self._table())
        for each in self.files:
            _print_rejections(console, each)
        console.print(self._verdict())

    def _table(self) -> Table:
        counted = ("created", "updated", "unchanged", "inferred")
        table = Table(box=None, pad_edge=False)
        table.add_column("file", overflow="fold")
        for heading in (*counted, "rejected"):
            table.add_column(heading, justify="right")
        names = [Path(each.path).name for each in self.files]
        clear = len(set(names)) == len(names)
        for each, name in zip(self.files, names, strict=True):
            found = ", ".join(f"{number:,} {kind}" for kind, number in each.kinds.items()) or "nothing"
            counts = [f"{getattr(each, name):,}" for name in counted]
            rejected = Text(f"{each.rejected_total:,}", style="red" if each.rejected_total else "")
            file = Text.assemble(_shown(name if clear else each.path), "\n  ", (found, "dim"))
            table.add_row(file, *counts, rejected)
        return table

    def _verdict(self) -> Text:
        if self.stored:
            return Text("Stored.", style="green")
        if self.rejected_total:
            sentence = f"Nothing was stored: mend {self._count()} listed above and import all files again."
            return Text(sentence, style="red")
        return Text("Nothing was stored.", style="red")

    def _count(self) -> str:
        return "the one problem" if self.rejected_total == 1 else f"the {self.rejected_total:,} problems"


class ImportRefused(MultichannelError):
    """The files cannot be stored as they are; `report` says why."""

    code = "IMPORT_REFUSED"

    def __init__(self, report: ImportReport) -> None:
        """Keep the report, in which nothing counts as stored."""
        super().__init__("Nothing was stored.")
        report.refuse()
        self.report = report


def _print_rejections(console: Console, file: FileReport) -> None:
    if file.rejections:
        console.print(Text.assemble("\n", (_shown(file.path).plain, "bold")))
    for each in file.listed():
        if each.code == "MORE_REJECTED":
            console.print(Text(f"  {each.message}"))
        else:
            console.print(Text.assemble("  ", (each.place(), "cyan"), f"  {each.code}  {each.message}"))


def _shown(path: str) -> Text:
    """A path that cannot steer the terminal."""
    return Text(path if path.isprintable() else ascii(path))
