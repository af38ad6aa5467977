"""Enums of subscriptions: channels, generations of commerce, statuses, billing."""

from __future__ import annotations

from enum import StrEnum

from multichannel.domain.timed_status import TimedTransition


class Channel(StrEnum):
    """The channel through which a subscription was bought."""

    CSP = "csp"
    DIRECT = "direct"
    ADVISOR = "advisor"
    OPEN = "open"
    EA = "ea"
    SYNDICATION = "syndication"


class RecordedBy(StrEnum):
    """Who recorded a subscription: the customer for all its partners, or a partner for itself."""

    CUSTOMER = "customer"
    PARTNER = "partner"


class Commerce(StrEnum):
    """The vendor's two generations of commerce, with different rules of lifecycle and transfer."""

    LEGACY = "legacy"
    NEW_COMMERCE = "new_commerce"


class SubscriptionStatus(StrEnum):
    """The vendor's statuses; NONE means that the vendor does not tell the status."""

    NONE = "none"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    EXPIRED = "expired"
    PENDING = "pending"
    DISABLED = "disabled"


RUNNING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED})
SUBSCRIPTION_TRANSITIONS = (
    TimedTransition(SubscriptionStatus.EXPIRED, "expires_at", RUNNING),
    TimedTransition(SubscriptionStatus.DISABLED, "disabled_at", RUNNING | {SubscriptionStatus.EXPIRED}),
    TimedTransition(
        SubscriptionStatus.DELETED,
        "deleted_at",
        RUNNING | {SubscriptionStatus.EXPIRED, SubscriptionStatus.DISABLED},
    ),
)


class BillingType(StrEnum):
    """Usage-based (metered Azure) or licence-based (seats)."""

    NONE = "none"
    USAGE = "usage"
    LICENSE = "license"


class BillingCycle(StrEnum):
    """How often a subscription is billed."""

    UNKNOWN = "unknown"
    MONTHLY = "monthly"
    ANNUAL = "annual"
    NONE = "none"
    ONE_TIME = "one_time"
    TRIENNIAL = "triennial"
    BIENNIAL = "biennial"


class ContractType(StrEnum):
    """What a subscription was bought as."""

    SUBSCRIPTION = "subscription"
    PRODUCT_KEY = "product_key"
    REDEMPTION_CODE = "redemption_code"


class StopReason(StrEnum):
    """Why a subscription is suspended or canceled."""

    CUSTOMER_REQUEST = "customer_request"
    NON_PAYMENT = "non_payment"
    FRAUD = "fraud"


class TermDuration(StrEnum):
    """The terms on offer, as ISO 8601 durations."""

    P1M = "P1M"
    P1Y = "P1Y"
    P3Y = "P3Y"
