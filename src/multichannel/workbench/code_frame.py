"""The line of a finding with marks under what is wrong, laid out to a width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from multichannel.workbench.findings import Finding

TAB = 4
"""Columns; a tab counts as one character in the finding's place."""
NARROWEST = 20
CONTROL = 32
DELETE = 127


@dataclass(frozen=True, slots=True)
class Marked:
    """One line for the screen: some of the source, and below it marks where it is wrong (or nothing)."""

    source: str
    marks: str


def excerpt(text: str, found: Finding, width: int) -> tuple[Marked, ...]:
    """The finding's line in as many pieces as the width takes, with their marks; nothing if it is empty."""
    lines = text.split("\n")
    line = lines[found.line - 1] if 0 < found.line <= len(lines) else ""
    if not line.strip():
        return ()
    return tuple(_pieces(line, found, max(width, NARROWEST)))


def _pieces(line: str, found: Finding, width: int) -> Iterator[Marked]:
    source = marks = ""
    first, last = found.column - 1, found.column - 1 + max(found.length, 1)
    # The end of the line is a place, too: something is missing there.
    padded = line + " " * (found.column > len(line))
    used = 0
    for place, character in enumerate(padded):
        shown = _shown(character)
        cells = cell_len(shown)
        if used + cells > width:
            yield Marked(source.rstrip(), marks.rstrip())
            source, marks, used = "", "", 0
        source += shown
        used += cells
        mark = "^" if place == first else "~"
        marks += (mark + "~" * (cells - 1) if cells else "") if first <= place < last else " " * cells
    yield Marked(source.rstrip(), marks.rstrip())


def _shown(character: str) -> str:
    if character == "\t":
        return " " * TAB
    code = ord(character)
    return "\N{REPLACEMENT CHARACTER}" if code < CONTROL or code == DELETE else character
