"""Text that is indented on every line it wraps to, without trailing spaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions
from rich.text import Text


@dataclass(frozen=True, slots=True)
class IndentedText:
    """A text with a number of spaces before each line, wrapped to the available width."""

    text: Text
    spaces: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        room = max(options.max_width - self.spaces, 1)
        for line in self.text.wrap(console, room, overflow="fold"):
            line.rstrip()
            yield Text.assemble(" " * self.spaces, line)
