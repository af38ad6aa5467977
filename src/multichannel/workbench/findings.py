"""Findings: mistakes in a policy, with their place and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """Severity of a finding: an error must not ship."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake at one place; `column` and `length` in characters, lines and columns from 1.

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
        """One line, for people and for tools that parse `file:line:column: level: message`."""
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.position}: {self.level}: {self.message}{hint} [{self.code}]"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The distinct findings, sorted by file and place."""
    return sorted(
        set(findings), key=lambda each: (each.file, each.line, each.column, each.code, each.message)
    )
