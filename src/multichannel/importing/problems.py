"""Problems of an export: a file that cannot be read, or invalid fields of one item."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from multichannel.errors import MultichannelError

_BRIEF: Final = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 60
_BRIEF.maxlevel = 2
_BRIEF.maxdict = _BRIEF.maxlist = 3


class UnreadableFile(MultichannelError):
    """A file that cannot be read to its end: `code` says why, `item` where reading stopped.

    Codes: FILE_MISSING, IS_A_DIRECTORY, IS_A_STREAM, NO_PERMISSION, FILE_FAILED, FILE_CHANGED,
    EMPTY_FILE, NOT_UTF8, NOT_JSON, TRAILING_GARBAGE, BAD_TEXT, TOO_DEEP, ITEM_TOO_LARGE,
    ITEMS_NOT_A_LIST, NOT_AN_OBJECT, INCOMPLETE_PAGES.
    """

    def __init__(self, code: str, message: str, item: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.item = item


@dataclass(frozen=True, slots=True)
class Problem:
    """One invalid field: its path in the vendor's spelling, a code, and a message with the value.

    Codes: UNKNOWN_KIND, MISSING, WRONG_TYPE, NOT_A_GUID, NOT_A_DATE, UNKNOWN_VALUE, OUT_OF_RANGE,
    TOO_LONG, CONTRADICTION, BAD_TEXT, TRUNCATED, API_ERROR; and for items that cannot be stored:
    TENANT_CONFLICT, WRONG_PARTNER_TYPE, UNKNOWN_RESELLER.
    """

    field: str
    code: str
    message: str

    def within(self, path: str) -> Problem:
        """The same problem with its path relative to the object that holds `path`."""
        joint = "." if self.field and not self.field.startswith("[") else ""
        return Problem(f"{path}{joint}{self.field}", self.code, self.message)


class Rejected(MultichannelError):
    """An invalid item; `problems` has one entry per invalid field."""

    code = "REJECTED"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def invalid(code: str, message: str, field: str = "") -> Rejected:
    """The error of a single field, or of a value whose reader does not know its field."""
    return Rejected([Problem(field, code, message)])


def wrong_type(expected: str, value: object) -> tuple[str, str]:
    """Code and message for a value that is not an object or a list.

    PowerShell writes what lies deeper than `ConvertTo-Json -Depth` as text, and so loses it.
    """
    if type(value) is str and value.startswith(("@{", "System.")):
        message = f"PowerShell has cut off {expected} here. Export again with ConvertTo-Json -Depth 10."
        return "TRUNCATED", message
    return "WRONG_TYPE", f"Expected {expected}, got {abbreviate(value)}."


def abbreviate(value: object) -> str:
    """A value for messages: short, on one line, control characters escaped."""
    return _BRIEF.repr(value)
