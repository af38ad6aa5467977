"""A comparison of two versions, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multichannel.workbench.diff import wording as telling
from multichannel.workbench.diff.changes import Changes, Direction
from multichannel.workbench.diff.report import Report, told, violated

COLOURS = {Direction.ALLOWED: "bold red", Direction.DENIED: "bold yellow", Direction.REASON: "bold"}


def print_report(report: Report, out: Console) -> None:
    """Broken invariants, then what is newly allowed, then the rest; last what all this is worth."""
    _Page(report, out).show()


class _Page:
    def __init__(self, report: Report, out: Console) -> None:
        self._report, self._out = report, out

    def show(self) -> None:
        report = self._report
        self._line(f"From {report.old} ({report.old_digest[:12]})")
        self._line(f"to   {report.new} ({report.new_digest[:12]})")
        self._violations()
        for direction in Direction:
            self._section(direction)
        self._list("Same verdicts by other rules", [*map(telling.rewriting, report.diff.rewritings)])
        self._list("Only comments, order or layout", list(report.diff.text_only))
        self._rows()
        self._list("Accepted, and no change", [*map(str, report.stale)], "bold red")
        self._list("What was compared", telling.bound(report.diff.bound), "dim")
        self._out.print()
        self._line(self._summary(), "bold")

    def _violations(self) -> None:
        for violation, groups in self._report.violations:
            self._out.print()
            self._line(f"Broken: {telling.broken(violation)}", "bold red")
            for line in violated(violation, groups):
                self._line(line, indent=2)

    def _section(self, direction: Direction) -> None:
        changes = self._report.diff.of(direction)
        if not changes:
            return
        self._out.print()
        count = sum(len(change.names) for change in changes)
        self._line(f"{telling.TITLES[direction]}: {count}", COLOURS[direction])
        for change in changes:
            self._change(change)

    def _change(self, change: Changes) -> None:
        self._out.print()
        left = self._report.left(change)
        accepted = "" if left else " (accepted)"
        self._line(f"{telling.headline(change)}{accepted}", "bold", indent=2)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for label, said in told(change):
            style = {"rules": "cyan", "name": "green"}.get(label, "")
            grid.add_row(Text(label, "dim"), Text(said, style))
        if left and len(left) < len(change.names):
            grid.add_row(Text("not yet accepted", "dim"), Text(", ".join(left), "red"))
        self._out.print(Padding(grid, (0, 0, 0, 4), expand=False))

    def _rows(self) -> None:
        rows = self._report.rows
        if rows is None:
            return
        changed = [telling.seen(each) for each in rows.changed]
        asked = f"{len(rows.tenants)} tenants, each with every role"
        self._list(f"Rows that are seen ({asked})", changed or ["As many as before."])

    def _list(self, title: str, lines: list[str], style: str = "") -> None:
        if lines:
            self._out.print()
            self._line(title, style or "bold")
        for line in lines:
            self._line(line, style, indent=2)

    def _summary(self) -> str:
        diff = self._report.diff
        counts = [
            f"{sum(len(change.names) for change in diff.of(each))} {each.value.replace('-', ' ')}"
            for each in Direction
        ]
        broken = f", {len(self._report.violations)} broken" if self._report.violations else ""
        return f"{', '.join(counts)}{broken}."

    def _line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        self._out.print(Padding(Text(text, style, overflow="fold"), (0, 0, 0, indent), expand=False))
