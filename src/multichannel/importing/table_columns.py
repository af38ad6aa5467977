"""Facts of an export as columns of our tables, without owner and references."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

from multichannel.importing.customers import ImportedAddress, ImportedBillingProfile, ImportedCustomer
from multichannel.importing.field_mapping import read
from multichannel.importing.merging import is_missing
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.importing.transfers import ImportedTransfer, ImportedTransferAddOn

Columns: TypeAlias = dict[str, Any]

_NO_ADDRESS: Final = read(ImportedAddress, {})
_NUMBER: Final = attrgetter("number")
_PLACE: Final = ("address_line1", "address_line2", "city", "state", "region", "postal_code", "country")
_BILLING: Final = ("vendor_id", "first_name", "last_name", "email", "culture", "language", "company_name")
_COMPANY: Final = ("company_name", "domain", "organization_registration_number", "email")
_TRANSFER: Final = (
    *("kind", "status", "customer_id", "customer_name"),
    *("source_partner_id", "source_partner_name", "target_partner_id", "target_partner_name"),
)
_LINE: Final = ("subscription_vendor_id", "offer_id", "friendly_name", "quantity", "partner_number", "error")
_NOT_COLUMNS: Final = {"customer_id", "linked_id", "country", "etag", "suspension_reasons"}
_SUBSCRIPTION: Final = tuple(
    each.name for each in fields(ImportedSubscription) if each.name not in _NOT_COLUMNS
)


def company_profile(facts: ImportedCustomer) -> Columns:
    """The company profile, which all partners of a customer share."""
    address = facts.address or _NO_ADDRESS
    return {
        **_values(facts, _COMPANY),
        **_values(address, _PLACE),
        "phone_number": address.phone_number,
        "custom_domains": list(facts.custom_domains),
    }


def billing_profile(facts: ImportedBillingProfile) -> Columns:
    """The billing profile of one partner; the contact name falls back to that of the address."""
    address = facts.address or _NO_ADDRESS
    return {
        **_values(facts, _BILLING),
        **_values(address, _PLACE),
        "first_name": facts.first_name or address.first_name,
        "last_name": facts.last_name or address.last_name,
        "phone_number": address.phone_number,
    }


def subscription(facts: ImportedSubscription) -> Columns:
    """The vendor's data of a subscription."""
    columns = _values(facts, _SUBSCRIPTION)
    columns["suspension_reasons"] = list(facts.suspension_reasons)
    columns["commerce"] = facts.commerce
    return columns


def with_stored_where_missing(columns: Columns, before: Mapping[str, Any] | None) -> Columns:
    """The columns, with what is stored in place of what the export does not say."""
    if before is None:
        return columns
    return {name: before[name] if is_missing(value) else value for name, value in columns.items()}


def transfer(facts: ImportedTransfer) -> Columns:
    """A transfer without its lines."""
    return {
        **_values(facts, _TRANSFER),
        "target_product_types": list(facts.target_product_types),
        "requested_at": facts.created_time,
        "modified_at": facts.last_modified_time,
        "completed_at": facts.completed_time,
        "expires_at": facts.expiration_time,
    }


def transfer_lines(facts: ImportedTransfer) -> list[Columns]:
    """The lines of a transfer, each base before its add-ons.

    They are renumbered: the vendor numbers add-ons either with their bases or separately.
    """
    lines: list[Columns] = []
    for base in sorted(facts.lines, key=_NUMBER):
        lines.append(_line(base, len(lines), None))
        base_number = lines[-1]["number"]
        for add_on in sorted(base.add_ons, key=_NUMBER):
            lines.append(_line(add_on, len(lines), base_number))
    return lines


def _line(facts: ImportedTransferAddOn, number: int, base_number: int | None) -> Columns:
    return {
        **_values(facts, _LINE),
        "number": number,
        "base_number": base_number,
        "billing_cycle": _word(facts.billing_cycle),
        "status": _word(facts.status),
    }


def _values(facts: Any, names: tuple[str, ...]) -> Columns:
    return dict(zip(names, _getter(names)(facts), strict=True))


@cache
def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*names)


def _word(value: Any) -> str | None:
    return None if value is None else str(value)
