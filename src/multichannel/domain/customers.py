"""Customers: the company profile is the customer's own; a billing profile is one partner's view of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, closed, identity
from multichannel.domain.tenants import Cloud, Partner, Tenant
from multichannel.errors import Refused


class CustomerQualification(StrEnum):
    """What the vendor has qualified a customer for."""

    NONE = "none"
    EDUCATION = "education"
    NONPROFIT = "nonprofit"
    GOVERNMENT_COMMUNITY_CLOUD = "government_community_cloud"
    STATE_OWNED_ENTITY = "state_owned_entity"


class StaleVersion(Refused):
    """Somebody changed the row after the caller read it."""

    code = "STALE_VERSION"
    rule = "R46"

    def __init__(self) -> None:
        """Say what to do; the version in force is told to those who may read it."""
        super().__init__(
            "This has changed since you read it. Read it again and retry with its version.",
            ("expectedVersion",),
        )


class DomainTaken(Refused):
    """A customer of this national cloud has the domain already."""

    code = "DOMAIN_TAKEN"

    def __init__(self) -> None:
        """Say what to do; beyond that it is taken, nothing is told."""
        super().__init__(
            "This domain is taken. Ask its owner for a reseller relationship: requestResellerRelationship.",
            ("domain",),
        )


class OtherMarket(Refused):
    """The customer would buy in a market the partner does not sell in."""

    code = "OTHER_MARKET"
    rule = "R12"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "A partner sells in its own market only. Leave the market out to take yours.", ("market",)
        )


class AssociatedPartnerInvalid(Refused):
    """The partner to attach is no reseller with an active partnership with yours."""

    code = "ASSOCIATED_PARTNER_INVALID"
    rule = "R23"

    def __init__(self) -> None:
        """Say what to do; whether there is such a partner is not told."""
        super().__init__(
            "Only a provider attaches a partner, and only a reseller with which its partnership is active.",
            ("associatedPartner",),
        )


class Customer(Versioned, Base):
    """A company with a tenant of its own, shared by all partners that serve it."""

    parties = ("id",)
    __tablename__ = "customers"
    __table_args__ = (
        Index(None, "id", "cloud"),  # R52 asks for the cloud of every customer that is counted
        Index(None, "company_name", "id"),
        Index(None, "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    company_name: Mapped[str | None]
    domain: Mapped[str | None] = mapped_column(index=True)
    custom_domains: Mapped[list[str]] = mapped_column(JSON, default=list)
    organization_registration_number: Mapped[str | None]
    email: Mapped[str | None]
    phone_number: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    qualification: Mapped[CustomerQualification] = mapped_column(
        closed(CustomerQualification), default=CustomerQualification.NONE
    )
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))

    def change(self, changes: dict[str, str | None], *, expected_version: int, at: datetime) -> None:
        """Apply edits of the company profile, or raise StaleVersion; equal values change nothing."""
        if expected_version != self.version:
            raise StaleVersion
        edits = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not edits:
            return
        for name, value in edits.items():
            setattr(self, name, value)
        self.version += 1
        self.updated_at = at


class BillingProfile(Versioned, Base):
    """How one partner bills one customer; no other partner sees it."""

    parties = ("partner_id", "customer_id")
    __tablename__ = "billing_profiles"
    __table_args__ = (UniqueConstraint("partner_id", "customer_id"), Index(None, "customer_id", "partner_id"))

    id: Mapped[str] = identity()
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    vendor_id: Mapped[str | None] = mapped_column(GUID)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    culture: Mapped[str | None]
    language: Mapped[str | None]
    company_name: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    region: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str | None]
    phone_number: Mapped[str | None]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))

    def shared_with(self, partner_id: str, *, at: datetime) -> BillingProfile:
        """The same profile as another partner's own."""
        kept = {column.key for column in self.__mapper__.column_attrs} - NOT_SHARED
        return BillingProfile(
            partner_id=partner_id,
            created_at=at,
            updated_at=at,
            **{name: getattr(self, name) for name in kept},
        )


NOT_SHARED = {"id", "partner_id", "vendor_id", "version", "created_at", "updated_at"}
"""What a billing profile that was copied to another partner does not take along."""
