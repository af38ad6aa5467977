"""A transfer between partners as the vendor's REST API returns it, in either generation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from multichannel.domain.commerce import BillingCycle
from multichannel.domain.transfers import TransferKind, TransferStatus
from multichannel.importing.field_mapping import list_of, object_of, optional, payload, required
from multichannel.importing.problems import abbreviate, invalid
from multichannel.importing.value_readers import count, guid, identifier, instant, one_of, prose, text

_KINDS: Final = {
    "3": TransferKind.AZURE_PLAN,
    "modernazure": TransferKind.AZURE_PLAN,
    "5": TransferKind.NEW_COMMERCE,
    "newcommerce": TransferKind.NEW_COMMERCE,
}

_status = one_of(
    TransferStatus,
    also={
        "active": TransferStatus.PENDING,
        "complete": TransferStatus.COMPLETED,
        "partially_complete": TransferStatus.COMPLETED_WITH_ERRORS,
        "partially_completed": TransferStatus.COMPLETED_WITH_ERRORS,
        "reject": TransferStatus.DECLINED,
        "rejected": TransferStatus.DECLINED,
        "cancel": TransferStatus.CANCELED,
        "cancelled": TransferStatus.CANCELED,
    },
)


def _kind(value: Any) -> TransferKind:
    """A transfer type, which the vendor gives as a number or a name."""
    if type(value) is not int and type(value) is not str:
        raise invalid("WRONG_TYPE", f"Expected a transfer type, got {abbreviate(value)}.")
    kind = _KINDS.get(str(value).lower())
    if kind is None:
        raise invalid("UNKNOWN_VALUE", f"{abbreviate(value)} is not one of 3, ModernAzure, 5 or NewCommerce.")
    return kind


@payload
class ImportedTransferAddOn:
    """An add-on that is transferred with its base."""

    number: int = required("id", count)
    subscription_vendor_id: str = required("subscriptionId", guid)
    offer_id: str | None = optional("offerId", identifier)
    quantity: int | None = optional("quantity", count)
    billing_cycle: BillingCycle | None = optional("billingCycle", one_of(BillingCycle))
    friendly_name: str | None = optional("friendlyName", text)
    partner_number: str | None = optional("partnerIdOnRecord", identifier)
    order_id: str | None = optional("orderId", identifier)
    transfer_group_id: str | None = optional("transferGroupId", identifier)
    status: TransferStatus | None = optional("status", _status)
    error: str | None = optional("transferError", prose)


@payload
class ImportedTransferLine(ImportedTransferAddOn):
    """One subscription to be moved, with its add-ons."""

    add_ons: tuple[ImportedTransferAddOn, ...] = optional(
        "addonItems", list_of(object_of(ImportedTransferAddOn)), ()
    )


@payload
class ImportedTransfer:
    """A transfer of subscriptions of one customer from a source to a target partner."""

    vendor_id: str = required("id", guid)
    kind: TransferKind = optional("transferType", _kind, TransferKind.LEGACY)
    status: TransferStatus = required("status", _status)
    created_time: datetime | None = optional("createdTime", instant)
    last_modified_time: datetime | None = optional("lastModifiedTime", instant)
    completed_time: datetime | None = optional("completedTime", instant)
    expiration_time: datetime | None = optional("expirationTime", instant)
    last_modified_user: str | None = optional("lastModifiedUser", text)
    customer_id: str = required("customerTenantId", guid)
    customer_name: str | None = optional("customerName", text)
    customer_email: str | None = optional("customerEmailId", text)
    source_partner_id: str = required("sourcePartnerTenantId", guid)
    source_partner_name: str | None = optional("sourcePartnerName", text)
    target_partner_id: str = required("targetPartnerTenantId", guid)
    target_partner_name: str | None = optional("targetPartnerName", text)
    target_partner_email: str | None = optional("targetPartnerEmailId", text)
    target_product_types: tuple[str, ...] = optional("targetProductTypes", list_of(text), ())
    partner_on_record: str | None = optional("partnerOnRecord", identifier)
    lines: tuple[ImportedTransferLine, ...] = optional(
        "lineItems", list_of(object_of(ImportedTransferLine)), ()
    )
