"""Reseller relationships of a partner and a customer (SM1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    false,
    or_,
    type_coerce,
)
from sqlalchemy.ext.hybrid import Comparator, hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import operators

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


class StatusInForce(Comparator[RelationshipStatus]):
    """The status in force at the bound `:now`, in SQL.

    Whether it is some word is asked of the stored status, for which databases have indexes and statistics.
    """

    def __init__(self, relationship: Any) -> None:
        """`relationship` is the mapped class or an alias of it."""
        now = bindparam("now", type_=UtcTime())
        self._stored, expires_at = relationship.stored_status, relationship.expires_at
        self.type = self._stored.type
        requested = self._stored == RelationshipStatus.REQUESTED
        self._lapsed = and_(requested, expires_at.is_not(None), expires_at <= now)
        self._open = and_(requested, or_(expires_at.is_(None), expires_at > now))
        in_force = case((self._lapsed, RelationshipStatus.EXPIRED.value), else_=self._stored)
        super().__init__(type_coerce(in_force, self.type))

    def operate(self, op: Any, *other: Any, **options: Any) -> Any:
        """As for any column, but for tests of one word or of several."""
        if op is operators.eq and isinstance(other[0], str):
            return self._is(other[0])
        if op is operators.in_op:
            return or_(false(), *map(self._is, other[0]))
        return op(self.__clause_element__(), *other, **options)

    def _is(self, word: str) -> ColumnElement[bool]:
        if word == RelationshipStatus.REQUESTED:
            return self._open
        stored: ColumnElement[bool] = self._stored == word
        return or_(stored, self._lapsed) if word == RelationshipStatus.EXPIRED else stored


class ResellerRelationship(Versioned, Base):
    """The commerce link of one partner and one customer, the only door to selling and support (R4)."""

    __tablename__ = "reseller_relationships"
    __table_args__ = (
        UniqueConstraint("partner_id", "customer_id"),
        Index(None, "partner_id", "status", "customer_id"),
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

    @status.inplace.comparator
    @classmethod
    def _status(cls) -> StatusInForce:
        return StatusInForce(cls)
