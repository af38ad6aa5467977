"""The columns of an export: fields of the API, or those that an import of the same table reads again."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from multichannel.errors import BadInput
from multichannel.graphql.framework.fields import DECLARATIONS, camel
from multichannel.importing.customers import ImportedCustomer
from multichannel.importing.field_mapping import places_of
from multichannel.importing.input_files import KIND_PLACE
from multichannel.importing.inventory import EXPORTED
from multichannel.importing.payloads import kind_name
from multichannel.importing.subscriptions import ImportedSubscription


class Exported(StrEnum):
    """The lists that can be exported."""

    CUSTOMERS = "customers"
    SUBSCRIPTIONS = "subscriptions"
    RELATIONSHIPS = "relationships"
    AUDIT = "audit"


LISTS: Final[Mapping[Exported, str]] = {
    Exported.CUSTOMERS: "customers",
    Exported.SUBSCRIPTIONS: "subscriptions",
    Exported.RELATIONSHIPS: "resellerRelationships",
    Exported.AUDIT: "auditRecords",
}
"""The lists of the API that these are."""

VENDOR, INVENTORY = "vendor", "inventory"
DEFAULTS: Final[Mapping[Exported, str]] = {
    Exported.CUSTOMERS: "id,companyName,alias,tags,directoryId,domain,customDomains,market,cloud,email,"
    "phoneNumber,addressLine1,addressLine2,city,state,region,postalCode,country,createdAt,updatedAt",
    Exported.SUBSCRIPTIONS: "id,customer.companyName,customer.directoryId,friendlyName,offerName,alias,tags,"
    "status,channel,billingPartner.name,partnerOfRecord.name,supportContact.name,billingType,quantity,"
    "unitType,termDuration,commitmentEndDate,autoRenewEnabled,isTrial,suspensionReasons,vendorId,"
    "entitlementId,createdAt,updatedAt",
    Exported.RELATIONSHIPS: "id,status,partner.name,customer.companyName,customer.directoryId,addressedTo,"
    "associatedPartner.name,delegatedAdmin,market,cloud,requestedAt,acceptedAt,expiresAt,closedAt,endReason",
    Exported.AUDIT: "number,operationDate,operation,status,resourceType,resourceId,customerId,actorTenantId,"
    "actorUserId,actorName,reasons,changes,correlationId,seal",
}
_VENDOR_KINDS: Final[Mapping[Exported, type[Any]]] = {
    Exported.CUSTOMERS: ImportedCustomer,
    Exported.SUBSCRIPTIONS: ImportedSubscription,
}
_VENDOR_IDS: Final = {Exported.CUSTOMERS: "directoryId", Exported.SUBSCRIPTIONS: "vendorId"}
_VENDOR_TEXTS: Final[Mapping[Exported, Mapping[str, str]]] = {
    Exported.CUSTOMERS: {"id": "{directoryId}", "companyProfile.tenantId": "{directoryId}"},
    Exported.SUBSCRIPTIONS: {
        "parentSubscriptionId": "{parent.vendorId}",
        "links.self.uri": "/customers/{customer.directoryId}/subscriptions/{vendorId}",
        "links.offer.uri": "/offers/{offerId}?country={market}",
    },
}
"""What the vendor puts elsewhere, or words otherwise, than the API."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: the value of one field, or a text that is made of fields and of which none may be absent."""

    header: str
    paths: tuple[str, ...]
    text: str | None = None

    def value(self, fields: Mapping[str, Any]) -> Any:
        """The value of the column in a record, from its fields by path."""
        if self.text is None:
            return fields[self.paths[0]]
        if any(fields[path] is None for path in self.paths):
            return None
        return "".join(
            literal + ("" if path is None else str(fields[path]))
            for literal, path, _, _ in string.Formatter().parse(self.text)
        )


def columns_of(exported: Exported, named: str | None) -> list[TableColumn]:
    """The columns that are named, separated by commas, or a set of them; BadInput for an unknown set."""
    if named == VENDOR:
        return _vendor_columns(exported)
    if named == INVENTORY:
        if exported is not Exported.SUBSCRIPTIONS:
            raise BadInput("The columns of an inventory are those of subscriptions.")
        return [TableColumn(header, (path,)) for header, path in EXPORTED.items()]
    paths = [path.strip() for path in (named or DEFAULTS[exported]).split(",") if path.strip()]
    if not paths:
        raise BadInput("Name at least one column.")
    return [TableColumn(path, (path,)) for path in dict.fromkeys(paths)]


def required_by(exported: Exported, named: str | None) -> str | None:
    """The filter that a set of columns needs.

    The vendor has an id for whatever it knows. An inventory has what a customer recorded itself.
    """
    if named == INVENTORY:
        return "{recordedBy: {eq: CUSTOMER}}"
    return f"{{{_VENDOR_IDS[exported]}: {{isNull: false}}}}" if named == VENDOR else None


def _vendor_columns(exported: Exported) -> list[TableColumn]:
    kind = _VENDOR_KINDS.get(exported)
    if kind is None:
        raise BadInput(
            f"The vendor has no columns for {exported.value}, only for customers and subscriptions."
        )
    texts = _VENDOR_TEXTS[exported]
    declared = DECLARATIONS[kind_name(kind)].columns
    columns = [TableColumn(KIND_PLACE, (), kind_name(kind))]
    for name, place, _ in places_of(kind):
        if place in texts:
            columns.append(TableColumn(place, _paths_in(texts[place]), texts[place]))
        elif name in declared and not place.startswith("billingProfile."):
            columns.append(TableColumn(place, (camel(name),)))
    return list(dict.fromkeys(columns))


def _paths_in(text: str) -> tuple[str, ...]:
    return tuple(path for _, path, _, _ in string.Formatter().parse(text) if path)


def paths_of(columns: Sequence[TableColumn]) -> list[str]:
    """The fields that columns are made of, each once."""
    return list(dict.fromkeys(path for column in columns for path in column.paths))
