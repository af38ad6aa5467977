"""Bars of progress, on a terminal."""

from __future__ import annotations

from rich import progress
from rich.console import Console


def progress_bars(amount: progress.ProgressColumn | None = None) -> progress.Progress:
    """Bars on standard error that vanish at the end; nothing is shown where that is no terminal.

    They show `amount`: by default, how many of how many.
    """
    console = Console(stderr=True)
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        amount or progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
