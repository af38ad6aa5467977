"""The life of a subscription (SM5): what is done to it, and what time alone does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from multichannel.domain.commerce import (
    LAPSES,
    BillingType,
    Channel,
    Commerce,
    StopReason,
    SubscriptionStatus,
)
from multichannel.domain.refusals import Refusal
from multichannel.domain.terms import (
    CANCELLATION_WINDOW,
    DISABLED_FOR,
    EXPIRED_FOR,
    SUSPENDED_FOR,
    months_of,
    reckoned,
    renewed,
)
from multichannel.domain.timed_status import status_at

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped

ACTIVE, SUSPENDED, PENDING = (
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.SUSPENDED,
    SubscriptionStatus.PENDING,
)
ENDED = frozenset({SubscriptionStatus.EXPIRED, SubscriptionStatus.DISABLED, SubscriptionStatus.DELETED})
LIVE = frozenset({ACTIVE, SUSPENDED, PENDING})
"""What has not come to an end, and can be canceled."""
LEGACY_TERM = 12
"""R45: the months of a legacy licence whose term nobody told."""


class Life:
    """What happens to a subscription. Each method is for one whose version the caller has seen."""

    if TYPE_CHECKING:
        version: Mapped[int]
        updated_at: Mapped[datetime]
        channel: Mapped[Channel]
        commerce: Mapped[Commerce]
        billing_type: Mapped[BillingType]
        stored_status: Mapped[SubscriptionStatus]
        auto_renew_enabled: Mapped[bool | None]
        term_duration: Mapped[str | None]
        renewal_term_duration: Mapped[str | None]
        creation_date: Mapped[datetime | None]
        effective_start_date: Mapped[datetime | None]
        commitment_end_date: Mapped[datetime | None]
        cancellation_allowed_until_date: Mapped[datetime | None]
        expires_at: Mapped[datetime | None]
        disabled_at: Mapped[datetime | None]
        deleted_at: Mapped[datetime | None]
        suspension_reasons: Mapped[list[str]]
        cancellation_reason: Mapped[str | None]

    def status_at(self, now: datetime) -> SubscriptionStatus:
        """The status in force: time alone expires, disables and deletes (SM5)."""
        found: SubscriptionStatus = status_at(self, LAPSES, now)
        return found

    def require_version(self, expected: int) -> None:
        """StaleVersion if it has changed since the caller read it (R46)."""
        if expected != self.version:
            raise Refusal.STALE_VERSION.error()

    def settle(self, now: datetime) -> bool:
        """Write down what time has done, renewals and the status in force; gives whether that is anything."""
        status = self.status_at(now)
        changed = self._renew(now) or status != self.stored_status
        if changed:
            self.stored_status = status
            self.changed(now)
        return changed

    def suspend(self, reason: StopReason, *, at: datetime, add_ons: Iterable[Life] = ()) -> None:
        """Lock its users out; add-ons go along (R41). Legacy keeps the data for 90 days.

        New commerce goes on billing until the end of the term and does not renew.
        """
        self.require(frozenset({ACTIVE}), at)
        self._renew(at)
        if self.commerce is Commerce.NEW_COMMERCE:
            self.auto_renew_enabled = False if self.auto_renew_enabled else self.auto_renew_enabled
        self.stored_status, self.suspension_reasons = SUSPENDED, [reason.value]
        self.schedule()
        if self.commerce is Commerce.LEGACY:
            kept = at + SUSPENDED_FOR
            self.deleted_at = min(kept, self.deleted_at or kept)
        self.changed(at)
        for add_on in add_ons:
            if add_on.status_at(at) is ACTIVE:
                add_on.suspend(reason, at=at)

    def may_come_back(self, at: datetime) -> bool:
        """Whether it is suspended in a term that goes on; what was given away has none (R37)."""
        end = reckoned(self.commitment_end_date)
        is_over = self._runs_out and end is not None and end <= at
        return self.status_at(at) is SUSPENDED and not is_over

    def reactivate(self, *, at: datetime, parent: Life | None = None) -> None:
        """Let its users back in before its term ends; an add-on only while its base is active (R41)."""
        if not self.may_come_back(at):
            ended = self.status_at(at) in {*ENDED, SUSPENDED}
            refusal = Refusal.SUBSCRIPTION_ENDED if ended else Refusal.SUBSCRIPTION_NOT_SUSPENDED
            raise refusal.error()
        if parent is not None and parent.status_at(at) is not ACTIVE:
            raise Refusal.PARENT_NOT_ACTIVE.error()
        self.stored_status, self.suspension_reasons = ACTIVE, []
        self.schedule()
        self._renew(at)
        self.changed(at)

    def cancel(self, reason: StopReason, *, at: datetime, add_ons: Iterable[Life] = ()) -> None:
        """End it now, with its add-ons. New commerce sold in CSP only within its window (R48)."""
        self.require(LIVE, at)
        self._renew(at)
        until = self._cancelable_until()
        if self._has_window(until) and (until is None or at > until):
            window = Refusal.CANCEL_WINDOW_PASSED
            raise window.error(until=until) if until else window.error()
        for each in (self, *(add_on for add_on in add_ons if add_on.status_at(at) in LIVE)):
            each._end(reason, at)  # noqa: SLF001  (of its own class)

    def require(self, states: Iterable[SubscriptionStatus], at: datetime) -> None:
        """SubscriptionEnded, SUBSCRIPTION_SUSPENDED or SUBSCRIPTION_NOT_ACTIVE if it is in no such state."""
        status = self.status_at(at)
        if status in states:
            return
        if status in ENDED:
            raise Refusal.SUBSCRIPTION_ENDED.error()
        refusal = Refusal.SUBSCRIPTION_SUSPENDED if status is SUSPENDED else Refusal.SUBSCRIPTION_NOT_ACTIVE
        raise refusal.error()

    def window_is_open(self, at: datetime) -> bool:
        """Whether what was bought of new commerce can still be given back (R48)."""
        until = self._cancelable_until()
        return until is not None and at <= until

    def term_end_at(self, now: datetime) -> datetime | None:
        """When the term that runs now ends, if it has an end."""
        term = self._next_term(now)
        return term[1] if term else reckoned(self.commitment_end_date)

    def schedule(self) -> None:
        """Say what time will do at the end of a term that is known not to renew (SM5).

        Of new commerce it expires, and users go on working for 30 days; legacy has no such time.
        """
        end = reckoned(self.commitment_end_date)
        self.expires_at = self.disabled_at = self.deleted_at = None
        if end is None or not self._runs_out:
            return
        if self.commerce is Commerce.NEW_COMMERCE:
            self.expires_at, end = end, end + EXPIRED_FOR
        self.disabled_at, self.deleted_at = end, end + DISABLED_FOR

    def changed(self, at: datetime) -> None:
        """Count a change."""
        self.version += 1
        self.updated_at = at

    @property
    def _runs_out(self) -> bool:
        return self.auto_renew_enabled is False

    def _renew(self, now: datetime) -> bool:
        """Roll an active term that is over on to the one that runs now (R45, SM5); gives whether it did."""
        term = self._next_term(now)
        if term is None:
            return False
        self.effective_start_date, self.commitment_end_date = term
        self.term_duration = self.renewal_term_duration or self.term_duration
        if self.commerce is Commerce.NEW_COMMERCE:
            self.cancellation_allowed_until_date = term[0] + CANCELLATION_WINDOW
        return True

    def _next_term(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The term that runs now, if it is not the one written down."""
        end = reckoned(self.commitment_end_date)
        months = months_of(self.renewal_term_duration or self.term_duration)
        if months is None and self.commerce is Commerce.LEGACY and self.billing_type is BillingType.LICENSE:
            months = LEGACY_TERM
        renews = self.status_at(now) is ACTIVE and self.auto_renew_enabled
        if not renews or end is None or end > now or months is None:
            return None
        return renewed(end, months, now)

    def _cancelable_until(self) -> datetime | None:
        """When the window of R48 closes: as the row says, or counted from the beginning of the term."""
        began = reckoned(self.effective_start_date) or reckoned(self.creation_date)
        told = reckoned(self.cancellation_allowed_until_date)
        if told is None and began is not None and self.billing_type is not BillingType.USAGE:
            return began + CANCELLATION_WINDOW
        return told

    def _has_window(self, until: datetime | None) -> bool:
        """What is metered has no term to be bound to, unless the row names a window."""
        sold_new = self.channel is Channel.CSP and self.commerce is Commerce.NEW_COMMERCE
        return sold_new and (until is not None or self.billing_type is not BillingType.USAGE)

    def _end(self, reason: StopReason, at: datetime) -> None:
        self.stored_status, self.cancellation_reason = SubscriptionStatus.DELETED, reason.value
        self.expires_at = self.disabled_at = None
        self.deleted_at = at
        self.changed(at)
