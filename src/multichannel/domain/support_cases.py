"""Support cases: questions of a customer that a partner works on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, enum_column, id_column
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.tenants import Cloud, Partner


class SupportCaseStatus(StrEnum):
    """Open until the partner closes it."""

    OPEN = "open"
    CLOSED = "closed"


class SupportCase(Versioned, Base):
    """A question of a customer, and the partner that works on it."""

    parties = ("partner_id", "customer_id")
    __tablename__ = "support_cases"
    __table_args__ = (Index(None, "partner_id", "id"), Index(None, "customer_id", "id"))

    id: Mapped[str] = id_column()
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    subject: Mapped[str]
    status: Mapped[SupportCaseStatus] = mapped_column(enum_column(SupportCaseStatus))
    cloud: Mapped[Cloud] = mapped_column(enum_column(Cloud))

    def close(self, *, at: datetime) -> None:
        """CASE_CLOSED if it is closed already."""
        if self.status is SupportCaseStatus.CLOSED:
            raise Refusal.CASE_CLOSED.error()
        self.status = SupportCaseStatus.CLOSED
        self.touch(at)


def new_case(customer: Customer, partner_id: str, subject: str, *, at: datetime) -> SupportCase:
    """An open case."""
    return SupportCase(
        partner_id=partner_id,
        customer_id=customer.id,
        subject=subject,
        status=SupportCaseStatus.OPEN,
        cloud=customer.cloud,
        created_at=at,
    )
