"""Customers: the company profile belongs to the customer, each billing profile to one partner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, case, literal, select
from sqlalchemy.orm import Mapped, column_property, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column
from multichannel.domain.commerce import Sharing
from multichannel.domain.labels import CustomerLabel, own_label
from multichannel.domain.tenants import Cloud, Partner, Tenant
from multichannel.domain.vendor import STATES, VendorState


class CustomerQualification(DescribedEnum):
    """The special offers that the vendor has qualified a customer for."""

    NONE = "none", "None."
    EDUCATION = "education", "Offers for education."
    NONPROFIT = "nonprofit", "Offers for nonprofits."
    GOVERNMENT_COMMUNITY_CLOUD = "government_community_cloud", "Offers of the Government Community Cloud."
    STATE_OWNED_ENTITY = "state_owned_entity", "Offers for state-owned entities."


class Customer(Versioned, Base):
    """A company with its own tenant, shared by all partners that serve it."""

    parties = ("id",)
    unrecorded = frozenset({"described_by_id"})
    __tablename__ = "customers"
    __table_args__ = (
        Index(None, "id", "cloud"),  # R52 asks for the cloud of every customer that is counted
        Index(None, "company_name", "id"),
        Index(None, "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    directory_id: Mapped[str | None] = column_property(
        select(Tenant.directory_id).where(Tenant.id == id).correlate_except(Tenant).scalar_subquery(),
        deferred=True,
    )
    vendor_state: Mapped[VendorState] = column_property(
        select(
            case(
                (Tenant.directory_id.is_(None), literal(VendorState.TO_DO, STATES)),
                else_=literal(VendorState.CONFIRMED, STATES),
            )
        )
        .where(Tenant.id == id)
        .correlate_except(Tenant)
        .scalar_subquery(),
        deferred=True,
    )
    alias: Mapped[str | None] = own_label(CustomerLabel.alias, CustomerLabel.customer_id, id)
    tags: Mapped[list[str] | None] = own_label(CustomerLabel.tags, CustomerLabel.customer_id, id)
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
    qualification: Mapped[CustomerQualification] = mapped_column(default=CustomerQualification.NONE)
    # Unknown until somebody says it: an import does not guess it.
    market: Mapped[str | None]
    # The partner whose import described the customer last; null once anybody else has changed the profile.
    described_by_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    cloud: Mapped[Cloud]
    # R63: of new records of what the customer bought elsewhere.
    default_sharing: Mapped[Sharing] = mapped_column(default=Sharing.ALL_PARTNERS)

    def change(self, changes: dict[str, str | None], *, expected_version: int, at: datetime) -> None:
        """Apply edits of the company profile, or raise STALE_VERSION; equal values change nothing.

        The country is the market of a customer whose market is unknown.
        """
        self.require_version(expected_version)
        edits = {name: value for name, value in changes.items() if getattr(self, name) != value}
        if not edits:
            return
        if self.market is None and edits.get("country"):
            self.market = edits["country"]
        self.described_by_id = None
        for name, value in edits.items():
            setattr(self, name, value)
        self.touch(at)

    def set_default_sharing(self, sharing: Sharing, *, at: datetime) -> None:
        """Set with whom new records are shared; existing ones stay as they are (R63)."""
        if self.default_sharing is not sharing:
            self.default_sharing = sharing
            self.touch(at)


class BillingProfile(Versioned, Base):
    """How one partner bills one customer; not visible to other partners."""

    parties = ("partner_id", "customer_id")
    __tablename__ = "billing_profiles"
    __table_args__ = (UniqueConstraint("partner_id", "customer_id"), Index(None, "customer_id", "partner_id"))

    id: Mapped[str] = id_column()
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
    cloud: Mapped[Cloud]

    def shared_with(self, partner_id: str, *, at: datetime) -> BillingProfile:
        """A copy of the profile for another partner."""
        kept = {column.key for column in self.__mapper__.column_attrs} - NOT_SHARED_COLUMNS
        return BillingProfile(
            partner_id=partner_id,
            created_at=at,
            **{name: getattr(self, name) for name in kept},
        )


NOT_SHARED_COLUMNS = {"id", "partner_id", "vendor_id", "version", "created_at", "updated_at"}
"""Columns that a copy of a billing profile for another partner does not have."""
