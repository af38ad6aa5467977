"""Readers of single JSON values: each returns a normalized value or raises `Rejected`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeVar

from multichannel.domain.base import plain_name
from multichannel.domain.countries import country_code, country_hint
from multichannel.importing.field_mapping import Reader
from multichannel.importing.problems import abbreviate, invalid

E = TypeVar("E", bound=StrEnum)

LONGEST_TEXT: Final = 512
LONGEST_PROSE: Final = 4096
LARGEST_COUNT: Final = 2**31 - 1

_GUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_NO_GUID: Final = "00000000-0000-0000-0000-000000000000"
_IDENTIFIER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/+=-]*")
_DOTNET_DATE: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_NO_DATE: Final = "0001-01-01"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION: Final = re.compile(
    r"P(?=[\dT])(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,4}D)?"
    r"(T(?=\d)(\d{1,4}H)?(\d{1,4}M)?(\d{1,4}S)?)?"
)
_BEFORE_TIME: Final = ("T", " ", "")
_SEPARATORS: Final = re.compile(r"[ _-]+")


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Text of at most `longest` characters that people can see, in the normal form of all names."""
    if type(value) is not str:
        raise invalid("WRONG_TYPE", f"Expected text, got {abbreviate(value)}.")
    if len(value) > longest:
        raise invalid(
            "TOO_LONG",
            f"Text of {len(value):,} characters exceeds the limit of {longest:,}: {abbreviate(value)}.",
        )
    plain = plain_name(value)
    if plain is None:
        raise invalid(
            "BAD_TEXT",
            "Text contains a character that controls a device or the direction of writing, or that is none: "
            f"{abbreviate(value)}.",
        )
    return plain


prose = partial(text, longest=LONGEST_PROSE)
"""Text of the length of an error message."""


def guid(value: Any) -> str | None:
    """A GUID in lower case; None for the all-zero GUID, which the vendor writes for no value."""
    if type(value) is not str:
        raise invalid("WRONG_TYPE", f"Expected a GUID, got {abbreviate(value)}.")
    if not _GUID.fullmatch(value):
        raise invalid("NOT_A_GUID", f"{abbreviate(value)} is not a valid GUID.")
    return value.lower() if value != _NO_GUID else None


def identifier(value: Any) -> str | None:
    """An id of the vendor that is a GUID (as `guid` reads it) or a short code such as MS-AZR-0145P."""
    code = text(value)
    if _GUID.fullmatch(code):
        return guid(code)
    if not _IDENTIFIER.fullmatch(code):
        raise invalid("BAD_TEXT", f"{abbreviate(code)} is not a valid identifier.")
    return code


def instant(value: Any) -> datetime | None:
    """A time in UTC, cut to microseconds; without an offset it is UTC already (R47).

    PowerShell writes `/Date(1709251200000)/`, by itself or as the `value` of an object. The first day of
    year 1 is what .NET has for no date.
    """
    if type(value) is dict and "value" in value:
        value = value["value"]
    if type(value) is str and (milliseconds := _DOTNET_DATE.fullmatch(value)):
        return _from_milliseconds(int(milliseconds[1]), value)
    if type(value) is str and value.startswith(_NO_DATE):
        return None
    if type(value) is not str:
        raise invalid("WRONG_TYPE", f"Expected a date, got {abbreviate(value)}.")
    if value[4:8:3] != "--" or value[10:11] not in _BEFORE_TIME:  # week dates and the like
        raise invalid(
            "NOT_A_DATE", f"{abbreviate(value)} is not a valid date. Use a form like 2021-03-01T00:00:00Z."
        )
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid(
            "NOT_A_DATE", f"{abbreviate(value)} is not a valid date. Use a form like 2021-03-01T00:00:00Z."
        ) from None


def _from_milliseconds(milliseconds: int, value: str) -> datetime | None:
    try:
        time = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise invalid("NOT_A_DATE", f"{abbreviate(value)} is not a valid date.") from None
    return None if time.isoformat().startswith(_NO_DATE) else time


def duration(value: Any) -> str:
    """An ISO 8601 duration in upper case."""
    term = text(value).upper()
    if not _DURATION.fullmatch(term):
        message = f"{abbreviate(value)} is not an ISO 8601 duration. Examples: P1M, P1Y, P1Y6M, P30D."
        raise invalid("UNKNOWN_VALUE", message)
    return term


def count(value: Any) -> int:
    """A whole number from 0 to 2,147,483,647; JSON has 1 and 1.0 for the same number."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise invalid("WRONG_TYPE", f"Expected a whole number, got {abbreviate(value)}.")
    if not 0 <= value <= LARGEST_COUNT:
        raise invalid("OUT_OF_RANGE", f"{abbreviate(value)} is not between 0 and {LARGEST_COUNT:,}.")
    return value


def flag(value: Any) -> bool:
    """`true` or `false`."""
    if type(value) is not bool:
        raise invalid("WRONG_TYPE", f"Expected true or false, got {abbreviate(value)}.")
    return value


def country(value: Any) -> str:
    """A two-letter ISO country code in upper case."""
    code = text(value)
    known = country_code(code)
    if known is None:
        message = f"{abbreviate(code)} is not a country code of ISO 3166, such as US.{country_hint(code)}"
        raise invalid("UNKNOWN_VALUE", message)
    return known


def domain_name(value: Any) -> str:
    """A domain name in lower case: the case means nothing."""
    return text(value).strip().lower()


def one_of(vocabulary: type[E], also: Mapping[str, E] = MappingProxyType({})) -> Reader[E]:
    """A reader of a vocabulary, in any case, with or without separators; `also` adds spellings."""
    members = {_folded(each.value): each for each in vocabulary} | {_folded(k): v for k, v in also.items()}
    known = _alternatives(each.value for each in vocabulary)

    def read_word(value: Any) -> E:
        if type(value) is not str:
            raise invalid("WRONG_TYPE", f"Expected {known}, got {abbreviate(value)}.")
        member = members.get(value) or members.get(_folded(value))
        if member is None:
            raise invalid("UNKNOWN_VALUE", f"{abbreviate(value)} is not one of {known}.")
        return member

    return read_word


def _part_of_link(pattern: str, read_part: Reader[str]) -> Reader[str]:
    part = re.compile(pattern, re.IGNORECASE)

    def read_link(value: Any) -> str | None:
        match = part.search(prose(value))
        return read_part(match[1]) if match else None

    return read_link


customer_of = _part_of_link(r"/customers/([^/?#]*)", guid)
"""The customer that a link such as `/customers/<guid>/subscriptions/<guid>` names, if any."""
subscription_of = _part_of_link(r"/subscriptions/([^/?#]*)", guid)
"""The subscription that such a link names, if any."""
offer_country = _part_of_link(r"[?&]country=([^&#]*)", country)
"""The country that an offer's link ends in (`?country=US`), if any."""


def _folded(word: str) -> str:
    return _SEPARATORS.sub("", word).lower()


def _alternatives(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
