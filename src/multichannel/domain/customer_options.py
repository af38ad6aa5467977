"""What a customer can do itself with a subscription, so that the right partner supports it (R71)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.commerce import Confirmation
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.support import SupportOptionKind
from multichannel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOptionFacts:
    """A subscription, with the facts of other rows on which the options of its customer depend."""

    subscription: Subscription
    is_contested: bool
    """A partner other than its recorder sells a CSP subscription that has an id of this one."""
    is_recreated: bool
    """A CSP subscription that has not ended continues it."""
    has_partner: bool
    """The customer has an active relationship."""
    against_switch: tuple[Refusal, ...] = ()
    """Why its switch to another partner cannot be requested."""


def refusals_of_customer(kind: SupportOptionKind, facts: CustomerOptionFacts, now: datetime) -> list[Refused]:
    """Every reason of the domain why an option of a customer is not available; the policy may have others.

    Each reason is what the mutation for this option is refused for.
    """
    return list(_REFUSALS[kind](facts, now))


def _confirm(facts: CustomerOptionFacts, now: datetime) -> Iterator[Refused]:
    if facts.is_contested:
        yield Refusal.ALREADY_CSP.error()
    yield from facts.subscription.refusals_to_confirm(now)
    if facts.subscription.confirmation is Confirmation.CONFIRMED:
        yield Refusal.ALREADY_CONFIRMED.error()


def _cancel(facts: CustomerOptionFacts, now: datetime) -> Iterator[Refused]:
    return facts.subscription.refusals_to_cancel(now)


def _cancel_service(facts: CustomerOptionFacts, now: datetime) -> Iterator[Refused]:
    if not facts.is_recreated:
        yield Refusal.NOT_MOVED_YET.error()
    yield from facts.subscription.refusals_to_cancel_service(now)


def _name_support_contact(facts: CustomerOptionFacts, now: datetime) -> Iterator[Refused]:
    if not facts.has_partner:
        yield Refusal.NO_PARTNER.error()
    yield from facts.subscription.refusals_to_assign_support_contact(now)


def _request_switch(facts: CustomerOptionFacts, _now: datetime) -> Iterator[Refused]:
    return (refusal.error() for refusal in facts.against_switch)


_REFUSALS = {
    SupportOptionKind.CONFIRM_RECORD: _confirm,
    SupportOptionKind.CANCEL: _cancel,
    SupportOptionKind.CANCEL_SERVICE: _cancel_service,
    SupportOptionKind.NAME_SUPPORT_CONTACT: _name_support_contact,
    SupportOptionKind.REQUEST_SWITCH: _request_switch,
}
CUSTOMER_OPTIONS = tuple(_REFUSALS)
"""What a customer can do."""
