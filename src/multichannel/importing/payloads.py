"""The kind of a resource, from `attributes.objectType`, and its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from multichannel.importing.customers import ImportedCustomer
from multichannel.importing.field_mapping import read
from multichannel.importing.input_files import KIND_PLACE
from multichannel.importing.partnerships import ImportedPartnerRelationship
from multichannel.importing.problems import abbreviate, invalid, wrong_type
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.importing.transfers import ImportedTransfer

Imported: TypeAlias = ImportedCustomer | ImportedSubscription | ImportedPartnerRelationship | ImportedTransfer

KINDS: Final[Mapping[str, type[Imported]]] = {
    "Customer": ImportedCustomer,
    "Subscription": ImportedSubscription,
    "PartnerRelationship": ImportedPartnerRelationship,
    "TransferEntity": ImportedTransfer,
}
"""The supported kinds by the vendor's name."""

_SPELLED: Final = {name.lower(): name for name in KINDS}


def parse(item: Mapping[str, Any], *, default_customer: str | None) -> Imported:
    """The facts of one resource; `default_customer` is the customer of one that names none.

    Raises `Rejected` with one problem per invalid field.
    """
    fallbacks = {} if default_customer is None else {"customer_id": default_customer}
    return read(KINDS[kind_of(item)], item, fallbacks)


def kind_of(item: Mapping[str, Any]) -> str:
    """The key of `KINDS` that a resource names, in any case; raises `Rejected` otherwise."""
    attributes = item.get("attributes")
    if type(attributes) is str:
        raise invalid(*wrong_type("an object", attributes), "attributes")
    name = attributes.get("objectType") if type(attributes) is dict else None
    known = ", ".join(KINDS)
    if name is None and (error := _error_of(item)) is not None:
        raise invalid("API_ERROR", f"This is an error that the API has answered with: {abbreviate(error)}.")
    if name is None:
        raise invalid("MISSING", f"The kind of the resource is missing: one of {known}.", KIND_PLACE)
    kind = _SPELLED.get(name.lower()) if type(name) is str else None
    if kind is None:
        raise invalid("UNKNOWN_KIND", f"{abbreviate(name)} is not one of {known}.", KIND_PLACE)
    return kind


def _error_of(item: Mapping[str, Any]) -> Any:
    """The message of an object that is an error of the API; None for any other."""
    error = item.get("error")
    if type(error) is dict:
        error = error.get("message") or error.get("code")
    if error is None and "code" in item:
        error = item.get("description") or item.get("message")
    return item.get("error_description") or error


def kind_name(kind: type[Any]) -> str:
    """The vendor's name of a kind."""
    return next(name for name, each in KINDS.items() if each is kind)
