"""Tenants: the organisations that share the service, each in one national cloud (R49, R52)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, closed


class TenantKind(StrEnum):
    """What an organisation is here; the service itself acts as `system`."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Cloud(StrEnum):
    """National clouds. Nothing crosses from one to the other (R52)."""

    PUBLIC = "public"
    US_GOVERNMENT = "us_government"


class PartnerType(StrEnum):
    """How a partner trades with the vendor (SPR)."""

    DIRECT_BILL = "direct_bill"
    INDIRECT_PROVIDER = "indirect_provider"
    INDIRECT_RESELLER = "indirect_reseller"
    ADVISOR = "advisor"


class PartnerStatus(StrEnum):
    """`restricted` may not sell anything new (R19); `inactive` has left the programme."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    INACTIVE = "inactive"


class Tenant(Base):
    """An organisation's directory; its id is the vendor's tenant GUID."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(GUID, primary_key=True)
    kind: Mapped[TenantKind] = mapped_column(closed(TenantKind))
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    created_at: Mapped[datetime]


class Partner(Base):
    """A reseller, distributor or advisor."""

    parties = ("id",)
    __tablename__ = "partners"

    id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    name: Mapped[str]
    type: Mapped[PartnerType] = mapped_column(closed(PartnerType))
    status: Mapped[PartnerStatus] = mapped_column(closed(PartnerStatus), default=PartnerStatus.ACTIVE)
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    partner_number: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
