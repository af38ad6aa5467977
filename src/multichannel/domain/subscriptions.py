"""Subscriptions (SM5), with what the vendor does not record: channel, generation, cloud and market."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, closed, identity
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Partner, Tenant


class Channel(StrEnum):
    """The route by which a subscription was bought (R1, R2)."""

    CSP = "csp"
    DIRECT = "direct"
    ADVISOR = "advisor"
    OPEN = "open"
    EA = "ea"
    SYNDICATION = "syndication"


class RecordedBy(StrEnum):
    """Who told us of it: a customer's record is for all its partners, a partner's for that partner alone."""

    CUSTOMER = "customer"
    PARTNER = "partner"


class Commerce(StrEnum):
    """The vendor's two generations of commerce, with different rules of life and transfer."""

    LEGACY = "legacy"
    NEW_COMMERCE = "new_commerce"


class SubscriptionStatus(StrEnum):
    """The vendor's states; `none` is what it says of a state it does not tell."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    EXPIRED = "expired"
    PENDING = "pending"
    DISABLED = "disabled"


class BillingType(StrEnum):
    """Usage-based (metered Azure) or licence-based (seats)."""

    NONE = "none"
    USAGE = "usage"
    LICENSE = "license"


class BillingCycle(StrEnum):
    """How often it is billed."""

    UNKNOWN = "unknown"
    MONTHLY = "monthly"
    ANNUAL = "annual"
    NONE = "none"
    ONE_TIME = "one_time"
    TRIENNIAL = "triennial"
    BIENNIAL = "biennial"


class ContractType(StrEnum):
    """What was bought."""

    SUBSCRIPTION = "subscription"
    PRODUCT_KEY = "product_key"
    REDEMPTION_CODE = "redemption_code"


class Subscription(Versioned, Base):
    """What a customer bought, through whichever channel."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("owner_id", "vendor_id"),
        Index(None, "billing_partner_id", "id"),
        Index(None, "partner_of_record_id", "id"),
        Index(None, "support_contact_id", "id"),
        Index(None, "owner_id", "id"),
        Index(None, "customer_id", "id"),
        Index(None, "parent_id"),
    )

    id: Mapped[str] = identity()
    owner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    vendor_id: Mapped[str | None] = mapped_column(GUID)
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    recorded_by: Mapped[RecordedBy] = mapped_column(closed(RecordedBy))
    channel: Mapped[Channel] = mapped_column(closed(Channel))
    billing_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    partner_of_record_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    partner_number: Mapped[str | None]
    support_contact_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    commerce: Mapped[Commerce] = mapped_column(closed(Commerce))
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))

    offer_id: Mapped[str | None]
    offer_name: Mapped[str | None]
    friendly_name: Mapped[str | None]
    product_type_id: Mapped[str | None]
    product_type_name: Mapped[str | None]
    quantity: Mapped[int]
    unit_type: Mapped[str | None]
    parent_id: Mapped[str | None] = mapped_column(GUID, ForeignKey("subscriptions.id"))
    parent_vendor_id: Mapped[str | None] = mapped_column(GUID)
    entitlement_id: Mapped[str | None] = mapped_column(GUID)
    consumption_type: Mapped[str | None]
    creation_date: Mapped[datetime | None]
    effective_start_date: Mapped[datetime | None]
    commitment_end_date: Mapped[datetime | None]
    cancellation_allowed_until_date: Mapped[datetime | None]
    billing_cycle_end_date: Mapped[datetime | None]
    status: Mapped[SubscriptionStatus] = mapped_column(closed(SubscriptionStatus))
    auto_renew_enabled: Mapped[bool | None]
    billing_type: Mapped[BillingType] = mapped_column(closed(BillingType))
    billing_cycle: Mapped[BillingCycle] = mapped_column(closed(BillingCycle))
    has_purchasable_addons: Mapped[bool | None]
    is_trial: Mapped[bool | None]
    term_duration: Mapped[str | None]
    renewal_term_duration: Mapped[str | None]
    is_microsoft_product: Mapped[bool | None]
    publisher_name: Mapped[str | None]
    suspension_reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    contract_type: Mapped[ContractType | None] = mapped_column(closed(ContractType))
    order_id: Mapped[str | None]
    promotion_id: Mapped[str | None]
    migrated_from_subscription_id: Mapped[str | None] = mapped_column(GUID)
