"""The differences between two policy versions, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from multichannel.cli.policy.common import print_line
from multichannel.workbench.diff import wording
from multichannel.workbench.diff.changes import ChangeGroup, Direction
from multichannel.workbench.diff.report import DiffReport, change_lines, invariant_lines, violation_lines
from multichannel.workbench.findings import count_of

COLOURS = {Direction.ALLOWED: "bold red", Direction.DENIED: "bold yellow", Direction.REASON: "bold"}
LABELS = {"rules": "cyan", "name": "green"}


def print_report(report: DiffReport, page: Console) -> None:
    """Lost and violated invariants, what is newly allowed, then the rest; last what was compared."""
    print_line(page, f"From {report.old} ({report.old_digest[:12]})")
    print_line(page, f"to   {report.new} ({report.new_digest[:12]})")
    for lost in report.invariants:
        title = wording.invariant_text(lost) + (" (accepted)" if report.is_accepted(lost) else "")
        _print_list(page, title, [f"{label}: {text}" for label, text in invariant_lines(lost)], "bold red")
    for violation in report.violations:
        title = f"Violated: {wording.violation_text(violation)}"
        _print_list(page, title, [*violation_lines(violation)], "bold red")
    title = "Not compared, so there may be changes that are not listed"
    _print_list(page, title, report.not_compared, "bold red")
    for direction in Direction:
        _print_section(page, report, direction)
    _print_list(
        page, wording.rewritings_title(report.diff), [*map(wording.rewriting_text, report.diff.rewritings)]
    )
    _print_list(page, "Changed only in comments, order or layout", report.diff.text_only)
    if report.rows is not None:
        changed = [wording.row_count_text(each) for each in report.rows.changed]
        title = f"Visible rows ({len(report.rows.tenants)} tenants, each with every role)"
        _print_list(page, title, changed or ["Unchanged."])
    _print_list(page, "Accepted changes that do not exist", [*map(str, report.stale)], "bold red", "bold red")
    _print_list(page, "What was compared", wording.bounds_text(report.diff.bounds), "dim", "dim")
    page.print()
    print_line(page, _summary(report), "bold")


def _print_section(page: Console, report: DiffReport, direction: Direction) -> None:
    changes = report.diff.of(direction)
    if not changes:
        return
    page.print()
    print_line(page, f"{wording.TITLES[direction]}: {_count(report, direction)}", COLOURS[direction])
    for change in changes:
        _print_change(page, change, report.not_accepted(change))


def _print_change(page: Console, change: ChangeGroup, remaining: Sequence[str]) -> None:
    page.print()
    print_line(page, wording.headline(change) + ("" if remaining else " (accepted)"), "bold", indent=2)
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in change_lines(change):
        grid.add_row(Text(label, "dim"), Text(text, LABELS.get(label, "")))
    if remaining and len(remaining) < len(change.names):
        grid.add_row(Text("not yet accepted", "dim"), Text(", ".join(remaining), "red"))
    page.print(Padding(grid, (0, 0, 0, 4), expand=False))


def _print_list(page: Console, title: str, lines: Sequence[str], style: str = "bold", text: str = "") -> None:
    if lines:
        page.print()
        print_line(page, title, style)
    for line in lines:
        print_line(page, line, text, indent=2)


def _count(report: DiffReport, direction: Direction) -> int:
    return sum(len(change.names) for change in report.diff.of(direction))


def _summary(report: DiffReport) -> str:
    counts = [f"{_count(report, each)} {each.value.replace('-', ' ')}" for each in Direction]
    if report.invariants:
        counts.append(f"{count_of(len(report.invariants), 'invariant')} lost")
    if report.violations:
        counts.append(f"{len(report.violations)} violated")
    return f"{', '.join(counts)}{'' if not report.not_compared else ', NOT ALL COMPARED'}."
