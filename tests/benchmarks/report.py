"""Figures as tables."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.cold import MOST
from tests.benchmarks.queries import TARGETS
from tests.benchmarks.variants import INTERPRETED, LIMIT, MERCURIUS, OFF, ON


def print_tables(figures: dict[str, Any]) -> None:
    """Everything that was measured, for people."""
    console = Console()
    if not console.is_terminal:
        console.width = 140
    for database, found in figures["databases"].items():
        console.print(_in_process(database, found["in_process"]))
        if "http" in found:
            print_http(database, found["http"], console)
            console.print(_mutations(database, found["mutations"]))
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


def print_http(database: str, found: dict[str, Any], console: Console) -> None:
    """The comparison over HTTP, in two tables."""
    console.print(_server_cpu(database, found))
    console.print(_latency(database, found))


def _server_cpu(database: str, found: dict[str, Any]) -> Table:
    """What the server costs, and how many times as much as others."""
    table = Table(title=f"{database}, over HTTP: ms of server CPU for one request, and ratios")
    names = list(next(iter(found.values())))
    others = [name for name in names if name != ON]
    _add(table, "question", *names, *(f"on / {name}" for name in others), "with database")
    for question, each in found.items():
        on, peer = each[ON], each.get(MERCURIUS)
        table.add_row(
            question,
            *(f"{each[name]['cpu']:.3f}" for name in names),
            *(f"{on['cpu'] / each[name]['cpu']:.2f}" for name in others),
            "" if peer is None else f"{_both(on) / _both(peer):.2f}",
        )
    return table


def _latency(database: str, found: dict[str, Any]) -> Table:
    table = Table(title=f"{database}, over HTTP: ms of database CPU, p99 in ms, requests a second")
    names = list(next(iter(found.values())))
    columns = (("database_cpu", "database", ".2f"), ("p99", "p99", ".1f"), ("per_second", "/s", ".0f"))
    _add(table, "question", *(f"{name}, {title}" for _, title, _ in columns for name in names))
    for question, each in found.items():
        table.add_row(
            question, *(format(each[name][key], form) for key, _, form in columns for name in names)
        )
    return table


def _mutations(database: str, found: dict[str, dict[str, float]]) -> Table:
    table = Table(title=f"{database}, mutations over HTTP: ms of server CPU for one, and the ratio")
    _add(table, "mutation", ON, INTERPRETED, "on / interpreted")
    for name, each in found.items():
        on, interpreted = each[ON], each[INTERPRETED]
        table.add_row(name, f"{on:.2f}", f"{interpreted:.2f}", f"{on / interpreted:.2f}")
    return table


def _both(figures: dict[str, float]) -> float:
    return figures["cpu"] + figures["database_cpu"]


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
