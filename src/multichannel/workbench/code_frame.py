"""The source line of a finding with marks under the mistake, wrapped to a width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from multichannel.workbench.findings import Finding

TAB = 4
"""Displayed width of a tab, which is one character in the column of a finding."""
MIN_WIDTH = 20
CONTROL = 32
DELETE = 127


@dataclass(frozen=True, slots=True)
class CodeFrameLine:
    """Part of the source line, and the marks to print below it, if any."""

    source: str
    marks: str


def code_frame(text: str, finding: Finding, width: int) -> tuple[CodeFrameLine, ...]:
    """The source line of a finding, wrapped to a width, with marks; nothing if the line is empty."""
    lines = text.split("\n")
    line = lines[finding.line - 1] if 0 < finding.line <= len(lines) else ""
    if not line.strip():
        return ()
    return tuple(_wrapped(line, finding, max(width, MIN_WIDTH)))


def _wrapped(line: str, finding: Finding, width: int) -> Iterator[CodeFrameLine]:
    source = marks = ""
    first, last = finding.column - 1, finding.column - 1 + max(finding.length, 1)
    # A finding may point behind the last character, where something is missing.
    padded = line + " " * (finding.column > len(line))
    used = 0
    for place, character in enumerate(padded):
        text = _printable(character)
        cells = cell_len(text)
        if used + cells > width:
            yield CodeFrameLine(source.rstrip(), marks.rstrip())
            source, marks, used = "", "", 0
        source += text
        used += cells
        mark = "^" if place == first else "~"
        marks += (mark + "~" * (cells - 1) if cells else "") if first <= place < last else " " * cells
    yield CodeFrameLine(source.rstrip(), marks.rstrip())


def _printable(character: str) -> str:
    if character == "\t":
        return " " * TAB
    code = ord(character)
    return "\N{REPLACEMENT CHARACTER}" if code < CONTROL or code == DELETE else character
