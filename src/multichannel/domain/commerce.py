"""The words of what is bought and sold: channels, generations of commerce, states, kinds of billing."""

from __future__ import annotations

from enum import StrEnum

from multichannel.domain.timed_status import TimedTransition


class Channel(StrEnum):
    """The route by which a subscription was bought (R1, R2)."""

    CSP = "csp"
    DIRECT = "direct"
    ADVISOR = "advisor"
    OPEN = "open"
    EA = "ea"
    SYNDICATION = "syndication"


class RecordedBy(StrEnum):
    """Who told us of it: a customer's record is for all its partners, a partner's for that partner alone."""

    CUSTOMER = "customer"
    PARTNER = "partner"


class Commerce(StrEnum):
    """The vendor's two generations of commerce, with different rules of life and transfer."""

    LEGACY = "legacy"
    NEW_COMMERCE = "new_commerce"


class SubscriptionStatus(StrEnum):
    """The vendor's states; `none` is what it says of a state it does not tell."""

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
    """How often it is billed."""

    UNKNOWN = "unknown"
    MONTHLY = "monthly"
    ANNUAL = "annual"
    NONE = "none"
    ONE_TIME = "one_time"
    TRIENNIAL = "triennial"
    BIENNIAL = "biennial"


class ContractType(StrEnum):
    """What was bought."""

    SUBSCRIPTION = "subscription"
    PRODUCT_KEY = "product_key"
    REDEMPTION_CODE = "redemption_code"


class StopReason(StrEnum):
    """Why a subscription is suspended or canceled (R42)."""

    CUSTOMER_REQUEST = "customer_request"
    NON_PAYMENT = "non_payment"
    FRAUD = "fraud"


class TermDuration(StrEnum):
    """The terms that are sold, as ISO 8601 durations."""

    P1M = "P1M"
    P1Y = "P1Y"
    P3Y = "P3Y"
