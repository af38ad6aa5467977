"""Inputs of subscriptions: purchases, records of purchases in other channels, changes to one subscription."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import strawberry

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    StopReason,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.domain.new_subscriptions import ExternalSubscription, SubscriptionOrder
from multichannel.errors import BadInput
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    MutationInput,
    input_type,
    is_set,
    optional,
    parse_guid,
    parse_text,
)

MOST_SERVICES = 100
FARTHEST = timedelta(days=36_525)
RECORDABLE = frozenset(SubscriptionStatus) - {SubscriptionStatus.NONE, SubscriptionStatus.DELETED}


@input_type
class RecordExternalSubscriptionInput(MutationInput):
    """What is known of a subscription that was bought in a channel other than CSP."""

    customer: strawberry.ID = strawberry.field(description="The customer that bought it.")
    channel: Channel = strawberry.field(description="The channel it was bought in; not CSP.")
    offer_name: str = strawberry.field(description="The name of the offer.")
    billing_type: BillingType = strawberry.field(description="USAGE or LICENSE.")
    friendly_name: str | None = strawberry.field(
        default=None, description="The display name of the subscription."
    )
    commerce: Commerce = strawberry.field(
        default=Commerce.LEGACY, description="The vendor's generation of commerce."
    )
    quantity: int = strawberry.field(
        default=1, description="The number of licenses, 1 to 10,000; 1 for a usage-based subscription."
    )
    status: SubscriptionStatus = strawberry.field(
        default=SubscriptionStatus.ACTIVE, description="Its status; neither NONE nor DELETED."
    )
    term_duration: TermDuration | None = strawberry.field(default=None, description="The length of its term.")
    commitment_end_date: datetime | None = strawberry.field(
        default=None, description="When its term ends; at most 100 years away."
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=None, description="Whether it renews at the end of its term; null if unknown."
    )
    entitlement_id: str | None = strawberry.field(
        default=None, description="The GUID of the underlying Azure subscription."
    )
    services: list[str] = strawberry.field(
        default_factory=list,
        description=f"The names of its Azure services, up to {MOST_SERVICES}; empty for licenses.",
    )


@input_type
class CreateSubscriptionInput(MutationInput):
    """The subscription or add-on to sell."""

    customer: strawberry.ID = strawberry.field(description="The customer that buys it.")
    offer_name: str = strawberry.field(description="The name of the offer.")
    billing_type: BillingType = strawberry.field(description="USAGE or LICENSE.")
    offer_id: str | None = strawberry.field(default=None, description="The vendor's id of the offer.")
    friendly_name: str | None = strawberry.field(
        default=None, description="The display name of the subscription."
    )
    commerce: Commerce = strawberry.field(
        default=Commerce.NEW_COMMERCE, description="The vendor's generation of commerce."
    )
    quantity: int = strawberry.field(
        default=1, description="The number of licenses, 1 to 10,000; 1 for a usage-based subscription."
    )
    term_duration: TermDuration | None = strawberry.field(
        default=None,
        description="The length of the term. Default: P1Y, or that of the base for an add-on. LEGACY allows "
        "only P1Y.",
    )
    billing_cycle: BillingCycle | None = strawberry.field(
        default=None, description="How often it is billed; at most as long as the term. Default: MONTHLY."
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=None,
        description="Whether it renews at the end of its term. Default: true for licenses. Trials and "
        "usage-based subscriptions cannot renew.",
    )
    is_trial: bool = strawberry.field(
        default=False, description="Whether it is a trial of 30 days; one per customer and offer."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="For an add-on: the active subscription of yours that it belongs to."
    )
    partner_of_record: str | None = strawberry.field(
        default=None,
        description="For an indirect provider: the tenant GUID of its reseller to credit as partner of "
        "record.",
    )


@input_type
class SubscriptionInput(MutationInput):
    """The subscription to change, in the version that the caller has seen (R46)."""

    id: strawberry.ID = strawberry.field(description="The subscription.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)


@input_type
class UpdateSubscriptionInput(SubscriptionInput):
    """The changes to a subscription. A field left out keeps its value."""

    quantity: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of licenses, 1 to 10,000; must not be null.",
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it renews at the end of its term; must not be null.",
    )
    friendly_name: str | None = strawberry.field(
        default=strawberry.UNSET, description="The display name; null clears it."
    )


@input_type
class SuspendSubscriptionInput(SubscriptionInput):
    """The subscription to suspend, and the reason."""

    reason: StopReason = strawberry.field(description="Why it is suspended.")


@input_type
class ReactivateSubscriptionInput(SubscriptionInput):
    """The subscription to reactivate."""


@input_type
class CancelSubscriptionInput(SubscriptionInput):
    """The subscription to cancel, and the reason."""

    reason: StopReason = strawberry.field(description="Why it is canceled.")


@input_type
class CancelServiceInput(SubscriptionInput):
    """The subscription and the service to cancel."""

    service: str = strawberry.field(description="The name of the service, as listed in `services`.")


@input_type
class MoveSubscriptionToCspInput(MutationInput):
    """The subscription to recreate in CSP."""

    id: strawberry.ID = strawberry.field(description="The usage-based subscription of the other channel.")
    offer_name: str | None = strawberry.field(
        default=None, description="The name of the offer to recreate it as. Default: `Azure plan`."
    )
    friendly_name: str | None = strawberry.field(
        default=None, description="The display name of the new subscription. Default: that of the old one."
    )


@input_type
class AssignSupportContactInput(SubscriptionInput):
    """The subscription and its new support contact."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The partner's tenant GUID; null removes the support contact. Required.",
    )


