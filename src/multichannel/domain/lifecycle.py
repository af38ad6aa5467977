"""The lifecycle of a subscription (SM5): operations and timed transitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from multichannel.domain.base import Versioned
from multichannel.domain.commerce import BillingType, Channel, Commerce, StopReason, SubscriptionStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.terms import (
    CANCELLATION_WINDOW,
    DISABLED_FOR,
    EXPIRED_FOR,
    SUSPENDED_FOR,
    known_date,
    months_of,
    renewed_term,
)
from multichannel.domain.timed_status import TimedStatus
from multichannel.domain.vendor import TRANSFERRING, VendorCounterpart
from multichannel.errors import Refused

ACTIVE, SUSPENDED = SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED
ENDED = frozenset({SubscriptionStatus.EXPIRED, SubscriptionStatus.DISABLED, SubscriptionStatus.DELETED})
LIVE = frozenset({ACTIVE, SUSPENDED, SubscriptionStatus.PENDING})
"""The statuses of subscriptions that have not ended."""
LEGACY_TERM = 12
"""R45: the months of a legacy license without a recorded term."""


class SubscriptionLifecycle(VendorCounterpart, TimedStatus[SubscriptionStatus], Versioned):
    """The lifecycle of a subscription, as a mixin of its mapped class."""

    commerce: Mapped[Commerce]
    billing_type: Mapped[BillingType]
    stored_status: Mapped[SubscriptionStatus] = mapped_column("status")
    auto_renew_enabled: Mapped[bool | None]
    term_duration: Mapped[str | None]
    renewal_term_duration: Mapped[str | None]
    creation_date: Mapped[datetime | None]
    effective_start_date: Mapped[datetime | None]
    commitment_end_date: Mapped[datetime | None]
    cancellation_allowed_until_date: Mapped[datetime | None]
    # SM5: the times of the transitions to these statuses, if any are scheduled.
    expires_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    suspension_reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    cancellation_reason: Mapped[str | None]

    def apply_due(self, now: datetime) -> bool:
        """Store what is due: renewals, and the status in force; gives whether anything is."""
        status = self.status_at(now)
        changed = self._renew(now) or status != self.stored_status
        if changed:
            self.stored_status = status
            self.give_up_at_vendor()
            self.touch(now)
        return changed

    def suspend(
        self, reason: StopReason, *, at: datetime, add_ons: Iterable[SubscriptionLifecycle] = ()
    ) -> None:
        """Lock its users out, with its active add-ons (R41). Legacy data is kept for 90 days.

        New commerce is billed until the end of the term and does not renew.
        """
        raise_first(self.refusals_to_suspend(at))
        self._renew(at)
        with self.followed_at_vendor(at):
            if self.commerce is Commerce.NEW_COMMERCE:
                self.auto_renew_enabled = False if self.auto_renew_enabled else self.auto_renew_enabled
            self.stored_status, self.suspension_reasons = SUSPENDED, [reason.value]
        self.schedule_transitions()
        if self.commerce is Commerce.LEGACY:
            kept = at + SUSPENDED_FOR
            self.deleted_at = min(kept, self.deleted_at or kept)
        self.touch(at)
        for add_on in add_ons:
            if add_on.status_at(at) is ACTIVE:
                add_on.suspend(reason, at=at)

    def can_be_reactivated(self, at: datetime) -> bool:
        """Whether it is suspended in a current term, which a transferred subscription does not have (R37)."""
        end = known_date(self.commitment_end_date)
        is_over = self._runs_out and end is not None and end <= at
        return self.status_at(at) is SUSPENDED and not is_over

    def reactivate(
        self,
        *,
        at: datetime,
        parent: SubscriptionLifecycle | None = None,
        add_ons: Iterable[SubscriptionLifecycle] = (),
    ) -> None:
        """Let its users in again before its term ends; an add-on only while its base is active (R41).

        The add-ons follow that were suspended for the same reasons, if their term has not ended.
        """
        raise_first(self.refusals_to_reactivate(at))
        raise_first(self.refusals_of_base(parent, at))
        reasons = self.suspension_reasons
        with self.followed_at_vendor(at):
            self.stored_status, self.suspension_reasons = ACTIVE, []
        self.schedule_transitions()
        self._renew(at)
        self.touch(at)
        for add_on in add_ons:
            if add_on.can_be_reactivated(at) and add_on.suspension_reasons == reasons:
                add_on.reactivate(at=at, parent=self)

    def refusals_to_suspend(self, at: datetime) -> Iterator[Refused]:
        """Why it cannot be suspended: it is not active."""
        return self.refusals_unless({ACTIVE}, at)

    def refusals_to_reactivate(self, at: datetime) -> Iterator[Refused]:
        """SUBSCRIPTION_ENDED or SUBSCRIPTION_NOT_SUSPENDED, whatever the state of its base."""
        if not self.can_be_reactivated(at):
            ended = self.status_at(at) in {*ENDED, SUSPENDED}
            refusal = Refusal.SUBSCRIPTION_ENDED if ended else Refusal.SUBSCRIPTION_NOT_SUSPENDED
            yield refusal.error()

    def refusals_of_base(self, base: SubscriptionLifecycle | None, at: datetime) -> Iterator[Refused]:
        """PARENT_NOT_ACTIVE for an add-on of a base that is not active (R41)."""
        if base is not None and base.status_at(at) is not ACTIVE:
            yield Refusal.PARENT_NOT_ACTIVE.error()

    def cancel(
        self, reason: StopReason, *, at: datetime, add_ons: Iterable[SubscriptionLifecycle] = ()
    ) -> None:
        """End it now, with its add-ons. Raises the first of `refusals_to_cancel`."""
        raise_first(self.refusals_to_cancel(at))
        self._renew(at)
        for each in (self, *(add_on for add_on in add_ons if add_on.status_at(at) in LIVE)):
            each._end(reason, at)  # noqa: SLF001  (of its own class)

    def refusals_to_cancel(self, at: datetime) -> Iterator[Refused]:
        """Why it cannot be canceled: it has ended, or is new commerce sold in CSP after its window (R48)."""
        ended = [*self.refusals_unless(LIVE, at)]
        yield from ended
        if not ended and not self.is_cancelable(at):
            until, window = self._cancelable_until(at), Refusal.CANCEL_WINDOW_PASSED
            yield window.error(until=until) if until else window.error()

    def is_cancelable(self, at: datetime) -> bool:
        """Whether no window has passed (R48); usage-based subscriptions have none unless it is recorded."""
        sold_new = self.channel is Channel.CSP and self.commerce is Commerce.NEW_COMMERCE
        until = self._cancelable_until(at)
        if not sold_new or (until is None and self.billing_type is BillingType.USAGE):
            return True
        return until is not None and at <= until

    def refusals_unless(self, states: Iterable[SubscriptionStatus], at: datetime) -> Iterator[Refused]:
        """SUBSCRIPTION_ENDED, SUBSCRIPTION_SUSPENDED or SUBSCRIPTION_NOT_ACTIVE, unless in a given state."""
        status = self.status_at(at)
        if status in states:
            return
        if status in ENDED:
            yield Refusal.SUBSCRIPTION_ENDED.error()
        elif status is SUSPENDED:
            yield Refusal.SUBSCRIPTION_SUSPENDED.error()
        else:
            yield Refusal.SUBSCRIPTION_NOT_ACTIVE.error()

    def is_in_cancellation_window(self, at: datetime) -> bool:
        """Whether new commerce licenses can still be returned (R48)."""
        until = self._cancelable_until(at)
        return until is not None and at <= until

    def term_end_at(self, now: datetime) -> datetime | None:
        """The end of the current term, if it is known."""
        term = self._next_term(now)
        return term[1] if term else known_date(self.commitment_end_date)

    def schedule_transitions(self) -> None:
        """Set the times of the transitions after a term that does not renew (SM5).

        New commerce expires first, and users can continue to work for 30 days; legacy is disabled at once.
        """
        end = known_date(self.commitment_end_date)
        self.expires_at = self.disabled_at = self.deleted_at = None
        if end is None or not self._runs_out:
            return
        if self.commerce is Commerce.NEW_COMMERCE:
            self.expires_at, end = end, end + EXPIRED_FOR
        self.disabled_at, self.deleted_at = end, end + DISABLED_FOR

    @property
    def _runs_out(self) -> bool:
        return self.auto_renew_enabled is False

    def _renew(self, now: datetime) -> bool:
        """Replace an active term that is over by the current one (R45, SM5); gives whether there was one."""
        term = self._next_term(now)
        if term is None:
            return False
        self.effective_start_date, self.commitment_end_date = term
        self.term_duration = self.renewal_term_duration or self.term_duration
        if self.commerce is Commerce.NEW_COMMERCE:
            self.cancellation_allowed_until_date = term[0] + CANCELLATION_WINDOW
        return True

    def _next_term(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The current term, if it is not the stored one."""
        end = known_date(self.commitment_end_date)
        months = months_of(self.renewal_term_duration or self.term_duration)
        if months is None and self.commerce is Commerce.LEGACY and self.billing_type is BillingType.LICENSE:
            months = LEGACY_TERM
        renews = self.status_at(now) is ACTIVE and self.auto_renew_enabled
        if not renews or end is None or end > now or months is None:
            return None
        return renewed_term(end, months, now)

    def _cancelable_until(self, at: datetime) -> datetime | None:
        """When the window of R48 closes: as recorded, or counted from the start of the term that runs."""
        term = self._next_term(at)
        if term and self.commerce is Commerce.NEW_COMMERCE:
            return term[0] + CANCELLATION_WINDOW
        recorded = known_date(self.cancellation_allowed_until_date)
        start = known_date(self.effective_start_date) or known_date(self.creation_date)
        if recorded is None and start is not None and self.billing_type is not BillingType.USAGE:
            return start + CANCELLATION_WINDOW
        return recorded

    def link(self, vendor_id: str, *, at: datetime) -> None:
        """Name the vendor's subscription that it is. SUBSCRIPTION_LINKED."""
        raise_first(self.refusals_to_link(at))
        self.link_with_vendor(vendor_id, at)
        self.touch(at)

    def complete_vendor_task(
        self, *, vendor_id: str | None = None, discard: bool = False, at: datetime
    ) -> None:
        """A person has done at the vendor what was to do, or with `discard` nobody will.

        What is discarded takes the vendor's values again, or ends if the vendor never had it. NO_VENDOR_TASK,
        TRANSFER_STANDS, VENDOR_ID_REQUIRED.
        """
        raise_first(self.refusals_to_complete_vendor_task(at))
        if discard and self.vendor_task in TRANSFERRING:
            raise Refusal.TRANSFER_STANDS.error()
        before = self.stored_status, self.auto_renew_enabled
        if self.vendor_id is not None:
            self.take_from_vendor(discard=discard)
        elif discard:
            self.stored_status = SubscriptionStatus.DELETED
            self.forget_at_vendor()
        elif vendor_id is None:
            raise Refusal.VENDOR_ID_REQUIRED.error()
        else:
            self.link_with_vendor(vendor_id, at)
        if before != (self.stored_status, self.auto_renew_enabled):
            self._reschedule(at)
        self.touch(at)

    def _reschedule(self, at: datetime) -> None:
        """Set the times of transitions after a status that the vendor has."""
        self.schedule_transitions()
        if self.stored_status is SubscriptionStatus.DELETED:
            self.expires_at, self.disabled_at, self.deleted_at = None, None, at
        elif self.stored_status is SUSPENDED and self.commerce is Commerce.LEGACY:
            kept = at + SUSPENDED_FOR
            self.deleted_at = min(kept, self.deleted_at or kept)
        elif self.stored_status is ACTIVE:
            self.suspension_reasons = []

    def _end(self, reason: StopReason, at: datetime) -> None:
        with self.followed_at_vendor(at):
            self.stored_status, self.cancellation_reason = SubscriptionStatus.DELETED, reason.value
        self.expires_at = self.disabled_at = None
        self.deleted_at = at
        self.touch(at)
