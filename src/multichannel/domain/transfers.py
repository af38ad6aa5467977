"""Transfers of subscriptions from a source partner to a target partner (SM4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Partner, Tenant
from multichannel.domain.timed_status import TimedStatus, TimedTransition
from multichannel.errors import Refused

TRANSFER_LIFETIME = timedelta(days=30)
"""SM4c: how long the other side can decide."""


class TransferKind(DescribedEnum):
    """The vendor's procedure that a transfer follows: who starts it, and what can be transferred."""

    LEGACY = "legacy", "Legacy subscriptions, offered by a reseller to its provider."
    AZURE_PLAN = "azure_plan", "Azure plans, requested by the target."
    NEW_COMMERCE = "new_commerce", "New commerce subscriptions, requested by the target."
    MANUAL_SWITCH = (
        "manual_switch",
        "Legacy Azure subscriptions, offered by the source and consented to by all parties.",
    )


class TransferStatus(DescribedEnum):
    """The state of a transfer or of one of its lines."""

    PENDING = "pending", "The other party has not decided yet."
    IN_PROGRESS = "in_progress", "It was accepted, and the subscriptions are being transferred."
    COMPLETED = "completed", "All subscriptions were transferred."
    COMPLETED_WITH_ERRORS = "completed_with_errors", "Some subscriptions were transferred, others failed."
    FAILED = "failed", "No subscription was transferred."
    CANCELED = "canceled", "The party that started it has canceled it."
    DECLINED = "declined", "Another party has declined it."
    EXPIRED = "expired", "It was not decided in time."


OPEN = frozenset({TransferStatus.PENDING, TransferStatus.IN_PROGRESS})


class Initiator(DescribedEnum):
    """The party that started a transfer."""

    SOURCE = "source", "The source offered subscriptions."
    TARGET = "target", "The target requested subscriptions."
    CUSTOMER = "customer", "The customer requested a switch to the target."


def initiator_of(kind: TransferKind) -> Initiator:
    """Who starts transfers of a kind (R28, SM4)."""
    requested = {TransferKind.NEW_COMMERCE, TransferKind.AZURE_PLAN}
    return Initiator.TARGET if kind in requested else Initiator.SOURCE


class TransferProductType(DescribedEnum):
    """The type of product that a target requests."""

    AZURE_SUBSCRIPTION = "azure_subscription", "Azure subscriptions."
    AZURE_RESERVATION = "azure_reservation", "Azure reservations."
    AZURE_SAVINGS_PLAN = "azure_savings_plan", "Azure savings plans."
    ONLINE_SERVICES_NCE = "online_services_nce", "License-based services of new commerce."


class TransferLine(Base):
    """One subscription of a transfer; the line of an add-on refers to that of its base."""

    __tablename__ = "transfer_lines"
    __table_args__ = (UniqueConstraint("transfer_id", "number"),)

    id: Mapped[str] = id_column()
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    transfer_id: Mapped[str] = mapped_column(GUID, ForeignKey("transfers.id"), index=True)
    number: Mapped[int]
    base_number: Mapped[int | None]
    subscription_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Subscription.id), index=True)
    new_subscription_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Subscription.id))
    subscription_vendor_id: Mapped[str | None] = mapped_column(GUID)
    offer_id: Mapped[str | None]
    friendly_name: Mapped[str | None]
    quantity: Mapped[int | None]
    billing_cycle: Mapped[str | None]
    partner_number: Mapped[str | None]
    status: Mapped[str | None]
    error: Mapped[str | None]


