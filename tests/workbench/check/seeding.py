"""Policies with one fault: an edit of a shipped file, with marks («...») where findings have to stand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from multichannel.workbench.check import PolicyCheck, check_source

SHIPPED = PolicySource.read(SHIPPED_POLICIES)
NOTED = "# R1: so that it is known why.\n"
OPENING, CLOSING = "«", "»"
Found = tuple[str, str, int, int, int]
"""Code, file, line, column and length."""


@dataclass(frozen=True)
class Seeded:
    """One of the shipped files with `before` replaced, or with something at its end."""

    file: str
    after: str
    before: str = ""

    @cached_property
    def marked(self) -> str:
        """The edited file, with the marks."""
        shipped = dict(SHIPPED.texts)[self.file]
        assert not self.before or shipped.count(self.before) == 1
        return shipped.replace(self.before, self.after) if self.before else f"{shipped}\n{self.after}\n"

    @property
    def text(self) -> str:
        """The edited file."""
        return _unmarked(self.marked)

    @property
    def source(self) -> PolicySource:
        """The policy with it."""
        return PolicySource(tuple((dict(SHIPPED.texts) | {self.file: self.text}).items()))

    def checked(self) -> PolicyCheck:
        """What a check finds, with the shipped cases beside it."""
        return check_source(self.source, SHIPPED_POLICIES)

    def expected(self, *codes: str) -> list[Found]:
        """A finding of each code at each of the marks, in their order."""
        pieces = self.marked.split(OPENING)
        assert len(pieces) == len(codes) + 1
        places, before = [], _unmarked(pieces[0])
        for code, piece in zip(codes, pieces[1:], strict=True):
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            places.append((code, self.file, line, column, piece.index(CLOSING)))
            before += _unmarked(piece)
        return sorted(places)


def _unmarked(text: str) -> str:
    return text.replace(OPENING, "").replace(CLOSING, "")


def restriction(body: str, record: str = "c", action: str = '"update"', code: str = '"X_Y"') -> Seeded:
    """A restriction of customers that is not there yet."""
    return customer(f"{NOTED}forbid({code}, p: Principal, {action}, {record}: Customer) if {body};")


def customer(rule: str) -> Seeded:
    """A rule at the end of the rules about customers."""
    return Seeded("customer.polar", rule)


def main(rule: str, before: str = "") -> Seeded:
    """A rule about everything."""
    return Seeded("main.polar", rule, before)


def found(checked: PolicyCheck) -> list[Found]:
    """What a check found."""
    return sorted((each.code, each.file, each.line, each.column, each.length) for each in checked.findings)
