"""Whether a subscription can go along in a transfer, and every rule that it fails (R3, R28 to R37)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from multichannel.domain.commerce import BillingCycle, BillingType, Channel, Commerce, SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.transfers import TransferKind, TransferProductType

LEGACY, AZURE_PLAN = TransferKind.LEGACY, TransferKind.AZURE_PLAN
NEW_COMMERCE, MANUAL_SWITCH = TransferKind.NEW_COMMERCE, TransferKind.MANUAL_SWITCH
COMMITTED = frozenset({BillingCycle.ONE_TIME, BillingCycle.BIENNIAL, BillingCycle.TRIENNIAL})
LONG_TERMS = frozenset({"P2Y", "P3Y"})


class TransferObstacle(StrEnum):
    """Why a subscription cannot go along in a transfer."""

    SUBSCRIPTION_NOT_ACTIVE = "subscription_not_active"
    SUBSCRIPTION_SUSPENDED = "subscription_suspended"
    ALREADY_IN_TRANSFER = "already_in_transfer"
    ALREADY_TRANSFERRED = "already_transferred"
    NOT_CSP = "not_csp"
    TRIAL = "trial"
    ADD_ON_WITHOUT_BASE = "add_on_without_base"
    LEGACY_LICENSE = "legacy_license"
    NOT_NEW_COMMERCE = "not_new_commerce"
    NOT_AZURE_PLAN = "not_azure_plan"
    NOT_LEGACY = "not_legacy"
    NOT_LEGACY_AZURE = "not_legacy_azure"
    RESERVATION_STAYS = "reservation_stays"
    TERM_STAYS = "term_stays"
    THIRD_PARTY_STAYS = "third_party_stays"
    OTHER_CUSTOMER = "other_customer"
    PRODUCT_TYPE_NOT_REQUESTED = "product_type_not_requested"
    TARGET_NOT_READY = "target_not_ready"


_TOLD: dict[TransferObstacle, tuple[str, str]] = {
    TransferObstacle.SUBSCRIPTION_NOT_ACTIVE: ("It is not active, and only what is active moves.", "R37"),
    TransferObstacle.SUBSCRIPTION_SUSPENDED: ("It is suspended. Reactivate it first.", "R37"),
    TransferObstacle.ALREADY_IN_TRANSFER: ("Another transfer of it is open. Close that first.", "R36"),
    TransferObstacle.ALREADY_TRANSFERRED: ("It has been transferred already.", "R37"),
    TransferObstacle.NOT_CSP: ("It was bought in another channel, and transfers are within CSP.", "R31"),
    TransferObstacle.TRIAL: ("It is a trial. Convert it to a paid one first.", "R35"),
    TransferObstacle.ADD_ON_WITHOUT_BASE: ("It is an add-on, which goes with its base or stays.", "R36"),
    TransferObstacle.LEGACY_LICENSE: (
        "It is a legacy licence, which stays with its partner until its term ends or it is canceled.",
        "R3",
    ),
    TransferObstacle.NOT_NEW_COMMERCE: ("It is legacy Azure. Use a manual switch.", "R30"),
    TransferObstacle.NOT_AZURE_PLAN: ("It is not part of an Azure plan.", "R33"),
    TransferObstacle.NOT_LEGACY: ("It is of new commerce, which its future partner asks for.", "R36"),
    TransferObstacle.NOT_LEGACY_AZURE: ("Only legacy Azure is switched.", "R28"),
    TransferObstacle.RESERVATION_STAYS: ("Reservations and savings plans stay behind here.", "R34"),
    TransferObstacle.TERM_STAYS: ("It was bought once for a long term, and stays until that ends.", "R36"),
    TransferObstacle.THIRD_PARTY_STAYS: ("Somebody other than the vendor publishes it.", "R36"),
    TransferObstacle.OTHER_CUSTOMER: ("It is another customer's.", "R35"),
    TransferObstacle.PRODUCT_TYPE_NOT_REQUESTED: ("The target has not asked for this kind.", "R31"),
    TransferObstacle.TARGET_NOT_READY: ("The target cannot receive for this customer now.", "R29"),
}


@dataclass(frozen=True, slots=True)
class FailedRule:
    """One rule a subscription fails: for programs, for people, and the business rule behind it."""

    code: TransferObstacle

    @property
    def message(self) -> str:
        """The reason, for people."""
        return _TOLD[self.code][0]

    @property
    def rule(self) -> str:
        """The business rule, such as R36."""
        return _TOLD[self.code][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A subscription with what has to be known of other rows to tell whether it can go."""

    subscription: Subscription
    in_transfer: bool = False
    """Another transfer with a line of it is open."""
    transferred: bool = False
    """A subscription in CSP continues it."""
    with_base: bool = False
    """The base it is an add-on to goes along."""


