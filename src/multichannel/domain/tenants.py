"""Tenants: the organizations that share the service, each in one national cloud (R49, R52)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, enum_column


class TenantKind(StrEnum):
    """The kind of an organization; the service itself acts as SYSTEM."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Cloud(StrEnum):
    """National clouds, which are isolated from each other."""

    PUBLIC = "public"
    US_GOVERNMENT = "us_government"


class PartnerType(StrEnum):
    """How a partner does business with the vendor."""

    DIRECT_BILL = "direct_bill"
    INDIRECT_PROVIDER = "indirect_provider"
    INDIRECT_RESELLER = "indirect_reseller"
    ADVISOR = "advisor"


class PartnerStatus(StrEnum):
    """RESTRICTED partners may not sell anything new; INACTIVE partners have left the program."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    INACTIVE = "inactive"


class Tenant(Base):
    """An organization with an account here.

    `id` is internal. `directory_id` is the id of its directory at the identity provider: the claim `tid` of
    its users' tokens and the vendor's tenant GUID; null for a customer that has not been linked to its
    directory yet (R54). A partner has one from the start, and it is the partner's `id` as well.
    """

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(GUID, primary_key=True)
    kind: Mapped[TenantKind] = mapped_column(enum_column(TenantKind))
    cloud: Mapped[Cloud] = mapped_column(enum_column(Cloud))
    directory_id: Mapped[str | None] = mapped_column(GUID, unique=True, index=True)
    created_at: Mapped[datetime]


class Partner(Base):
    """A reseller, distributor or advisor."""

    parties = ("id",)
    __tablename__ = "partners"

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    name: Mapped[str]
    type: Mapped[PartnerType] = mapped_column(enum_column(PartnerType))
    status: Mapped[PartnerStatus] = mapped_column(enum_column(PartnerStatus), default=PartnerStatus.ACTIVE)
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(enum_column(Cloud))
    partner_number: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
