"""Reseller relationships of a partner and a customer (SM1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, bindparam, case, type_coerce
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, UtcTime, Versioned, closed, identity
from multichannel.domain.customers import Customer
from multichannel.domain.tenants import Cloud, Partner


class RelationshipStatus(StrEnum):
    """A request is answered by the customer, withdrawn by the partner, or expires by itself."""

    REQUESTED = "requested"
    ACTIVE = "active"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REMOVED = "removed"


class ResellerRelationship(Versioned, Base):
    """The commerce link of one partner and one customer, the only door to selling and support (R4)."""

    __tablename__ = "reseller_relationships"
    __table_args__ = (
        UniqueConstraint("partner_id", "customer_id"),
        Index(None, "customer_id", "partner_id"),
        Index(None, "associated_partner_id", "customer_id"),
    )

    id: Mapped[str] = identity()
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    associated_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    stored_status: Mapped[RelationshipStatus] = mapped_column("status", closed(RelationshipStatus))
    delegated_admin: Mapped[bool] = mapped_column(default=False)
    commerce_id: Mapped[str | None] = mapped_column(GUID)
    requested_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    market: Mapped[str]
    cloud: Mapped[Cloud] = mapped_column(closed(Cloud))

    def status_at(self, now: datetime) -> RelationshipStatus:
        """The status in force: a request nobody answered is expired from its `expires_at` on."""
        lapsed = self.expires_at is not None and self.expires_at <= now
        if self.stored_status is RelationshipStatus.REQUESTED and lapsed:
            return RelationshipStatus.EXPIRED
        return self.stored_status

    @hybrid_property
    def status(self) -> Any:
        """The status in force at the bound `:now`; of a row, ask `status_at`."""
        message = "the status of a row depends on time: use status_at(now)"
        raise TypeError(message)

    @status.inplace.expression
    @classmethod
    def _status(cls) -> ColumnElement[RelationshipStatus]:
        lapsed = (cls.stored_status == RelationshipStatus.REQUESTED) & (
            cls.expires_at <= bindparam("now", type_=UtcTime())
        )
        stored = cls.__table__.c.status.type
        return type_coerce(case((lapsed, RelationshipStatus.EXPIRED.value), else_=cls.stored_status), stored)
