"""A customer's own list of what it bought elsewhere: a table (CSV) with a header.

`COLUMNS` documents the columns. The header is matched freely: case, spaces and punctuation mean nothing, and
each column has several names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.new_subscriptions import ExternalSubscription
from multichannel.importing.problems import Problem, Rejected, UnreadableFile, abbreviate, invalid
from multichannel.importing.table_cells import repeated
from multichannel.importing.tables import read_table
from multichannel.importing.value_readers import duration, guid, instant, one_of, text


class DateOrder(StrEnum):
    """The order of year, month and day in dates such as 03.04.2026."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class Decimals(StrEnum):
    """What separates whole numbers from fractions; the other one may group thousands."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryFormat:
    """How a customer writes dates and numbers, and the channel of rows that name none."""

    dates: DateOrder = DateOrder.YMD
    decimals: Decimals = Decimals.POINT
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """What one line says."""

    line: int
    external: ExternalSubscription


COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("product", "productname", "offer", "offername", "service", "subscription", "sku", "license"),
    "name": ("name", "displayname", "friendlyname", "nickname", "description", "label"),
    "channel": ("channel", "boughtthrough", "source", "agreement", "agreementtype", "program", "licensing"),
    "billing": ("billing", "billingtype", "billedby", "type", "model"),
    "quantity": ("quantity", "qty", "seats", "licenses", "licences", "units", "count", "amount", "number"),
    "status": ("status", "state"),
    "end": ("end", "enddate", "expires", "expiry", "expirydate", "expirationdate", "termend", "renewaldate"),
    "term": ("term", "termduration", "duration", "contractterm"),
    "renews": ("renews", "autorenew", "autorenewal", "autorenewenabled", "renewal"),
    "id": ("id", "entitlementid", "subscriptionid", "azuresubscriptionid", "guid"),
}
"""The columns with their names, without spaces and punctuation. Only `product` is required in each row."""

EXPORTED: Final[Mapping[str, str]] = {
    "product": "offerName",
    "name": "friendlyName",
    "channel": "channel",
    "billing": "billingType",
    "quantity": "quantity",
    "status": "status",
    "end": "commitmentEndDate",
    "term": "termDuration",
    "renews": "autoRenewEnabled",
    "id": "entitlementId",
}
"""The field of the API that each column holds."""

_CHANNEL: Final = one_of(
    Channel,
    also={
        "web": Channel.DIRECT,
        "web direct": Channel.DIRECT,
        "mosp": Channel.DIRECT,
        "credit card": Channel.DIRECT,
        "enterprise agreement": Channel.EA,
        "enterprise": Channel.EA,
        "open license": Channel.OPEN,
        "open value": Channel.OPEN,
        "volume license": Channel.OPEN,
    },
)
_BILLING: Final = one_of(
    BillingType,
    also={
        "seats": BillingType.LICENSE,
        "licence": BillingType.LICENSE,
        "licensed": BillingType.LICENSE,
        "user": BillingType.LICENSE,
        "azure": BillingType.USAGE,
        "consumption": BillingType.USAGE,
        "metered": BillingType.USAGE,
        "pay as you go": BillingType.USAGE,
    },
)
_STATUS: Final = one_of(SubscriptionStatus)
_RECORDABLE: Final = set(SubscriptionStatus) - {SubscriptionStatus.NONE, SubscriptionStatus.DELETED}
_YES: Final = frozenset({"yes", "y", "true", "1", "on", "ja", "oui", "si", "sim"})
_NO: Final = frozenset({"no", "n", "false", "0", "off", "nein", "non", "nao"})
_PLACES: Final = {DateOrder.YMD: (0, 1, 2), DateOrder.DMY: (2, 1, 0), DateOrder.MDY: (2, 0, 1)}
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DATE: Final = re.compile(r"(\d{1,4})[./ -](\d{1,2})[./ -](\d{1,4})")
_YEAR_DIGITS: Final = 4


def read_inventory(
    path: Path, how: InventoryFormat
) -> Iterator[InventoryRow | tuple[int, Sequence[Problem]]]:
    """The rows of a file, or the number of a line with its problems; raises UnreadableFile."""
    lines = read_table(path)
    _, names = next(lines, (0, []))
    header = _header(names)
    for number, cells in lines:
        values = {header[place]: cell.strip() for place, cell in enumerate(cells) if place in header}
        if not any(values.values()):
            continue
        try:
            yield InventoryRow(number, _external(values, how))
        except Rejected as rejected:
            yield number, rejected.problems


def _header(cells: Sequence[str]) -> dict[int, str]:
    """The column of each place, for the places that are understood."""
    names = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}
    folded = [re.sub(r"[\W_]+", "", cell.casefold()) for cell in cells]
    header = {place: names[cell] for place, cell in enumerate(folded) if cell in names}
    if "product" not in header.values():
        known = ", ".join(COLUMNS["product"])
        raise UnreadableFile("NO_HEADER", f"The first line names no product column. Call it one of {known}.")
    if twice := repeated(list(header.values())):
        listed = ", ".join(twice)
        raise UnreadableFile("NO_HEADER", f"The first line names a column twice: {listed}. Remove one.")
    return header


def _external(values: Mapping[str, str], how: InventoryFormat) -> ExternalSubscription:
    problems: list[Problem] = []

    def read(name: str, reader: Any, otherwise: Any = None) -> Any:
        raw = values.get(name)
        if not raw:
            return otherwise
        try:
            return reader(raw)
        except Rejected as rejected:
            problems.extend(each.within(name) for each in rejected.problems)
            return otherwise

    channel = read("channel", _CHANNEL, how.channel)
    if channel in {None, Channel.CSP} and not problems:
        message = "The channel is missing. Add a column, or name it with --channel."
        if channel is Channel.CSP:
            message = "What a partner sells in CSP is not recorded; the partner imports it."
        problems.append(Problem("channel", "MISSING" if channel is None else "UNKNOWN_VALUE", message))
    if not values.get("product"):
        problems.append(Problem("product", "MISSING", "A value is required."))
    made = ExternalSubscription(
        channel=channel or Channel.DIRECT,
        billing_type=read("billing", _billing, BillingType.LICENSE),
        offer_name=read("product", text, ""),
        commerce=Commerce.LEGACY,
        friendly_name=read("name", text),
        quantity=read("quantity", lambda raw: _count(raw, how.decimals), 1),
        status=read("status", _status, SubscriptionStatus.ACTIVE),
        term_duration=read("term", duration),
        commitment_end_date=read("end", lambda raw: _date(raw, how.dates)),
        auto_renew_enabled=read("renews", _flag),
        entitlement_id=read("id", guid),
    )
    if problems:
        raise Rejected(problems)
    return made


def _billing(raw: str) -> BillingType:
    billing = _BILLING(raw)
    if billing in {None, BillingType.NONE}:
        raise invalid("UNKNOWN_VALUE", f"{abbreviate(raw)} is neither license nor usage.")
    return billing or BillingType.LICENSE


def _status(raw: str) -> SubscriptionStatus:
    status = _STATUS(raw)
    if status not in _RECORDABLE:
        raise invalid("UNKNOWN_VALUE", f"{abbreviate(raw)} cannot be recorded. Leave the row out.")
    return status or SubscriptionStatus.ACTIVE


def _flag(raw: str) -> bool:
    word = raw.casefold()
    if word not in _YES | _NO:
        raise invalid("UNKNOWN_VALUE", f"{abbreviate(raw)} is neither yes nor no.")
    return word in _YES


def _count(raw: str, decimals: Decimals) -> int:
    point, group = (".", ",") if decimals is Decimals.POINT else (",", ".")
    groups = re.escape(group) + "\u00a0\u202f' "
    match = re.fullmatch(rf"(\d{{1,3}}(?:[{groups}]\d{{3}})+|\d{{1,10}})(?:{re.escape(point)}0*)?", raw)
    if match is None:
        message = f"{abbreviate(raw)} is not a whole number. See --numbers for how you write them."
        raise invalid("WRONG_TYPE", message)
    return int(re.sub(r"\D", "", match[1]))


def _date(raw: str, order: DateOrder) -> datetime:
    if "T" in raw and (time := instant(raw)) is not None:
        return time
    match = _ISO.fullmatch(raw)
    parts = match.groups() if match else ()
    if not match and (written := _DATE.fullmatch(raw)):
        parts = tuple(written[place + 1] for place in _PLACES[order])
    if len(parts) == len(_PLACES) and len(parts[0]) == _YEAR_DIGITS:
        with suppress(ValueError):
            return datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc,arg-type]  # three numbers
    message = f"{abbreviate(raw)} is not a date in the order {order.value}. See --dates for the order."
    raise invalid("NOT_A_DATE", message)
