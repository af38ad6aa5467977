"""Whether a subscription can be in a transfer, and whether the target can receive it (R3, R28 to R37)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.commerce import BillingCycle, BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import TransferKind, TransferProductType
from multichannel.errors import Refused

LEGACY, AZURE_PLAN = TransferKind.LEGACY, TransferKind.AZURE_PLAN
NEW_COMMERCE, MANUAL_SWITCH = TransferKind.NEW_COMMERCE, TransferKind.MANUAL_SWITCH
COMMITTED = frozenset({BillingCycle.ONE_TIME, BillingCycle.BIENNIAL, BillingCycle.TRIENNIAL})
LONG_TERMS = frozenset({"P2Y", "P3Y"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCandidate:
    """A subscription, with the facts of other rows that its eligibility depends on."""

    subscription: Subscription
    in_transfer: bool = False
    """It is part of another open transfer."""
    transferred: bool = False
    """Another CSP subscription continues it."""
    with_base: bool = False
    """It is an add-on whose base is in the same transfer."""


def ineligibility_reasons(
    candidate: TransferCandidate, kind: TransferKind, now: datetime
) -> tuple[Refusal, ...]:
    """Every reason against a transfer of this kind, not only the first; none if it can be transferred."""
    of_kind = (reason for reason, applies in _OF_KIND[kind] if applies(candidate.subscription))
    return (*_state(candidate, now), *of_kind)


@dataclass(frozen=True, slots=True)
class IneligibleLine:
    """A chosen subscription that cannot be transferred, with every reason."""

    subscription_id: str
    name: str | None
    reasons: tuple[Refusal, ...]

    def __str__(self) -> str:
        codes = ", ".join(sorted(reason.code for reason in self.reasons))
        return f"{self.name or self.subscription_id}: {codes}"


class LinesNotEligible(Refused):
    """LINES_NOT_ELIGIBLE, which says of every line that cannot be transferred why."""

    def __init__(self, refusal: Refused, lines: Sequence[IneligibleLine]) -> None:
        super().__init__(refusal.message, refusal.path, code=refusal.code, rule=refusal.rule)
        self.lines = tuple(lines)


def lines_not_eligible(lines: Sequence[IneligibleLine]) -> LinesNotEligible:
    """The refusal of a transfer with these lines, to be told to whoever may release all of them."""
    sentence = "; ".join(str(line) for line in lines)
    return LinesNotEligible(Refusal.LINES_NOT_ELIGIBLE.error(lines=sentence), lines)


def refusals_to_receive(
    kind: TransferKind,
    *,
    has_relationship: bool,
    is_bound: bool,
    is_same_market: bool,
    azure: Iterable[Subscription] = (),
) -> Iterator[Refused]:
    """Why a partner cannot receive subscriptions of a customer (R29); for this partner alone to know.

    `azure` are the active usage-based CSP subscriptions that it bills for the customer (R33).
    """
    if not has_relationship:
        yield Refusal.NO_RELATIONSHIP.error()
    if not is_bound:
        yield Refusal.AGREEMENT_REQUIRED.error()
    if kind is AZURE_PLAN:
        generations = {subscription.commerce for subscription in azure}
        if Commerce.LEGACY in generations:
            yield Refusal.LEGACY_AZURE_PRESENT.error()
        elif not generations:
            yield Refusal.NO_AZURE_PLAN.error()
    if not is_same_market:
        yield Refusal.CUSTOMER_IN_OTHER_MARKET.error()


def product_type(subscription: Subscription) -> TransferProductType | None:
    """The vendor's type of product in transfers of new commerce; None for other products."""
    name = "".join(letter for letter in (subscription.product_type_id or "").lower() if letter.isalpha())
    if "reservation" in name or "reservedinstance" in name:
        return TransferProductType.AZURE_RESERVATION
    if "savingsplan" in name:
        return TransferProductType.AZURE_SAVINGS_PLAN
    if subscription.billing_type is BillingType.USAGE:
        return TransferProductType.AZURE_SUBSCRIPTION
    if subscription.commerce is Commerce.NEW_COMMERCE:
        return TransferProductType.ONLINE_SERVICES_NCE
    return None


def _state(candidate: TransferCandidate, now: datetime) -> Iterator[Refusal]:
    """The reasons against any kind of transfer."""
    subscription = candidate.subscription
    status = subscription.status_at(now)
    if status is SubscriptionStatus.SUSPENDED:
        yield Refusal.SUBSCRIPTION_SUSPENDED
    elif status is not SubscriptionStatus.ACTIVE:
        yield Refusal.SUBSCRIPTION_NOT_ACTIVE
    if candidate.in_transfer:
        yield Refusal.ALREADY_IN_TRANSFER
    if candidate.transferred:
        yield Refusal.ALREADY_TRANSFERRED
    if subscription.channel is not Channel.CSP:
        yield Refusal.NOT_CSP
    if subscription.is_trial:
        yield Refusal.TRIAL
    is_add_on = subscription.parent_id is not None or subscription.parent_vendor_id is not None
    if is_add_on and not candidate.with_base:
        yield Refusal.ADD_ON_WITHOUT_BASE


def _is_legacy(subscription: Subscription) -> bool:
    return subscription.commerce is Commerce.LEGACY


def _is_legacy_license(subscription: Subscription) -> bool:
    return _is_legacy(subscription) and subscription.billing_type is BillingType.LICENSE


def _is_legacy_azure(subscription: Subscription) -> bool:
    return _is_legacy(subscription) and subscription.billing_type is BillingType.USAGE


def _is_prepaid(subscription: Subscription) -> bool:
    return product_type(subscription) in {
        TransferProductType.AZURE_RESERVATION,
        TransferProductType.AZURE_SAVINGS_PLAN,
    }


def _is_long_term(subscription: Subscription) -> bool:
    return subscription.billing_cycle in COMMITTED or subscription.term_duration in LONG_TERMS


_Test = Callable[[Subscription], bool]
_OF_KIND: dict[TransferKind, tuple[tuple[Refusal, _Test], ...]] = {
    NEW_COMMERCE: (
        (Refusal.LEGACY_LICENSE, _is_legacy_license),
        (
            Refusal.NOT_NEW_COMMERCE,
            lambda subscription: _is_legacy(subscription) and not _is_legacy_license(subscription),
        ),
    ),
    # C6: the pages about Azure plans leave reservations behind; those about new commerce take them along.
    AZURE_PLAN: (
        (Refusal.LEGACY_LICENSE, _is_legacy_license),
        (
            Refusal.NOT_AZURE_PLAN,
            lambda subscription: (
                _is_legacy(subscription) or subscription.billing_type is not BillingType.USAGE
            ),
        ),
        (Refusal.RESERVATION_STAYS, _is_prepaid),
    ),
    LEGACY: (
        (Refusal.NOT_LEGACY, lambda subscription: not _is_legacy(subscription)),
        (Refusal.RESERVATION_STAYS, _is_prepaid),
        (Refusal.TERM_STAYS, _is_long_term),
        (Refusal.THIRD_PARTY_STAYS, lambda subscription: subscription.is_microsoft_product is False),
    ),
    MANUAL_SWITCH: (
        (Refusal.LEGACY_LICENSE, _is_legacy_license),
        (Refusal.NOT_LEGACY_AZURE, lambda subscription: not _is_legacy_azure(subscription)),
    ),
}
"""The reasons against transfers of one kind."""