@input_type
class AssignPartnerOfRecordInput(SubscriptionInput):
    """The subscription and its new partner of record."""

    partner: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The reseller's tenant GUID; null removes the partner of record. Required.",
    )


def external_subscription_of(input: RecordExternalSubscriptionInput, now: datetime) -> ExternalSubscription:
    """The record to store; BadInput if a value is invalid."""
    if input.channel is Channel.CSP:
        raise BadInput("input.channel must not be CSP. Use createSubscription to sell in CSP.")
    if input.status not in RECORDABLE:
        raise BadInput("input.status must be neither NONE nor DELETED.")
    end = input.commitment_end_date
    if end is not None and abs(end - now) > FARTHEST:
        raise BadInput("input.commitmentEndDate is more than 100 years away.")
    return ExternalSubscription(
        channel=input.channel,
        billing_type=_billing_type(input.billing_type),
        offer_name=parse_text("offer_name", input.offer_name),
        commerce=input.commerce,
        friendly_name=optional(parse_text, "friendly_name", input.friendly_name),
        quantity=input.quantity,
        status=input.status,
        term_duration=input.term_duration.value if input.term_duration else None,
        commitment_end_date=end,
        auto_renew_enabled=input.auto_renew_enabled,
        entitlement_id=optional(parse_guid, "entitlement_id", input.entitlement_id),
        services=_services(input),
    )


def order_of(input: CreateSubscriptionInput) -> SubscriptionOrder:
    """The order to place; BadInput if a value is invalid."""
    return SubscriptionOrder(
        offer_name=parse_text("offer_name", input.offer_name),
        billing_type=_billing_type(input.billing_type),
        commerce=input.commerce,
        offer_id=optional(parse_text, "offer_id", input.offer_id),
        friendly_name=optional(parse_text, "friendly_name", input.friendly_name),
        quantity=input.quantity,
        term_duration=input.term_duration,
        billing_cycle=input.billing_cycle,
        auto_renew_enabled=input.auto_renew_enabled,
        is_trial=input.is_trial,
    )


def _billing_type(value: BillingType) -> BillingType:
    if value is BillingType.NONE:
        raise BadInput("input.billingType must be USAGE or LICENSE.")
    return value


def _services(input: RecordExternalSubscriptionInput) -> tuple[str, ...]:
    if input.services and input.billing_type is not BillingType.USAGE:
        raise BadInput("input.services must be empty unless input.billingType is USAGE.")
    names = tuple(parse_text("services", name) for name in input.services)
    if len(names) > MOST_SERVICES or len(set(names)) != len(names):
        raise BadInput(f"input.services must be up to {MOST_SERVICES} different names.")
    return names


def edits_of(input: UpdateSubscriptionInput) -> dict[str, Any]:
    """The changes by attribute; BadInput if a value is invalid."""
    values = {name: getattr(input, name) for name in ("quantity", "auto_renew_enabled", "friendly_name")}
    edits = {name: value for name, value in values.items() if is_set(value)}
    if edits.get("quantity", 1) is None:
        raise BadInput("input.quantity must not be null. Omit it to keep the quantity.")
    if edits.get("auto_renew_enabled", False) is None:
        raise BadInput("input.autoRenewEnabled must not be null. Omit it to keep the setting.")
    if edits.get("friendly_name") is not None:
        edits["friendly_name"] = parse_text("friendly_name", edits["friendly_name"])
    return edits
