"""Multichannel support: the options of a partner to support what a customer bought elsewhere (R1 to R8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.base import DescribedEnum
from multichannel.domain.commerce import BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.eligibility import TransferCandidate, ineligibility_reasons, refusals_to_receive
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationship_requests import refusals_to_request
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import Transfer, TransferKind
from multichannel.errors import Refused


class SupportOptionKind(DescribedEnum):
    """A way for a partner to support a subscription that someone else sold, or for its customer to go on."""

    REQUEST_RELATIONSHIP = "request_relationship", "Request a reseller relationship from the customer."
    RECREATE_IN_CSP = "recreate_in_csp", "Recreate the usage-based subscription in CSP."
    TRANSFER = "transfer", "Request a transfer from the partner that bills it."
    WAIT_FOR_TERM_END = "wait_for_term_end", "Wait for the end of its term, then sell a new subscription."
    CANCEL_THEN_MOVE = "cancel_then_move", "Have the subscription canceled, then sell a new one."
    # of customers
    CONFIRM_RECORD = "confirm_record", "As the customer: confirm what a partner recorded."
    CANCEL = "cancel", "As the customer: cancel the subscription."
    CANCEL_SERVICE = "cancel_service", "As the customer: cancel single services of it."
    NAME_SUPPORT_CONTACT = "name_support_contact", "As the customer: name the partner that supports it."
    REQUEST_SWITCH = "request_switch", "As the customer: request its switch to another partner."


PARTNER_OPTIONS = (
    SupportOptionKind.REQUEST_RELATIONSHIP,
    SupportOptionKind.RECREATE_IN_CSP,
    SupportOptionKind.TRANSFER,
    SupportOptionKind.WAIT_FOR_TERM_END,
    SupportOptionKind.CANCEL_THEN_MOVE,
)
"""What a partner can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportFacts:
    """A subscription and what a partner knows about it; of other partners only `is_contested`."""

    subscription: Subscription
    partner_id: str
    market: str | None
    """The market of the partner."""
    relationships: Sequence[ResellerRelationship]
    """The relationships and requests of the partner with the customer."""
    is_bound: bool
    """The customer is bound by the customer agreement with the partner."""
    is_contested: bool
    """Another partner sells the customer a CSP subscription that has an id of this one."""
    is_moved: bool
    """The partner has recreated the subscription in CSP."""
    transfers: Sequence[Transfer]
    """The pending transfers of this customer to the partner."""

    @property
    def is_own(self) -> bool:
        """Whether the partner bills it."""
        return self.subscription.billing_partner_id == self.partner_id

    def has_relationship(self, now: datetime) -> bool:
        """Whether the partner has an active relationship with the customer."""
        return any(each.status_at(now) is RelationshipStatus.ACTIVE for each in self.relationships)


def refusals_of_option(kind: SupportOptionKind, facts: SupportFacts, now: datetime) -> list[Refused]:
    """Every reason of the domain why an option is not available; the policy may have others.

    Each reason is what the mutation for this option is refused for.
    """
    if facts.is_own:
        return [Refusal.ALREADY_YOURS.error()]
    return list(_REFUSALS[kind](facts, now))


def available_from(kind: SupportOptionKind, facts: SupportFacts, now: datetime) -> datetime | None:
    """The end of the term, if it is in the future and makes the option available."""
    end = facts.subscription.term_end_at(now)
    waits = kind is SupportOptionKind.WAIT_FOR_TERM_END or (
        kind is SupportOptionKind.CANCEL_THEN_MOVE and not facts.subscription.is_cancelable(now)
    )
    return end if waits and not facts.is_own and end is not None and end > now else None


def transfer_kind(subscription: Subscription) -> TransferKind:
    """The kind of transfer to another partner (R28, R30); legacy licenses have none, and fail it (R3)."""
    is_legacy_azure = (
        subscription.commerce is Commerce.LEGACY and subscription.billing_type is BillingType.USAGE
    )
    return TransferKind.MANUAL_SWITCH if is_legacy_azure else TransferKind.NEW_COMMERCE


def _request(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    subscription = facts.subscription
    if subscription.channel is Channel.CSP:
        yield Refusal.SOLD_BY_ANOTHER_PARTNER.error()
    customer_id = subscription.customer_id
    yield from refusals_to_request(
        [each for each in facts.relationships if not each.was_declined_recently(now)],
        address=customer_id,
        customer_ids=[customer_id],
        at=now,
    )
    if any(each.was_declined_recently(now) for each in facts.relationships):
        yield Refusal.ASKED_RECENTLY.error()


def _recreate(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    yield from facts.subscription.refusals_to_recreate(
        is_bound=facts.is_bound,
        is_moved=facts.is_moved,
        is_contested=facts.is_contested,
        at=now,
    )
    yield from _without_relationship(facts, now)


def _transfer(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    subscription, kind = facts.subscription, transfer_kind(facts.subscription)
    candidate = TransferCandidate(subscription=subscription, with_base=subscription.parent_id is not None)
    yield from (reason.error() for reason in ineligibility_reasons(candidate, kind, now))
    yield from refusals_to_receive(
        kind,
        has_relationship=facts.has_relationship(now),
        is_bound=facts.is_bound,
        is_same_market=facts.market == subscription.market,
    )
    source_id, customer_id = subscription.billing_partner_id, subscription.customer_id
    if any(each.is_repeated_by(kind, source_id, customer_id) for each in facts.transfers):
        yield Refusal.TRANSFER_PENDING.error()


def _wait(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    subscription = facts.subscription
    if subscription.billing_type is BillingType.USAGE:
        yield Refusal.NO_TERM.error()
        return
    if subscription.status_at(now) is not SubscriptionStatus.ACTIVE:
        yield Refusal.SUBSCRIPTION_NOT_ACTIVE.error()
    if subscription.term_end_at(now) is None:
        yield Refusal.TERM_UNKNOWN.error()
    if subscription.auto_renew_enabled:
        yield Refusal.RENEWS.error()


def _cancel(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    """What `cancelSubscription` refuses, and then a sale to the customer."""
    yield from facts.subscription.refusals_to_cancel(now)
    yield from _without_relationship(facts, now)
    if not facts.is_bound:
        yield Refusal.AGREEMENT_REQUIRED.error()


def _without_relationship(facts: SupportFacts, now: datetime) -> Iterator[Refused]:
    """Of a sale without a relationship the policy says only that it is not granted."""
    if not facts.has_relationship(now):
        yield Refusal.NO_RELATIONSHIP.error()


_REFUSALS = {
    SupportOptionKind.REQUEST_RELATIONSHIP: _request,
    SupportOptionKind.RECREATE_IN_CSP: _recreate,
    SupportOptionKind.TRANSFER: _transfer,
    SupportOptionKind.WAIT_FOR_TERM_END: _wait,
    SupportOptionKind.CANCEL_THEN_MOVE: _cancel,
}
