"""Partnerships of an indirect provider and an indirect reseller (SM3)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, closed, identity
from multichannel.domain.tenants import Cloud, Partner


class PartnershipStatus(StrEnum):
    """Invited by the provider, active by the reseller's consent, removed by the provider."""

    INVITED = "invited"
    ACTIVE = "active"
    REMOVED = "removed"


class Partnership(Versioned, Base):
    """One provider and one reseller; both in one market and one cloud (R12, R52)."""

    __tablename__ = "partnerships"
    __table_args__ = (
        UniqueConstraint("provider_id", "reseller_id"),
        Index(None, "reseller_id", "provider_id"),
    )

    id: Mapped[str] = identity()
    provider_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    reseller_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    # R25: the number the provider credits the reseller by is a location's, and the provider's own knowledge.
    reseller_number: Mapped[str | None]
    status: Mapped[PartnershipStatus] = mapped_column(closed(PartnershipStatus))
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    accepted_at: Mapped[datetime | None]
