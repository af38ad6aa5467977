"""The outbox: what has changed, written in the transaction that changed it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, identity


class Event(Base):
    """One object was changed by one act. Who may know of it is asked each time it is told."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "occurred_at", "id"),)

    id: Mapped[str] = identity()
    occurred_at: Mapped[datetime]
    operation: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str] = mapped_column(GUID)
    customer_id: Mapped[str | None] = mapped_column(GUID)
    transfer_id: Mapped[str | None] = mapped_column(GUID)
    correlation_id: Mapped[str] = mapped_column(GUID)
