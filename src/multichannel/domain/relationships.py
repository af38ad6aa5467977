"""Reseller relationships of a partner and a customer (SM1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column, partial_index, same_as
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Partner, TenantKind
from multichannel.domain.timed_status import TimedStatus, TimedTransition
from multichannel.errors import Refused


class RelationshipStatus(DescribedEnum):
    """The state of a reseller relationship."""

    REQUESTED = "requested", "The customer has not answered yet."
    ACTIVE = "active", "The customer has accepted."
    DECLINED = "declined", "The customer has declined."
    CANCELED = "canceled", "The partner has withdrawn the request."
    EXPIRED = "expired", "The customer did not answer in time."
    REMOVED = "removed", "The partner has ended the relationship."
    ENDED_BY_CUSTOMER = "ended_by_customer", "The customer has ended the relationship."


UNANSWERED = frozenset(
    {RelationshipStatus.REQUESTED, RelationshipStatus.CANCELED, RelationshipStatus.EXPIRED}
)

ASK_AGAIN_AFTER = timedelta(days=30)
"""R64: how long after a declined request the customer is not asked again."""


class ResellerRelationship(TimedStatus[RelationshipStatus], Versioned, Base):
    """The commerce relationship of a partner and a customer, which selling and support require (R4).

    Each request is a row. At most one row of a partner and a customer is active; a provider has one for each
    reseller through which it serves the customer (R24).
    """

    timed_transitions = (
        TimedTransition(RelationshipStatus.EXPIRED, "expires_at", frozenset({RelationshipStatus.REQUESTED})),
    )
    parties = ("partner_id", "customer_id", "associated_partner_id")
    unrecorded = frozenset({"detached_reseller_ids"})
    __tablename__ = "reseller_relationships"
    __table_args__ = (
        partial_index(
            "uq_reseller_relationships_active",
            "partner_id",
            "customer_id",
            where="status = 'active' AND associated_partner_id IS NULL",
            unique=True,
        ),
        partial_index(
            "uq_reseller_relationships_active_through",
            "partner_id",
            "customer_id",
            "associated_partner_id",
            where="status = 'active' AND associated_partner_id IS NOT NULL",
            unique=True,
        ),
        # A partner's customers in the order of their ids: a page of them ends the walk.
        Index(None, "partner_id", "customer_id", "status"),
        Index(None, "partner_id", "addressed_to"),
        # finds the requests to the domain of a new customer
        partial_index("ix_reseller_relationships_waiting", "addressed_to", where="customer_id IS NULL"),
        Index(None, "invited_with_id"),
        Index(None, "status", "expires_at"),
        Index(None, "customer_id", "partner_id"),
        Index(
            "ix_reseller_relationships_associated_partner_id_customer_id",
            "associated_partner_id",
            "customer_id",
            "status",
        ),
        Index(None, "partner_id", "id"),
        Index(None, "associated_partner_id", "id"),
    )

    id: Mapped[str] = id_column()
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    # Whether the addressee of a request exists is not revealed: without a match there is no customer.
    customer_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Customer.id))
    # The address of a relationship without request is the customer's id.
    addressed_to: Mapped[str] = mapped_column(default=same_as("customer_id"))
    associated_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    stored_status: Mapped[RelationshipStatus] = mapped_column("status")
    # SM1: the reseller's request that this request of its provider accompanies.
    invited_with_id: Mapped[str | None] = mapped_column(GUID, ForeignKey("reseller_relationships.id"))
    # SM1, R64: requested in a provider's name by the partner that continues through it.
    is_extension: Mapped[bool] = mapped_column(default=False)
    delegated_admin_requested: Mapped[bool] = mapped_column(default=False)
    commerce_id: Mapped[str | None] = mapped_column(GUID)
    requested_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    # R62: the resellers that the customer has detached; an import attaches none of them again.
    detached_reseller_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    expires_at: Mapped[datetime | None]
    market: Mapped[str]
    cloud: Mapped[Cloud]

    @hybrid_property
    def delegated_admin(self) -> Any:
        """Whether an active grant exists at the bound `:now`, in SQL only."""
        message = "whether a grant is active depends on time: query DelegatedAdminGrant"
        raise TypeError(message)

    @delegated_admin.inplace.expression
    @classmethod
    def _delegated_admin(cls) -> ColumnElement[bool]:
        grant = aliased(DelegatedAdminGrant)
        active = select(grant.id).where(
            grant.relationship_id == cls.id, grant.status == DelegatedAdminStatus.ACTIVE
        )
        return active.correlate_except(grant).exists()

    def accept(self, customer: Customer, *, at: datetime) -> None:
        """Accept as the customer (R14, SM1).

        REQUEST_CLOSED, REQUEST_EXPIRED, or MARKET_MISMATCH, which only the customer may see (R12).
        """
        raise_first(self.refusals_to_accept(at))
        raise_first(self.refusals_in_market(customer.market))
        self.accepted_at, self.expires_at = at, None
        self._become(RelationshipStatus.ACTIVE, at)

    def decline(self, *, at: datetime) -> None:
        """Decline as the customer. REQUEST_CLOSED or REQUEST_EXPIRED."""
        raise_first(self.refusals_to_decline(at))
        self._close(RelationshipStatus.DECLINED, at)

    def cancel(self, *, at: datetime) -> None:
        """Cancel the request as the partner. REQUEST_CLOSED or REQUEST_EXPIRED."""
        raise_first(self.refusals_to_cancel(at))
        self._close(RelationshipStatus.CANCELED, at)

    def apply_due(self, now: datetime) -> bool:
        """Also sets when an expired request was closed."""
        changed = super().apply_due(now)
        if changed:
            self.closed_at = self.expires_at
        return changed

    def remove(self, *, at: datetime) -> None:
        """End the relationship as the partner (R17). RELATIONSHIP_NOT_ACTIVE."""
        raise_first(self.refusals_to_remove(at))
        self._close(RelationshipStatus.REMOVED, at)

    def end(self, reason: str, *, at: datetime) -> None:
        """End the relationship as the customer (R62). RELATIONSHIP_NOT_ACTIVE."""
        raise_first(self.refusals_to_end(at))
        self.end_reason = reason
        self._close(RelationshipStatus.ENDED_BY_CUSTOMER, at)

    def detach_reseller(
        self, *, at: datetime, by: TenantKind, ends_as: RelationshipStatus | None = None
    ) -> None:
        """Continue without the reseller through which the partner serves the customer (R24), or end."""
        if by is TenantKind.CUSTOMER and self.associated_partner_id is not None:
            self.detached_reseller_ids = [*(self.detached_reseller_ids or []), self.associated_partner_id]
        self.associated_partner_id = None
        if ends_as is None:
            self.touch(at)
        else:
            self._close(ends_as, at)

    def end_what_is_left(self, *, at: datetime) -> None:
        """One that the partner removed opens nothing after the customer has ended a later one (R62)."""
        if self.stored_status is RelationshipStatus.REMOVED:
            self._become(RelationshipStatus.ENDED_BY_CUSTOMER, at)

    def was_declined_recently(self, at: datetime) -> bool:
        """Whether the customer has declined it and cannot be asked again yet (R64)."""
        answered = self.closed_at or self.updated_at
        return self.stored_status is RelationshipStatus.DECLINED and at < answered + ASK_AGAIN_AFTER

    @property
    def answered_for(self) -> str | None:
        """The customer, once it has answered; before, the partner does not see whether the address exists."""
        return None if self.stored_status in UNANSWERED else self.customer_id

    def refusals_to_accept(self, at: datetime) -> Iterator[Refused]:
        """REQUEST_EXPIRED or REQUEST_CLOSED, unless it is open."""
        status = self.status_at(at)
        if status is RelationshipStatus.EXPIRED:
            yield Refusal.REQUEST_EXPIRED.error()
        elif status is not RelationshipStatus.REQUESTED:
            yield Refusal.REQUEST_CLOSED.error()

    refusals_to_decline = refusals_to_cancel = refusals_to_accept

    def refusals_in_market(self, market: str | None) -> Iterator[Refused]:
        """MARKET_MISMATCH for a customer that is known to be in another market (R12)."""
        if market not in {None, self.market}:
            yield Refusal.MARKET_MISMATCH.error()

    def refusals_to_remove(self, at: datetime) -> Iterator[Refused]:
        """RELATIONSHIP_NOT_ACTIVE unless it is."""
        if self.status_at(at) is not RelationshipStatus.ACTIVE:
            yield Refusal.RELATIONSHIP_NOT_ACTIVE.error()

    refusals_to_end = refusals_to_request_delegated_admin = refusals_to_remove
    refusals_to_revoke_delegated_admin = refusals_to_remove

    def refusals_to_detach_reseller(self, at: datetime) -> Iterator[Refused]:
        """RELATIONSHIP_NOT_ACTIVE, or NO_RESELLER."""
        yield from self.refusals_to_remove(at)
        if self.associated_partner_id is None:
            yield Refusal.NO_RESELLER.error()

    def refusals_to_extend(self, at: datetime) -> Iterator[Refused]:
        """RELATIONSHIP_NOT_ACTIVE, or NOT_DIRECT."""
        yield from self.refusals_to_remove(at)
        if self.associated_partner_id is not None:
            yield Refusal.NOT_DIRECT.error()

    def _close(self, status: RelationshipStatus, at: datetime) -> None:
        self.closed_at = at
        self._become(status, at)
