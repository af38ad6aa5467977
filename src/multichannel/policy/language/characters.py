"""Characters that a reader of a policy does not see: what is shown would not be what the engine reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from multichannel.errors import PolicyInvalid

MARK = "\ufeff"
"""A byte order mark, which editors put before a text."""
BLANK = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks without a shape."""
HIDDEN = {"Cc", "Cf", "Co", "Zl", "Zp"}
"""Categories: control, format (such as those that turn the direction of a text), private, ends of lines."""
SUSPECT = re.compile(r"[^\t\n\x20-\x7e]")


def hidden_characters(text: str) -> Iterator[tuple[int, str]]:
    """Offset and name of each; a carriage return that ends no line is one, a tab or a line end is not."""
    for found in SUSPECT.finditer(text.replace("\r\n", "\n\n")):
        character = found[0]
        if (
            character in BLANK
            or unicodedata.category(character) in HIDDEN
            or "VARIATION SELECTOR" in unicodedata.name(character, "")
        ):
            name = "carriage return" if character == "\r" else unicodedata.name(character, "control").lower()
            yield found.start(), f"U+{ord(character):04X}, {name}"


def refuse_hidden(file: str, text: str) -> None:
    """PolicyInvalid with file and line of the first character that is not seen."""
    for at, name in hidden_characters(text):
        line = text.count("\n", 0, at) + 1
        raise PolicyInvalid(f"{file}:{line}: there is an invisible character ({name})")
