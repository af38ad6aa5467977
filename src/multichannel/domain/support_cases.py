"""Support cases of subscriptions, and the comments on them (SM8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import GUID, Base, DescribedEnum, Versioned, id_column, new_id
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud, Partner, Tenant
from multichannel.errors import Refused

MOST_COMMENTS = 500
"""The comments of a case are read at once, so that their number has to have a limit."""


class SupportCaseSeverity(DescribedEnum):
    """How much a problem affects the customer's business."""

    A = "a", "Critical: an important service is down."
    B = "b", "Moderate: a service works with restrictions."
    C = "c", "Minimal: a question, or a minor problem."


class SupportCaseStatus(DescribedEnum):
    """The state of a support case."""

    OPEN = "open", "Nobody works on it yet."
    IN_PROGRESS = "in_progress", "The partner works on it."
    WAITING_FOR_CUSTOMER = "waiting_for_customer", "The customer has to act next."
    RESOLVED = "resolved", "The work on it has ended. It can be reopened or closed."
    CLOSED = "closed", "Closed for good."


class SupportCaseParty(DescribedEnum):
    """A side of a support case."""

    CUSTOMER = "customer", "The customer."
    PARTNER = "partner", "A partner that supports the customer."


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAuthor:
    """Who opens a case or comments on it; the name is what the other side calls the person."""

    party: SupportCaseParty
    tenant_id: str
    user_id: str
    name: str


class SupportCase(Versioned, Base):
    """A support case of a subscription, between the customer and the partner that it is assigned to (R69)."""

    parties = ("customer_id", "assigned_partner_id", "billing_partner_id")
    __tablename__ = "support_cases"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "subscription_id", "id"),
        Index(None, "assigned_partner_id", "id"),
    )

    id: Mapped[str] = id_column()
    customer_id: Mapped[str] = mapped_column(GUID, ForeignKey(Customer.id))
    subscription_id: Mapped[str] = mapped_column(GUID, ForeignKey(Subscription.id))
    # As the subscription has it when the case is opened: a transfer makes another subscription.
    billing_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    assigned_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    subject: Mapped[str]
    severity: Mapped[SupportCaseSeverity]
    status: Mapped[SupportCaseStatus]
    opened_by: Mapped[SupportCaseParty]
    opened_by_name: Mapped[str]
    opening_partner_id: Mapped[str | None] = mapped_column(GUID, ForeignKey(Partner.id))
    comment_count: Mapped[int] = mapped_column(default=0)
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cloud: Mapped[Cloud]

    def comment(
        self, text: str, author: CaseAuthor, *, waits_for_customer: bool = False, at: datetime
    ) -> SupportCaseComment:
        """A comment, which says whether the customer has to act next (SM8).

        If it does not, a comment of the partner begins the work, and one of the customer lets it go on.
        SUPPORT_CASE_CLOSED, SUPPORT_CASE_RESOLVED or TOO_MANY_COMMENTS.
        """
        raise_first(self.refusals_to_comment(at))
        made = self.add_comment(text, author, at=at)
        waiting = SupportCaseStatus.WAITING_FOR_CUSTOMER
        if waits_for_customer:
            self.status = waiting
        elif author.party is SupportCaseParty.PARTNER or self.status is waiting:
            self.status = SupportCaseStatus.IN_PROGRESS
        self.touch(at)
        return made

    def add_comment(self, text: str, author: CaseAuthor, *, at: datetime) -> SupportCaseComment:
        """A comment as part of another change, which counts the version. TOO_MANY_COMMENTS."""
        raise_first(self._refusals_of_another_comment())
        self.comment_count += 1
        return SupportCaseComment(
            support_case_id=self.id,
            number=self.comment_count,
            party=author.party,
            tenant_id=author.tenant_id,
            user_id=author.user_id,
            author_name=author.name,
            text=text,
            created_at=at,
        )

    def assign(self, partner_id: str, *, at: datetime) -> None:
        """Hand it to a partner, which has yet to begin. SUPPORT_CASE_CLOSED or SUPPORT_CASE_RESOLVED."""
        raise_first(self.refusals_to_assign(at))
        if self.assigned_partner_id != partner_id:
            self.assigned_partner_id = partner_id
            self._become(SupportCaseStatus.OPEN, at)

    def resolve(self, *, at: datetime) -> None:
        """End the work on it. SUPPORT_CASE_CLOSED or SUPPORT_CASE_RESOLVED."""
        raise_first(self.refusals_to_resolve(at))
        self.resolved_at = at
        self._become(SupportCaseStatus.RESOLVED, at)

    def reopen(self, *, at: datetime) -> None:
        """Go on with the work. SUPPORT_CASE_CLOSED or SUPPORT_CASE_NOT_RESOLVED."""
        raise_first(self.refusals_to_reopen(at))
        self.resolved_at = None
        self._become(SupportCaseStatus.OPEN, at)

    def close(self, *, at: datetime) -> None:
        """Close it for good. SUPPORT_CASE_CLOSED or SUPPORT_CASE_NOT_RESOLVED."""
        raise_first(self.refusals_to_close(at))
        self.closed_at = at
        self._become(SupportCaseStatus.CLOSED, at)

    def refusals_to_comment(self, at: datetime) -> Iterator[Refused]:
        """Why nobody can comment on it."""
        yield from self.refusals_to_resolve(at)
        yield from self._refusals_of_another_comment()

    def refusals_to_resolve(self, _at: datetime) -> Iterator[Refused]:
        """Why nobody works on it any more: it is resolved or closed."""
        if self.status is SupportCaseStatus.CLOSED:
            yield Refusal.SUPPORT_CASE_CLOSED.error()
        if self.status is SupportCaseStatus.RESOLVED:
            yield Refusal.SUPPORT_CASE_RESOLVED.error()

    refusals_to_assign = refusals_to_resolve

    def refusals_to_close(self, _at: datetime) -> Iterator[Refused]:
        """Why it cannot be closed: it is, or it is not resolved."""
        if self.status is SupportCaseStatus.CLOSED:
            yield Refusal.SUPPORT_CASE_CLOSED.error()
        elif self.status is not SupportCaseStatus.RESOLVED:
            yield Refusal.SUPPORT_CASE_NOT_RESOLVED.error()

    refusals_to_reopen = refusals_to_close

    def _refusals_of_another_comment(self) -> Iterator[Refused]:
        if self.comment_count >= MOST_COMMENTS:
            yield Refusal.TOO_MANY_COMMENTS.error()

    def _become(self, status: SupportCaseStatus, at: datetime) -> None:
        self.status = status
        self.touch(at)


