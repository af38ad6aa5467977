"""What can be wrong with an export: the file as a whole, or single fields of one item."""

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


class Unreadable(MultichannelError):
    """A file that is not a stream of resources: `code` says why, `item` where it stopped.

    Codes: FILE_MISSING, IS_A_DIRECTORY, IS_A_STREAM, NO_PERMISSION, FILE_FAILED, FILE_CHANGED,
    EMPTY_FILE, NOT_UTF8, NOT_JSON, TRAILING_GARBAGE, BAD_TEXT, TOO_DEEP, ITEM_TOO_LARGE,
    ITEMS_NOT_A_LIST, NOT_AN_OBJECT.
    """

    def __init__(self, code: str, message: str, item: int | None = None) -> None:
        """Carry the code, the sentence, and the index of the item (none: the file as a whole)."""
        super().__init__(message)
        self.code = code
        self.item = item


@dataclass(frozen=True, slots=True)
class Problem:
    """One damaged field: its path in the vendor's spelling, a code, and a sentence with the value.

    Codes: UNKNOWN_KIND, MISSING, WRONG_TYPE, NOT_A_GUID, NOT_A_DATE, UNKNOWN_VALUE, OUT_OF_RANGE,
    TOO_LONG, CONTRADICTION, BAD_TEXT; and what stands against storing it: TENANT_CONFLICT,
    WRONG_PARTNER_TYPE, UNKNOWN_RESELLER.
    """

    field: str
    code: str
    message: str

    def within(self, path: str) -> Problem:
        """The same problem seen from the object that holds `path`."""
        joint = "." if self.field and not self.field.startswith("[") else ""
        return Problem(f"{path}{joint}{self.field}", self.code, self.message)


class Rejected(MultichannelError):
    """An item that cannot be understood; `problems` has one entry per damaged field."""

    code = "REJECTED"

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every problem; the message is the first of them."""
        super().__init__(problems[0].message)
        self.problems = tuple(problems)


def unfit(code: str, message: str) -> Rejected:
    """The refusal of a single value, by a reader that does not know the path it reads."""
    return Rejected([Problem("", code, message)])


def brief(value: object) -> str:
    """A value as a person may see it: short, on one line, control characters escaped."""
    return _BRIEF.repr(value)
