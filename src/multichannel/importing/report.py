"""The result of an import, as JSON (`as_json`) and as terminal output (`render`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from multichannel.errors import MultichannelError
from multichannel.importing.differences import Differences
from multichannel.importing.problems import Problem, UnreadableFile

LISTED: Final = 100
"""How many problems of one file are listed; further ones are counted."""


class Outcome(StrEnum):
    """The result of one item of a file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One problem to fix: the item (from 0; None for the file itself) and the field."""

    item: int | None
    field: str | None
    code: str
    message: str

    def place(self) -> str:
        """The path within the file, such as `items[3].links.self.uri`."""
        item = [] if self.item is None else [f"items[{self.item}]"]
        return ".".join(item + ([self.field] if self.field else [])) or "the file"


@dataclass(slots=True)
class FileReport:
    """The result of one file; filled in while it is read and stored."""

    path: str
    kinds: Counter[str] = field(default_factory=Counter)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    inferred: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    rejected_total: int = 0
    rejected_items: set[int] = field(default_factory=set)
    notices: list[Rejection] = field(default_factory=list)
    noticed_total: int = 0
    failed: bool = False

    def count(self, outcome: Outcome, items: int = 1) -> None:
        """Count items by outcome; a negative number subtracts."""
        setattr(self, outcome.value, getattr(self, outcome.value) + items)

    def reject(self, item: int, problems: Sequence[Problem]) -> None:
        """Record the invalid fields of one item."""
        self.rejected_items.add(item)
        for each in problems:
            self._record(Rejection(item, each.field, each.code, each.message))

    def reject_line(self, line: int, problems: Sequence[Problem]) -> None:
        """Record the invalid columns of one line of a table."""
        for each in problems:
            place = f"line {line}, {each.field}" if each.field else f"line {line}"
            self._record(Rejection(None, place, each.code, each.message))

    def note(self, item: int, notice: Problem) -> None:
        """Record what the importer has to know of an item that is stored."""
        self.noticed_total += 1
        if len(self.notices) < LISTED:
            self.notices.append(Rejection(item, notice.field, notice.code, notice.message))

    def fail(self, error: UnreadableFile) -> None:
        """Record that the file could not be read to its end."""
        self.failed = True
        self._record(Rejection(error.item, None, error.code, error.message))

    def listed(self) -> list[Rejection]:
        """The listed problems; a last entry counts those that are not listed."""
        return _listed(self.rejections, self.rejected_total, "MORE_REJECTED", "problems in")

    def listed_notices(self) -> list[Rejection]:
        """The listed notices; a last entry counts those that are not listed."""
        return _listed(self.notices, self.noticed_total, "MORE_NOTICES", "notices on")

    def as_json(self) -> dict[str, Any]:
        """The entry of `files`."""
        return {
            "path": self.path,
            "kinds": dict(self.kinds),
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "inferred": self.inferred,
            "rejected": [asdict(each) for each in self.listed()],
            **({"notices": [asdict(each) for each in self.listed_notices()]} if self.notices else {}),
        }

    def _record(self, rejection: Rejection) -> None:
        self.rejected_total += 1
        if len(self.rejections) < LISTED:
            self.rejections.append(rejection)


def _listed(first: list[Rejection], total: int, code: str, what: str) -> list[Rejection]:
    more = total - len(first)
    rest = Rejection(None, None, code, f"{more:,} more {what} this file are not listed.")
    return [*first, rest] if more else first


@dataclass(slots=True)
class ImportReport:
    """The result of an import of several files, which are stored together or not at all."""

    files: list[FileReport] = field(default_factory=list)
    stored: bool = False
    is_dry_run: bool = False
    differences: Differences = field(default_factory=Differences)
    rejects: str | None = None
    """The file to which the rejected items were written."""

    @property
    def rejected_total(self) -> int:
        """The number of problems to fix before anything can be stored."""
        return sum(each.rejected_total for each in self.files)

    @property
    def failed(self) -> bool:
        """Whether a file could not be read, so that not even the rest of it can be stored."""
        return any(each.failed for each in self.files)

    def refuse(self) -> None:
        """Reset the counts: nothing was stored."""
        for each in self.files:
            each.created = each.updated = each.unchanged = each.inferred = 0

    def as_json(self) -> dict[str, Any]:
        """The report that `--json` prints."""
        report: dict[str, Any] = {"files": [each.as_json() for each in self.files], "stored": self.stored}
        if self.is_dry_run:
            report |= {"dryRun": True, "differences": self.differences.as_json()}
        if self.rejects is not None:
            report["rejects"] = self.rejects
        return report

    def render(self, console: Console) -> None:
        """Print a table of the files, the problems of each, and what to do next."""
        console.print(self._table())
        for each in self.files:
            _print_rejections(console, each)
        if self.is_dry_run:
            self.differences.render(console)
        console.print(self._summary())

    def _table(self) -> Table:
        counted = ("created", "updated", "unchanged", "inferred")
        table = Table(box=None, pad_edge=False)
        table.add_column("file", overflow="fold")
        for heading in (*counted, "rejected"):
            table.add_column(heading, justify="right")
        names = [Path(each.path).name for each in self.files]
        clear = len(set(names)) == len(names)
        for each, name in zip(self.files, names, strict=True):
            kinds = ", ".join(f"{number:,} {kind}" for kind, number in each.kinds.items()) or "nothing"
            counts = [f"{getattr(each, name):,}" for name in counted]
            rejected = Text(f"{each.rejected_total:,}", style="red" if each.rejected_total else "")
            file = Text.assemble(_printable(name if clear else each.path), "\n  ", (kinds, "dim"))
            table.add_row(file, *counts, rejected)
        return table

    def _summary(self) -> Text:
        if self.is_dry_run:
            return Text("Nothing was stored: this was a dry run.", style="green")
        if self.stored and self.rejects is not None:
            number = sum(len(each.rejected_items) for each in self.files)
            sentence = f"Stored, but for {number:,} rejected: fix them in {self.rejects} and import it."
            return Text(sentence, style="yellow")
        if self.stored:
            return Text("Stored.", style="green")
        if self.rejected_total:
            sentence = f"Nothing was stored. Fix {self._count()} listed above and import all files again."
            return Text(sentence, style="red")
        return Text("Nothing was stored.", style="red")

    def _count(self) -> str:
        return "the one problem" if self.rejected_total == 1 else f"the {self.rejected_total:,} problems"


class ImportRefused(MultichannelError):
    """The files cannot be imported; `report` says why."""

    code = "IMPORT_REFUSED"

    def __init__(self, report: ImportReport) -> None:
        super().__init__("Nothing was stored.")
        report.refuse()
        self.report = report


def _print_rejections(console: Console, file: FileReport) -> None:
    if file.rejections or file.notices:
        console.print(Text.assemble("\n", (_printable(file.path).plain, "bold")))
    for each in (*file.listed(), *file.listed_notices()):
        if each.code in {"MORE_REJECTED", "MORE_NOTICES"}:
            console.print(Text(f"  {each.message}"))
        else:
            console.print(Text.assemble("  ", (each.place(), "cyan"), f"  {each.code}  {each.message}"))


def _printable(path: str) -> Text:
    """A path without control characters."""
    return Text(path if path.isprintable() else ascii(path))