def failed_rules(candidate: Candidate, kind: TransferKind, now: datetime) -> tuple[FailedRule, ...]:
    """Every rule that stands against a transfer of this kind, never the first alone; none if it can go."""
    found = [
        *_state(candidate, now),
        *(code for code, fails in _OF_KIND[kind] if fails(candidate.subscription)),
    ]
    return tuple(FailedRule(code) for code in found)


def product_type(subscription: Subscription) -> TransferProductType | None:
    """Which of the vendor's transferable product types it is; None for what is none of them (NC)."""
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


def _state(candidate: Candidate, now: datetime) -> Iterator[TransferObstacle]:
    """What stands against it whatever the kind of transfer."""
    subscription = candidate.subscription
    status = subscription.status_at(now)
    if status is SubscriptionStatus.SUSPENDED:
        yield TransferObstacle.SUBSCRIPTION_SUSPENDED
    elif status is not SubscriptionStatus.ACTIVE:
        yield TransferObstacle.SUBSCRIPTION_NOT_ACTIVE
    if candidate.in_transfer:
        yield TransferObstacle.ALREADY_IN_TRANSFER
    if candidate.transferred:
        yield TransferObstacle.ALREADY_TRANSFERRED
    if subscription.channel is not Channel.CSP:
        yield TransferObstacle.NOT_CSP
    if subscription.is_trial:
        yield TransferObstacle.TRIAL
    is_add_on = subscription.parent_id is not None or subscription.parent_vendor_id is not None
    if is_add_on and not candidate.with_base:
        yield TransferObstacle.ADD_ON_WITHOUT_BASE


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
_OF_KIND: dict[TransferKind, tuple[tuple[TransferObstacle, _Test], ...]] = {
    NEW_COMMERCE: (
        (TransferObstacle.LEGACY_LICENSE, _is_legacy_license),
        (
            TransferObstacle.NOT_NEW_COMMERCE,
            lambda subscription: _is_legacy(subscription) and not _is_legacy_license(subscription),
        ),
    ),
    # C6: the pages about Azure plans leave reservations behind; those about new commerce take them along.
    AZURE_PLAN: (
        (TransferObstacle.LEGACY_LICENSE, _is_legacy_license),
        (
            TransferObstacle.NOT_AZURE_PLAN,
            lambda subscription: (
                _is_legacy(subscription) or subscription.billing_type is not BillingType.USAGE
            ),
        ),
        (TransferObstacle.RESERVATION_STAYS, _is_prepaid),
    ),
    LEGACY: (
        (TransferObstacle.NOT_LEGACY, lambda subscription: not _is_legacy(subscription)),
        (TransferObstacle.RESERVATION_STAYS, _is_prepaid),
        (TransferObstacle.TERM_STAYS, _is_long_term),
        (
            TransferObstacle.THIRD_PARTY_STAYS,
            lambda subscription: subscription.is_microsoft_product is False,
        ),
    ),
    MANUAL_SWITCH: (
        (TransferObstacle.LEGACY_LICENSE, _is_legacy_license),
        (TransferObstacle.NOT_LEGACY_AZURE, lambda subscription: not _is_legacy_azure(subscription)),
    ),
}
"""What stands against it in transfers of one kind."""
