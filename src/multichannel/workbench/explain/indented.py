"""Text that is set in on every line it takes, with nothing behind its last word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Indented:
    """A text with so many spaces before each line, as wide as there is room."""

    text: Text
    spaces: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines, each for itself."""
        room = max(options.max_width - self.spaces, 1)
        for line in self.text.wrap(console, room, overflow="fold"):
            line.rstrip()
            yield Text.assemble(" " * self.spaces, line)
