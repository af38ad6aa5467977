"""What a transfer does to a subscription: what moves to the target, and what stays (R31 to R38)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect

from multichannel.domain.base import DescribedEnum, new_id
from multichannel.domain.commerce import BillingType, Commerce, SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.terms import SUSPENDED_FOR
from multichannel.domain.transfers import Transfer, TransferKind, TransferLine
from multichannel.domain.vendor import VendorTaskKind


class TransferSubject(DescribedEnum):
    """What a transfer affects."""

    BILLING = "billing", "Who bills the customer."
    SUPPORT = "support", "Who supports the customer."
    AZURE_ROLE_ASSIGNMENTS = "azure_role_assignments", "Role assignments in Azure."
    ADMIN_ON_BEHALF_OF = "admin_on_behalf_of", "Ownership in Azure on behalf of the customer."
    DELEGATED_ADMIN = "delegated_admin", "Delegated admin privileges."
    PRICE = "price", "Prices and promotions."
    QUOTAS = "quotas", "Increased quotas."
    RESERVATIONS = "reservations", "Reservations and savings plans."
    TICKETS = "tickets", "Support tickets."


@dataclass(frozen=True, slots=True)
class TransferEffect:
    """What happens to a subject, with the business rule behind it."""

    subject: TransferSubject
    sentence: str
    rule: str


MOVES = (
    TransferEffect(
        TransferSubject.BILLING,
        "The source bills the customer up to the day of the transfer, the target from the next day.",
        "R34",
    ),
    TransferEffect(
        TransferSubject.SUPPORT, "The target becomes the support contact, with the duty of support.", "R34"
    ),
)
_RESERVATIONS = TransferEffect(
    TransferSubject.RESERVATIONS, "Reservations and savings plans stay with the source.", "R34"
)
STAYS = (
    TransferEffect(
        TransferSubject.AZURE_ROLE_ASSIGNMENTS,
        "The source keeps its Azure roles until the customer removes them; the target gets none.",
        "R34",
    ),
    TransferEffect(
        TransferSubject.ADMIN_ON_BEHALF_OF,
        "The target does not get admin-on-behalf-of access; the customer has to grant it.",
        "R34",
    ),
    TransferEffect(
        TransferSubject.DELEGATED_ADMIN,
        "Delegated admin privileges belong to a relationship and do not change.",
        "R34",
    ),
    TransferEffect(
        TransferSubject.PRICE, "The customer agrees on prices and promotions with the target.", "R34"
    ),
    TransferEffect(TransferSubject.QUOTAS, "Quota increases have to be requested again.", "R35"),
    TransferEffect(
        TransferSubject.TICKETS,
        "Open tickets stay with the source; new tickets should quote both ids.",
        "R38",
    ),
)


def stays_behind(kind: TransferKind) -> Sequence[TransferEffect]:
    """What does not move in a kind of transfer; reservations move only in new commerce (C6)."""
    return STAYS if kind is TransferKind.NEW_COMMERCE else (*STAYS, _RESERVATIONS)


NOT_TRANSFERRED = {
    "vendor_id",
    "parent_vendor_id",
    "partner_number",
    "order_id",
    "promotion_id",
    "cancellation_reason",
    "version",
    "alias",
    "tags",
}
"""What a copy does not have: ids of the vendor, agreements with the source, labels of the caller."""


def transferred_copy(
    subscription: Subscription,
    transfer: Transfer,
    line: TransferLine,
    base: Subscription | None,
    at: datetime,
) -> Subscription:
    """The subscription as the target bills it, with the same term and plan (R31).

    The quantity is that of the line (R36), the Azure id stays (R38); `base` is the copy of its base.
    """
    names = {attribute.key for attribute in inspect(Subscription).column_attrs} - NOT_TRANSFERRED
    kept = {name: getattr(subscription, name) for name in names}
    target = transfer.target_partner_id
    changed = {
        "id": new_id(),
        "owner_id": target,
        "billing_partner_id": target,
        "support_contact_id": target,
        "partner_of_record_id": transfer.partner_of_record_id,
        "parent_id": base.id if base else None,
        "quantity": line.quantity,
        "continues_id": subscription.id,
        "migrated_from_subscription_id": subscription.vendor_id,
        "created_at": at,
        "updated_at": at,
    }
    made = Subscription(**(kept | changed))
    is_there = subscription.vendor_id is not None
    made.begin_at_vendor(VendorTaskKind.TRANSFER if is_there else VendorTaskKind.PURCHASE, at)
    return made


def close_at_source(subscription: Subscription, at: datetime) -> None:
    """End it at the source: deleted (R38), or suspended for legacy licenses (SM4b)."""
    is_license = subscription.billing_type is BillingType.LICENSE
    subscription.expires_at = subscription.disabled_at = None
    with subscription.followed_at_vendor(at, VendorTaskKind.RELEASE):
        if is_license and subscription.commerce is Commerce.LEGACY:
            subscription.stored_status = SubscriptionStatus.SUSPENDED
            # With its term over, it cannot be reactivated at the source.
            subscription.auto_renew_enabled, subscription.commitment_end_date = False, at
            subscription.deleted_at = at + SUSPENDED_FOR
        else:
            subscription.stored_status, subscription.deleted_at = SubscriptionStatus.DELETED, at
    subscription.touch(at)


def transfer_line(
    subscription: Subscription, transfer: Transfer, number: int, base: int | None
) -> TransferLine:
    """The transfer line of a subscription in its present state (R31, R36)."""
    return TransferLine(
        id=new_id(),
        tenant_id=transfer.owner_id,
        transfer_id=transfer.id,
        number=number,
        base_number=base,
        subscription_id=subscription.id,
        subscription_vendor_id=subscription.vendor_id,
        offer_id=subscription.offer_id,
        friendly_name=subscription.friendly_name,
        quantity=subscription.quantity,
        billing_cycle=subscription.billing_cycle.value,
    )
