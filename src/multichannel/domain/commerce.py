"""Enums of subscriptions: channels, generations of commerce, statuses, billing."""

from __future__ import annotations

from multichannel.domain.base import DescribedEnum
from multichannel.domain.timed_status import TimedTransition


class Channel(DescribedEnum):
    """The route by which a subscription was bought."""

    CSP = "csp", "Cloud Solution Provider: sold and billed by a partner."
    DIRECT = "direct", "Bought from the vendor's website."
    ADVISOR = "advisor", "Bought from the vendor on a partner's advice."
    OPEN = "open", "An Open volume license."
    EA = "ea", "An Enterprise Agreement."
    SYNDICATION = "syndication", "Sold by a syndication partner."


class RecordedBy(DescribedEnum):
    """The party whose record of a subscription this is."""

    CUSTOMER = "customer", "The customer; its partners can see the record."
    PARTNER = "partner", "A partner; only it and the customer can see the record."


class Commerce(DescribedEnum):
    """The vendor's generation of commerce. It decides how a subscription ends and how it is transferred."""

    LEGACY = "legacy", "The generation before new commerce."
    NEW_COMMERCE = "new_commerce", "The current generation."


class SubscriptionStatus(DescribedEnum):
    """The state of a subscription."""

    NONE = "none", "The vendor has not reported it."
    ACTIVE = "active", "In use."
    SUSPENDED = "suspended", "Its users are locked out; it can be reactivated."
    DELETED = "deleted", "It is gone, with its data."
    EXPIRED = "expired", "Its term has ended; its users still have access for 30 days."
    PENDING = "pending", "It has not started yet."
    DISABLED = "disabled", "It has expired, and only admins have access."


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


class BillingType(DescribedEnum):
    """What the bill of a subscription depends on."""

    NONE = "none", "The vendor has not reported it."
    USAGE = "usage", "Metered usage, as of Azure."
    LICENSE = "license", "The number of licenses."


class BillingCycle(DescribedEnum):
    """How often a subscription is billed."""

    UNKNOWN = "unknown", "The vendor has not reported it."
    MONTHLY = "monthly", "Every month."
    ANNUAL = "annual", "Every year."
    NONE = "none", "It is not billed."
    ONE_TIME = "one_time", "Once."
    TRIENNIAL = "triennial", "Every three years."
    BIENNIAL = "biennial", "Every two years."


class ContractType(DescribedEnum):
    """What was bought."""

    SUBSCRIPTION = "subscription", "A subscription."
    PRODUCT_KEY = "product_key", "A product key."
    REDEMPTION_CODE = "redemption_code", "A redemption code."


class Sharing(DescribedEnum):
    """Which partners read what a customer recorded of other channels."""

    ALL_PARTNERS = "all_partners", "All partners with an active relationship."
    SELECTED = "selected", "The partners that the customer has selected, while their relationship is active."
    NONE = "none", "No partner."


class Confirmation(DescribedEnum):
    """Whether the customer agrees with what a partner recorded of another channel."""

    UNCONFIRMED = "unconfirmed", "The customer has not answered."
    CONFIRMED = "confirmed", "The customer has confirmed the record."
    DISPUTED = "disputed", "The customer has disputed the record."


class StopReason(DescribedEnum):
    """Why a subscription is suspended or canceled."""

    CUSTOMER_REQUEST = "customer_request", "The customer asked for it."
    NON_PAYMENT = "non_payment", "The customer has not paid."
    FRAUD = "fraud", "Fraud, or the suspicion of it."


class TermDuration(DescribedEnum):
    """The length of a term, as an ISO 8601 duration."""

    P1M = "P1M", "One month."
    P1Y = "P1Y", "One year."
    P3Y = "P3Y", "Three years."
