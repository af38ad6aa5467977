"""Delegated administration (SM7): rights that a customer gives a partner for a limited time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, Versioned, id_column, new_id
from multichannel.domain.customers import Customer
from multichannel.domain.delegated_admin_terms import (
    ACTIVE,
    FULL_DURATION,
    NOTICES,
    OPEN,
    PENDING,
    REQUEST_LIFETIME,
    DelegatedAdminApproval,
    DelegatedAdminStatus,
    DelegatedAdminTerms,
    DelegatedRight,
    extended_end,
)
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.tenants import Cloud, Partner, TenantKind
from multichannel.domain.timed_status import TimedStatus, TimedTransition
from multichannel.errors import Refused

if TYPE_CHECKING:
    from multichannel.domain.relationships import ResellerRelationship


class DelegatedAdminGrant(TimedStatus[DelegatedAdminStatus], Versioned, Base):
    """Rights of a partner in a customer's tenant, which belong to a relationship and end with it.

    Each request is a row. A partner can have several active grants; it has the rights of all of them.
    """

    # `expires_at` is the end of a request, then that of the grant unless it extends itself.
    timed_transitions = (TimedTransition(DelegatedAdminStatus.EXPIRED, "expires_at", OPEN),)
    parties = ("partner_id", "customer_id")
    # Recorded as `rights` and `duration`.
    unrecorded = frozenset({*DelegatedRight, "duration_days", "requested_with_relationship"})
    __tablename__ = "delegated_admin_grants"
    __table_args__ = (
        Index(None, "customer_id", "partner_id", "status"),
        Index(None, "partner_id", "id"),
        Index(None, "relationship_id"),
        Index(None, "status", "expires_at"),
        Index(None, "notice_at"),
    )

    id: Mapped[str] = id_column()
    relationship_id: Mapped[str] = mapped_column(GUID, ForeignKey("reseller_relationships.id"))
    partner_id: Mapped[str] = mapped_column(GUID, ForeignKey(Partner.id))
    # As in the relationship: whether the addressee of a request exists is not revealed.
    customer_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Customer.id))
    requested_with_relationship: Mapped[bool] = mapped_column(default=False)
    support: Mapped[bool]
    manage_subscriptions: Mapped[bool]
    manage_users: Mapped[bool]
    read_directory: Mapped[bool]
    duration_days: Mapped[int]
    auto_extend: Mapped[bool] = mapped_column(default=False)
    stored_status: Mapped[DelegatedAdminStatus] = mapped_column("status")
    requested_at: Mapped[datetime | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    notice_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    ended_by: Mapped[TenantKind | None]
    cloud: Mapped[Cloud]

    @property
    def rights(self) -> frozenset[DelegatedRight]:
        """The rights, whether or not the grant is active."""
        return frozenset(right for right in DelegatedRight if getattr(self, right))

    @property
    def duration(self) -> str:
        """How long the grant lasts, as an ISO 8601 duration."""
        return f"P{self.duration_days}D"

    def approve(self, approval: DelegatedAdminApproval, *, at: datetime) -> None:
        """Approve as the customer, with fewer rights or a shorter duration if it likes.

        GRANT_CLOSED, GRANT_EXPIRED, RIGHTS_REQUIRED, RIGHTS_NOT_REQUESTED, or DURATION_TOO_LONG.
        """
        raise_first(self.refusals_to_approve(at))
        rights = self.rights if approval.rights is None else approval.rights
        self._require_narrower(rights)
        duration = timedelta(days=self.duration_days)
        if approval.duration is not None:
            if approval.duration > duration:
                raise Refusal.DURATION_TOO_LONG.error()
            duration = approval.duration
        self._set_rights(rights)
        self.duration_days = duration.days
        if approval.auto_extend is not None:
            self.auto_extend = approval.auto_extend
        self.starts_at, self.ends_at = at, at + duration
        self._become(ACTIVE, at)
        self._schedule(at)

    def decline(self, *, at: datetime) -> None:
        """Decline as the customer. GRANT_CLOSED or GRANT_EXPIRED."""
        raise_first(self.refusals_to_decline(at))
        self._end(DelegatedAdminStatus.DECLINED, TenantKind.CUSTOMER, at)

    def reduce(self, rights: Collection[DelegatedRight], *, at: datetime) -> None:
        """Keep only these rights. GRANT_NOT_ACTIVE, RIGHTS_REQUIRED or RIGHTS_NOT_REQUESTED."""
        raise_first(self.refusals_to_reduce(at))
        self._require_narrower(frozenset(rights))
        if frozenset(rights) != self.rights:
            self._set_rights(frozenset(rights))
            self.touch(at)

    def terminate(self, by: TenantKind, *, at: datetime) -> None:
        """End a grant, or withdraw a request, as either side. GRANT_ENDED."""
        raise_first(self.refusals_to_terminate(at))
        self._end(DelegatedAdminStatus.TERMINATED, by, at)

    def set_auto_extend(self, *, auto_extend: bool, at: datetime) -> None:
        """Whether the grant extends itself from its current end on. GRANT_NOT_ACTIVE."""
        raise_first(self.refusals_to_set_auto_extend(at))
        self._extend(at)
        if self.auto_extend is not auto_extend:
            self.auto_extend = auto_extend
            self._schedule(at)
            self.touch(at)

    def refusals_to_approve(self, at: datetime) -> Iterator[Refused]:
        """GRANT_CLOSED or GRANT_EXPIRED, unless it is an open request."""
        if self.stored_status is not PENDING:
            yield Refusal.GRANT_CLOSED.error()
        elif self.status_at(at) is not PENDING:
            yield Refusal.GRANT_EXPIRED.error()

    refusals_to_decline = refusals_to_approve

    def refusals_to_reduce(self, at: datetime) -> Iterator[Refused]:
        """GRANT_NOT_ACTIVE unless it is."""
        if self.status_at(at) is not ACTIVE:
            yield Refusal.GRANT_NOT_ACTIVE.error()

    refusals_to_set_auto_extend = refusals_to_reduce

    def refusals_to_terminate(self, at: datetime) -> Iterator[Refused]:
        """GRANT_ENDED unless it is active or requested."""
        if self.status_at(at) not in OPEN:
            yield Refusal.GRANT_ENDED.error()

    def end_at(self, now: datetime) -> datetime | None:
        """The end as it is at a time: an active grant that extends itself has moved it."""
        end = self.ends_at
        if end is None or not self.auto_extend or self.status_at(now) is not ACTIVE:
            return end
        return extended_end(end, now)

    def apply_due(self, now: datetime) -> bool:
        """Also stores when the grant ended, or by how much it has extended itself."""
        if super().apply_due(now):
            self.closed_at, self.notice_at = self.expires_at, None
            return True
        if self.stored_status is ACTIVE and self._extend(now):
            self.touch(now)
            return True
        return False

    def take_notice(self, now: datetime) -> bool:
        """Count the notice of the end that is due, so that nobody else gives it; whether there was one."""
        if self.status_at(now) is not ACTIVE or self.notice_at is None or self.notice_at > now:
            return False
        self._schedule(now)
        self.touch(now)
        return True

    @property
    def answered_for(self) -> str | None:
        """The customer, unless it has not yet answered the request for the relationship."""
        is_answered = self.starts_at is not None or self.stored_status is DelegatedAdminStatus.DECLINED
        return self.customer_id if is_answered or not self.requested_with_relationship else None

    def _extend(self, now: datetime) -> bool:
        """Move the end of a grant that extends itself past `now`; gives whether it moved."""
        end = self.end_at(now)
        if end == self.ends_at:
            return False
        self.ends_at = end
        return True

    def _schedule(self, now: datetime) -> None:
        """When an active grant expires and when the next notice is due; never if it extends itself."""
        self.expires_at = self.notice_at = None
        if self.ends_at is not None and not self.auto_extend:
            self.expires_at = self.ends_at
            self.notice_at = next((at for at in (self.ends_at - each for each in NOTICES) if at > now), None)

    def _require_narrower(self, rights: frozenset[DelegatedRight]) -> None:
        if not rights:
            raise Refusal.RIGHTS_REQUIRED.error()
        if not rights <= self.rights:
            raise Refusal.RIGHTS_NOT_REQUESTED.error()

    def _set_rights(self, rights: frozenset[DelegatedRight]) -> None:
        for right in DelegatedRight:
            setattr(self, right, right in rights)

    def _end(self, status: DelegatedAdminStatus, by: TenantKind, at: datetime) -> None:
        self.closed_at, self.ended_by, self.notice_at = at, by, None
        self._become(status, at)


def new_delegated_admin_request(
    relationship: ResellerRelationship,
    terms: DelegatedAdminTerms,
    *,
    at: datetime,
    with_relationship: bool = False,
) -> DelegatedAdminGrant:
    """A partner's request, which expires after 90 days. RIGHTS_REQUIRED or DURATION_OUT_OF_RANGE."""
    if not terms.rights:
        raise Refusal.RIGHTS_REQUIRED.error()
    if not timedelta(days=1) <= terms.duration <= FULL_DURATION:
        raise Refusal.DURATION_OUT_OF_RANGE.error()
    return DelegatedAdminGrant(
        id=new_id(),
        relationship_id=relationship.id,
        partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        requested_with_relationship=with_relationship,
        **{right: right in terms.rights for right in DelegatedRight},
        duration_days=terms.duration.days,
        auto_extend=terms.auto_extend,
        stored_status=PENDING,
        requested_at=at,
        expires_at=at + REQUEST_LIFETIME,
        cloud=relationship.cloud,
        created_at=at,
    )


def new_delegated_admin_grant(
    relationship: ResellerRelationship, terms: DelegatedAdminTerms, *, at: datetime
) -> DelegatedAdminGrant:
    """An active grant that the vendor gives along with a relationship, as for a new customer (R13)."""
    grant = new_delegated_admin_request(relationship, terms, at=at)
    grant.approve(DelegatedAdminApproval(), at=at)
    grant.version = 1
    return grant