class SupportCaseComment(Base):
    """A comment on a support case: who wrote it, and when. It is never changed."""

    append_only = True
    __tablename__ = "support_case_comments"
    __table_args__ = (UniqueConstraint("support_case_id", "number"),)

    id: Mapped[str] = id_column()
    support_case_id: Mapped[str] = mapped_column(GUID, ForeignKey(SupportCase.id))
    number: Mapped[int]
    party: Mapped[SupportCaseParty]
    tenant_id: Mapped[str] = mapped_column(GUID, ForeignKey(Tenant.id))
    user_id: Mapped[str] = mapped_column(GUID)
    author_name: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]


def new_support_case(
    subscription: Subscription,
    subject: str,
    severity: SupportCaseSeverity,
    *,
    opener: CaseAuthor,
    at: datetime,
) -> SupportCase:
    """A new case of a subscription, not assigned to anybody yet. SUBSCRIPTION_ENDED once it is deleted."""
    raise_first(subscription.refusals_to_open_support_case(at))
    by_partner = opener.party is SupportCaseParty.PARTNER
    return SupportCase(
        id=new_id(),
        customer_id=subscription.customer_id,
        subscription_id=subscription.id,
        billing_partner_id=subscription.billing_partner_id,
        subject=subject,
        severity=severity,
        status=SupportCaseStatus.OPEN,
        opened_by=opener.party,
        opened_by_name=opener.name,
        opening_partner_id=opener.tenant_id if by_partner else None,
        comment_count=0,
        cloud=subscription.cloud,
        created_at=at,
    )
