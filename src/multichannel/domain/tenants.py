"""Tenants: the organizations that share the service, each in one national cloud (R49, R52)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base


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
    """The directory of an organization; its id is the vendor's tenant GUID."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(GUID, primary_key=True)
    kind: Mapped[TenantKind]
    cloud: Mapped[Cloud]
    created_at: Mapped[datetime]


class Partner(Base):
    """A reseller, distributor or advisor."""

    parties = ("id",)
    __tablename__ = "partners"

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    name: Mapped[str]
    type: Mapped[PartnerType]
    status: Mapped[PartnerStatus] = mapped_column(default=PartnerStatus.ACTIVE)
    market: Mapped[str]
    cloud: Mapped[Cloud]
    partner_number: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
