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
    Sharing,
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
from multichannel.graphql.framework.strawberry_types import described

MOST_SERVICES = 100
FARTHEST = timedelta(days=36_525)
RECORDABLE = frozenset(SubscriptionStatus) - {SubscriptionStatus.NONE, SubscriptionStatus.DELETED}


@input_type
class RecordExternalSubscriptionInput(MutationInput):
    """What is known of a subscription that was bought in a channel other than CSP."""

    customer: strawberry.ID = described("The customer that bought it.")
    channel: Channel = described("The channel it was bought in; not CSP.")
    offer_name: str = described("The name of the offer.")
    billing_type: BillingType = described("USAGE or LICENSE.")
    friendly_name: str | None = described("The display name of the subscription.", None)
    commerce: Commerce = described("The vendor's generation of commerce.", Commerce.LEGACY)
    quantity: int = described("The number of licenses, 1 to 10,000; 1 for a usage-based subscription.", 1)
    status: SubscriptionStatus = described("Its status; neither NONE nor DELETED.", SubscriptionStatus.ACTIVE)
    term_duration: TermDuration | None = described("The length of its term.", None)
    commitment_end_date: datetime | None = described("When its term ends; at most 100 years away.", None)
    auto_renew_enabled: bool | None = described(
        "Whether it renews at the end of its term; null if unknown.", None
    )
    entitlement_id: str | None = described("The GUID of the underlying Azure subscription.", None)
    services: list[str] = described(
        f"The names of its Azure services, up to {MOST_SERVICES}; empty for licenses.", default_factory=list
    )
    sharing: Sharing | None = described(
        "As the customer: which partners read the record. Default: `defaultSharing` of your company. With "
        "SELECTED, none does until you select partners: setSubscriptionSharing.",
        None,
    )


@input_type
class CreateSubscriptionInput(MutationInput):
    """The subscription or add-on to sell."""

    customer: strawberry.ID = described("The customer that buys it.")
    offer_name: str = described("The name of the offer.")
    billing_type: BillingType = described("USAGE or LICENSE.")
    offer_id: str | None = described("The vendor's id of the offer.", None)
    friendly_name: str | None = described("The display name of the subscription.", None)
    commerce: Commerce = described("The vendor's generation of commerce.", Commerce.NEW_COMMERCE)
    quantity: int = described("The number of licenses, 1 to 10,000; 1 for a usage-based subscription.", 1)
    term_duration: TermDuration | None = described(
        "The length of the term. Default: P1Y, or that of the base for an add-on. LEGACY allows only P1Y.",
        None,
    )
    billing_cycle: BillingCycle | None = described(
        "How often it is billed; at most as long as the term. Default: MONTHLY.", None
    )
    auto_renew_enabled: bool | None = described(
        "Whether it renews at the end of its term. Default: true for licenses. Trials and "
        "usage-based subscriptions cannot renew.",
        None,
    )
    is_trial: bool = described("Whether it is a trial of 30 days; one per customer and offer.", default=False)
    parent_id: strawberry.ID | None = described(
        "For an add-on: the active subscription of yours that it belongs to.", None
    )
    partner_of_record: str | None = described(
        "For an indirect provider: the tenant GUID of its reseller to credit as partner of record.", None
    )


@input_type
class SubscriptionInput(MutationInput):
    """The subscription to change, in the version that the caller has seen (R46)."""

    id: strawberry.ID = described("The subscription.")
    expected_version: int = described(EXPECTED_VERSION)


@input_type
class UpdateSubscriptionInput(SubscriptionInput):
    """The changes to a subscription. A field left out keeps its value."""

    quantity: int | None = described(
        "The number of licenses, 1 to 10,000; must not be null.", strawberry.UNSET
    )
    auto_renew_enabled: bool | None = described(
        "Whether it renews at the end of its term; must not be null.", strawberry.UNSET
    )
    friendly_name: str | None = described("The display name; null clears it.", strawberry.UNSET)


@input_type
class SuspendSubscriptionInput(SubscriptionInput):
    """The subscription to suspend, and the reason."""

    reason: StopReason = described("Why it is suspended.")


@input_type
class ReactivateSubscriptionInput(SubscriptionInput):
    """The subscription to reactivate."""

    include_add_ons: bool = described(
        "Whether to reactivate its add-ons, too, that were suspended for the same reasons. Those whose term "
        "has ended stay as they are.",
        default=False,
    )


@input_type
class CancelSubscriptionInput(SubscriptionInput):
    """The subscription to cancel, and the reason."""

    reason: StopReason = described("Why it is canceled.")


@input_type
class CancelServiceInput(SubscriptionInput):
    """The subscription and the service to cancel."""

    service: str = described("The name of the service, as listed in `services`.")


@input_type
class MoveSubscriptionToCspInput(MutationInput):
    """The subscription to recreate in CSP."""

    id: strawberry.ID = described("The usage-based subscription of the other channel.")
    offer_name: str | None = described(
        "The name of the offer to recreate it as. Default: `Azure plan`.", None
    )
    friendly_name: str | None = described(
        "The display name of the new subscription. Default: that of the old one.", None
    )


@input_type
class AssignSupportContactInput(SubscriptionInput):
    """The subscription and its new support contact."""

    partner: str | None = described(
        "The partner's tenant GUID; null removes the support contact. Required.", strawberry.UNSET
    )


@input_type
class AssignPartnerOfRecordInput(SubscriptionInput):
    """The subscription and its new partner of record."""

    partner: str | None = described(
        "The reseller's tenant GUID; null removes the partner of record. Required.", strawberry.UNSET
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
        sharing=input.sharing,
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
