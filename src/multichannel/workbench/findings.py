"""Findings: what is wrong with a policy, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs: an error must not ship."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong at one place; `column` and `length` in characters, lines and columns from 1.

    `code` names the kind of finding (`unknown-attribute`), `rule` is the statement it is about, `hint` says
    what to do.
    """

    file: str
    line: int
    code: str
    message: str
    column: int = 1
    length: int = 1
    level: Level = Level.ERROR
    rule: str = ""
    hint: str = ""

    @property
    def position(self) -> str:
        """`file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        """One line for people, and for tools that look for `file:line:column: level: message`."""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.position}: {self.level}: {self.message}{hint} [{self.code}]"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, by file and place."""
    return sorted(
        set(findings), key=lambda found: (found.file, found.line, found.column, found.code, found.message)
    )
