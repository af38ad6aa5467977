"""Idempotency keys: the first outcome of a call, to be given again when the call is repeated."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base
from multichannel.domain.tenants import Tenant

KEPT = timedelta(days=8)
"""How long a key is remembered."""


class IdempotencyKey(Base):
    """One call of one user: what it asked, as a digest, and what came of it."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id), primary_key=True)
    user_id: Mapped[str] = mapped_column(GUID, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_digest: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(index=True)
