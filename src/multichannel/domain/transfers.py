"""Transfers of subscriptions from a source partner to a target partner (SM4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from multichannel.domain.base import GUID, Base, Versioned, closed, identity
from multichannel.domain.tenants import Cloud, Tenant


class TransferKind(StrEnum):
    """Which of the vendor's procedures it follows; the guards differ (R28 to R40)."""

    LEGACY = "legacy"
    AZURE_PLAN = "azure_plan"
    NEW_COMMERCE = "new_commerce"
    MANUAL_SWITCH = "manual_switch"


class TransferStatus(StrEnum):
    """The clearest of the vendor's own enumerations of it."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELED = "canceled"
    DECLINED = "declined"
    EXPIRED = "expired"


class TransferLine(Base):
    """One subscription of a transfer; an add-on names its base line."""

    __tablename__ = "transfer_lines"
    __table_args__ = (UniqueConstraint("transfer_id", "number"),)

    id: Mapped[str] = identity()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    transfer_id: Mapped[str] = mapped_column(GUID, ForeignKey("transfers.id"), index=True)
    number: Mapped[int]
    base_number: Mapped[int | None]
    subscription_vendor_id: Mapped[str | None] = mapped_column(GUID)
    offer_id: Mapped[str | None]
    friendly_name: Mapped[str | None]
    quantity: Mapped[int | None]
    billing_cycle: Mapped[str | None]
    partner_number: Mapped[str | None]
    status: Mapped[str | None]
    error: Mapped[str | None]


class Transfer(Versioned, Base):
    """A transfer as one tenant holds it; the parties may be organisations this service does not know."""

    __tablename__ = "transfers"
    __table_args__ = (
        UniqueConstraint("owner_id", "vendor_id"),
        Index(None, "source_partner_id", "id"),
        Index(None, "target_partner_id", "id"),
        Index(None, "customer_id", "id"),
    )

    id: Mapped[str] = identity()
    owner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    vendor_id: Mapped[str | None] = mapped_column(GUID)
    kind: Mapped[TransferKind] = mapped_column(closed(TransferKind))
    stored_status: Mapped[TransferStatus] = mapped_column("status", closed(TransferStatus))
    customer_id: Mapped[str] = mapped_column(GUID)
    customer_name: Mapped[str | None]
    source_partner_id: Mapped[str] = mapped_column(GUID)
    source_partner_name: Mapped[str | None]
    target_partner_id: Mapped[str] = mapped_column(GUID)
    target_partner_name: Mapped[str | None]
    target_product_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    requested_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))
    lines: Mapped[list[TransferLine]] = relationship(lazy="raise", order_by=TransferLine.number)
