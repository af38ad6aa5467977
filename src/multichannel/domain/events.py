"""What a mutation writes besides its changes: events, and the outcome of its idempotency key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, id_column
from multichannel.domain.tenants import Tenant

IDEMPOTENCY_KEY_LIFETIME = timedelta(days=8)
"""How long the outcome of a call is kept with its key."""


class Event(Base):
    """A change of one record by one operation; who may see it is decided each time it is read."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "occurred_at", "id"),)

    id: Mapped[str] = id_column()
    occurred_at: Mapped[datetime]
    operation: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str] = mapped_column(GUID)
    customer_id: Mapped[str | None] = mapped_column(GUID)
    transfer_id: Mapped[str | None] = mapped_column(GUID)
    correlation_id: Mapped[str] = mapped_column(GUID)


class IdempotencyKey(Base):
    """The first call of a user with a key: a digest of its input, and its outcome for repeated calls."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    user_id: Mapped[str] = mapped_column(GUID, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_digest: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)
