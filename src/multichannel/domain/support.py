"""Multichannel support: the ways to support what a customer bought elsewhere (R1 to R8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import TransferKind


class SupportOptionKind(StrEnum):
    """A way forward with a subscription that somebody else sold."""

    REQUEST_RELATIONSHIP = "request_relationship"
    RECREATE_IN_CSP = "recreate_in_csp"
    TRANSFER = "transfer"
    WAIT_FOR_TERM_END = "wait_for_term_end"
    CANCEL_THEN_MOVE = "cancel_then_move"


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a way is closed: for programs, for people, and the business rule behind it."""

    code: str
    message: str
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A subscription as its own tenant's partner stands to it; nothing of other partners is in here."""

    subscription: Subscription
    partner_id: str
    related: bool
    asked: bool
    bound: bool
    moved: bool
    transfer_asked: bool

    @property
    def is_own(self) -> bool:
        """Whether the partner bills it."""
        return self.subscription.billing_partner_id == self.partner_id

    @property
    def is_csp(self) -> bool:
        """Whether it was bought through CSP."""
        return self.subscription.channel is Channel.CSP


ALREADY_YOURS = Blocker("ALREADY_YOURS", "You bill it already.")
SOLD_BY_ANOTHER = Blocker(
    "SOLD_BY_ANOTHER_PARTNER", "A relationship opens nothing that another CSP partner sells.", "R8"
)
ALREADY_RELATED = Blocker("ALREADY_RELATED", "You have a relationship with the customer.", "R4")
REQUEST_PENDING = Blocker("REQUEST_PENDING", "The customer has your request and has not answered.", "R14")
NO_RELATIONSHIP = Blocker("NO_RELATIONSHIP", "You have no relationship with the customer.", "R29")
NO_AGREEMENT = Blocker("AGREEMENT_REQUIRED", "The customer agreement with you is missing.", "R13")
NOT_ACTIVE = Blocker("SUBSCRIPTION_NOT_ACTIVE", "It is not active.", "R5")
ALREADY_MOVED = Blocker("ALREADY_MOVED", "You have recreated it already.", "R5")
TRANSFER_PENDING = Blocker("TRANSFER_PENDING", "A transfer that you asked for is open.", "R36")
NO_TERM = Blocker("NO_TERM", "It is usage-based, and has no term to wait for.", "R5")
TERM_UNKNOWN = Blocker("TERM_UNKNOWN", "Nobody has recorded when its term ends.", "R3")
RENEWS = Blocker("RENEWS", "It renews at the end of its term: that has to be switched off first.", "R45")
WINDOW_PASSED = Blocker(
    "CANCEL_WINDOW_PASSED", "It can be canceled in the first 7 days of a term, and not after.", "R48"
)


def blockers(kind: SupportOptionKind, situation: Situation, now: datetime) -> list[Blocker]:
    """Everything in the state of things that stands against one way, whatever the policy says."""
    if situation.is_own:
        return [ALREADY_YOURS]
    return list(_AGAINST[kind](situation, now))


def available_from(kind: SupportOptionKind, situation: Situation, now: datetime) -> datetime | None:
    """The end of the term, where a way opens then and that is to come."""
    subscription = situation.subscription
    end = subscription.commitment_end_date
    waits = kind is SupportOptionKind.WAIT_FOR_TERM_END or (
        kind is SupportOptionKind.CANCEL_THEN_MOVE and not _may_cancel(subscription, now)
    )
    return end if waits and not situation.is_own and end is not None and end > now else None


def transfer_kind(subscription: Subscription) -> TransferKind:
    """The procedure by which it would be transferred (R28, R30)."""
    if subscription.commerce is Commerce.NEW_COMMERCE:
        return TransferKind.NEW_COMMERCE
    usage = subscription.billing_type is BillingType.USAGE
    return TransferKind.MANUAL_SWITCH if usage else TransferKind.LEGACY


def _request(situation: Situation, _now: datetime) -> Iterator[Blocker]:
    if situation.is_csp:
        yield SOLD_BY_ANOTHER
    if situation.related:
        yield ALREADY_RELATED
    if situation.asked:
        yield REQUEST_PENDING


def _recreate(situation: Situation, now: datetime) -> Iterator[Blocker]:
    if situation.subscription.status_at(now) is not SubscriptionStatus.ACTIVE:
        yield NOT_ACTIVE
    if situation.moved:
        yield ALREADY_MOVED
    yield from _sale(situation)


def _transfer(situation: Situation, now: datetime) -> Iterator[Blocker]:
    subscription = situation.subscription
    candidate = TransferCandidate(subscription=subscription, with_base=subscription.parent_id is not None)
    yield from map(_failed, ineligibility_reasons(candidate, transfer_kind(subscription), now))
    if subscription.commerce is Commerce.LEGACY and subscription.billing_type is BillingType.LICENSE:
        yield Blocker("LEGACY_LICENSE", "Legacy licences cannot be switched to another partner.", "R3")
    if situation.transfer_asked:
        yield TRANSFER_PENDING
    yield from _sale(situation)


def _wait(situation: Situation, now: datetime) -> Iterator[Blocker]:
    subscription = situation.subscription
    if subscription.billing_type is BillingType.USAGE:
        yield NO_TERM
        return
    if subscription.status_at(now) is not SubscriptionStatus.ACTIVE:
        yield NOT_ACTIVE
    if subscription.commitment_end_date is None:
        yield TERM_UNKNOWN
    if subscription.auto_renew_enabled:
        yield RENEWS


def _cancel(situation: Situation, now: datetime) -> Iterator[Blocker]:
    if situation.subscription.status_at(now) not in {
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.SUSPENDED,
    }:
        yield NOT_ACTIVE
    if not _may_cancel(situation.subscription, now):
        yield WINDOW_PASSED
    yield from _sale(situation)


def _sale(situation: Situation) -> Iterator[Blocker]:
    """What a new sale to the customer takes."""
    if not situation.related:
        yield NO_RELATIONSHIP
    if not situation.bound:
        yield NO_AGREEMENT


def _may_cancel(subscription: Subscription, now: datetime) -> bool:
    """R48: what CSP sells in new commerce can be canceled only in the window; all else at any time."""
    bound = subscription.channel is Channel.CSP and subscription.commerce is Commerce.NEW_COMMERCE
    until = subscription.cancellation_allowed_until_date
    return not bound or (until is not None and now <= until)


def _failed(failure: Refusal) -> Blocker:
    return Blocker(failure.code, failure.message, failure.rule)


_AGAINST = {
    SupportOptionKind.REQUEST_RELATIONSHIP: _request,
    SupportOptionKind.RECREATE_IN_CSP: _recreate,
    SupportOptionKind.TRANSFER: _transfer,
    SupportOptionKind.WAIT_FOR_TERM_END: _wait,
    SupportOptionKind.CANCEL_THEN_MOVE: _cancel,
}