class Transfer(TimedStatus[TransferStatus], Versioned, Base):
    """A transfer; the companies in it may be unknown to this service."""

    timed_transitions = (
        TimedTransition(TransferStatus.EXPIRED, "expires_at", frozenset({TransferStatus.PENDING})),
    )
    parties = ("owner_id", "source_partner_id", "target_partner_id", "customer_id", "partner_of_record_id")
    unrecorded = frozenset({"source_directory_id", "target_directory_id"})
    __tablename__ = "transfers"
    __table_args__ = (
        UniqueConstraint("owner_id", "vendor_id"),
        Index(None, "source_partner_id", "id"),
        Index(None, "target_partner_id", "id"),
        Index(None, "customer_id", "id"),
        Index(None, "status", "expires_at"),
    )

    id: Mapped[str] = id_column()
    owner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    vendor_id: Mapped[str | None] = mapped_column(GUID)
    kind: Mapped[TransferKind]
    stored_status: Mapped[TransferStatus] = mapped_column("status")
    customer_id: Mapped[str] = mapped_column(GUID)
    customer_name: Mapped[str | None]
    source_partner_id: Mapped[str] = mapped_column(GUID)
    initiated_by: Mapped[Initiator | None]
    source_partner_name: Mapped[str | None]
    target_partner_id: Mapped[str] = mapped_column(GUID)
    target_partner_name: Mapped[str | None]
    # R54: the directory id under which a partner was named, if it is not the partner's id here as well.
    source_directory_id: Mapped[str | None] = mapped_column(GUID)
    target_directory_id: Mapped[str | None] = mapped_column(GUID)
    source_tenant_id: Mapped[str] = column_property(
        func.coalesce(source_directory_id, source_partner_id), deferred=True
    )
    target_tenant_id: Mapped[str] = column_property(
        func.coalesce(target_directory_id, target_partner_id), deferred=True
    )
    target_product_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    requested_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    # SM4a, R73: when each of the three sides consented to a switch.
    source_consented_at: Mapped[datetime | None]
    customer_consented_at: Mapped[datetime | None]
    target_consented_at: Mapped[datetime | None]
    # R73: what the customer wrote to its partner, and why a partner declined.
    notice: Mapped[str | None]
    decline_reason: Mapped[str | None]
    partner_of_record_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    market: Mapped[str | None]
    cloud: Mapped[Cloud]
    quantity: Mapped[int | None] = column_property(
        select(func.sum(TransferLine.quantity))
        .where(TransferLine.transfer_id == id)
        .correlate_except(TransferLine)
        .scalar_subquery(),
        deferred=True,
    )
    lines: Mapped[list[TransferLine]] = relationship(lazy="raise", order_by=TransferLine.number)

    def is_repeated_by(self, kind: TransferKind, source_id: str | None, customer_id: str) -> bool:
        """Whether a new transfer of this kind between the same partners would repeat this one."""
        same = (self.kind, self.source_partner_id, self.customer_id) == (kind, source_id, customer_id)
        return same and self.initiated_by is initiator_of(kind)

    def refusals_to_accept(self, at: datetime) -> Iterator[Refused]:
        """TRANSFER_ALREADY_DECIDED unless it is pending (R39)."""
        status = self.status_at(at)
        if status is not TransferStatus.PENDING:
            yield Refusal.TRANSFER_ALREADY_DECIDED.error(status=status.upper())

    refusals_to_decline = refusals_to_cancel = refusals_to_accept

    def refusals_to_consent_of(self, tenant_id: str, at: datetime) -> Iterator[Refused]:
        """TRANSFER_ALREADY_DECIDED, ALREADY_CONSENTED by this side, or SWITCH_NOT_OPENED (R73)."""
        yield from self.refusals_to_accept(at)
        if getattr(self, self._consent_of(tenant_id)) is not None:
            yield Refusal.ALREADY_CONSENTED.error()
        is_early = self.source_consented_at is None and tenant_id == self.target_partner_id
        if self.initiated_by is Initiator.CUSTOMER and is_early:
            yield Refusal.SWITCH_NOT_OPENED.error()

    def decline(self, at: datetime, reason: str | None = None) -> None:
        """Decline as another side. TRANSFER_ALREADY_DECIDED, or REASON_REQUIRED by the customer (R73)."""
        raise_first(self.refusals_to_decline(at))
        if self.initiated_by is Initiator.CUSTOMER and not reason:
            raise Refusal.REASON_REQUIRED.error()
        self.decline_reason = reason
        self._become(TransferStatus.DECLINED, at)

    def cancel(self, at: datetime) -> None:
        """Cancel as the side that started it. TRANSFER_ALREADY_DECIDED."""
        raise_first(self.refusals_to_cancel(at))
        self._become(TransferStatus.CANCELED, at)

    def consent(self, tenant_id: str, at: datetime) -> bool:
        """Consent to a switch for one of the three sides (SM4a); gives whether all have consented.

        TRANSFER_ALREADY_DECIDED or ALREADY_CONSENTED.
        """
        raise_first(self.refusals_to_consent_of(tenant_id, at))
        setattr(self, self._consent_of(tenant_id), at)
        self._changed(at)
        consents = (self.source_consented_at, self.customer_consented_at, self.target_consented_at)
        return None not in consents

    def complete(self, lines: Iterable[TransferLine], at: datetime) -> None:
        """Set the final status from the results of the lines, of bases and add-ons alike."""
        failed = {line.error is not None for line in lines}
        if failed == {False}:
            self._become(TransferStatus.COMPLETED, at)
        else:
            mixed = TransferStatus.COMPLETED_WITH_ERRORS if False in failed else TransferStatus.FAILED
            self._become(mixed, at)
        self.completed_at = at

    def _consent_of(self, tenant_id: str) -> str:
        """The column with the time at which a side consented."""
        return {
            self.source_partner_id: "source_consented_at",
            self.customer_id: "customer_consented_at",
            self.target_partner_id: "target_consented_at",
        }[tenant_id]

    def _become(self, status: TransferStatus, at: datetime) -> None:
        self.stored_status = status
        self._changed(at)

    def _changed(self, at: datetime) -> None:
        self.modified_at = at
        self.touch(at)
