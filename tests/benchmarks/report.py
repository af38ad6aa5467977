"""Figures as tables."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.cold import MOST
from tests.benchmarks.queries import TARGETS
from tests.benchmarks.variants import INTERPRETED, LIMIT, OFF, ON


def print_tables(figures: dict[str, Any]) -> None:
    """Everything that was measured, for people."""
    console = Console()
    if not console.is_terminal:
        console.width = 140
    for database, found in figures["databases"].items():
        console.print(_in_process(database, found["in_process"]))
        if "http" in found:
            console.print(_http(database, found["http"]))
        whole = {name: lines for name, lines in found["whole_tables"].items() if lines}
        console.print(f"{database}, tables or indexes read whole: {whole or 'none'}\n")
    console.print(_cold(figures["cold_predicates"]))


def _in_process(database: str, found: dict[str, Any]) -> Table:
    table = Table(title=f"{database}, in process: ms of CPU for one answer (middle round), and ratios")
    columns = (ON, OFF, LIMIT, "on / off", "at most", "on / off, wall", "on / by hand")
    _add(table, "question", *columns)
    for name, each in found.items():
        good = each["on_off"] <= TARGETS[name]
        table.add_row(
            name,
            *(f"{each[variant]['cpu']:.2f}" for variant in (ON, OFF, LIMIT)),
            f"[{'green' if good else 'red'}]{each['on_off']:.3f}[/]",
            f"{TARGETS[name]:.2f}",
            f"{each['on_off_wall']:.3f}",
            f"{each[ON]['cpu'] / each[LIMIT]['cpu']:.1f}",
        )
    return table


def _http(database: str, found: dict[str, Any]) -> Table:
    table = Table(title=f"{database}, over HTTP: ms of server CPU for one request; requests a second")
    variants = (ON, OFF, INTERPRETED, LIMIT)
    ratios = ("on / off", "interpreted / on", "on / by hand")
    _add(table, "question", *variants, *ratios, *(f"{variant}, /s" for variant in variants))
    for name, each in found.items():
        on, off, interpreted, limit = (each[variant]["cpu"] for variant in variants)
        table.add_row(
            name,
            *(f"{cpu:.2f}" for cpu in (on, off, interpreted, limit)),
            f"{on / off:.3f}",
            f"{interpreted / on:.1f}",
            f"{on / limit:.1f}",
            *(f"{each[variant]['per_second']:.0f}" for variant in variants),
        )
    return table


def _cold(found: dict[str, float]) -> Table:
    table = Table(title=f"A stranger's first predicate, three roles: ms of CPU, {MOST:.0f} at most")
    _add(table, "predicate", "ms")
    for name, took in found.items():
        table.add_row(name, f"[{'green' if took < MOST else 'red'}]{took:.1f}[/]")
    return table


def _add(table: Table, first: str, *columns: str) -> None:
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
