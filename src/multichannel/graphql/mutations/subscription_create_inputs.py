"""Inputs of new subscriptions: what is bought, and what is written down of other channels."""

from __future__ import annotations

from datetime import datetime, timedelta

import strawberry

from multichannel.domain.new_subscriptions import Note, Order
from multichannel.domain.subscriptions import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.errors import BadInput
from multichannel.graphql.framework.inputs import MutationInput, guid_of, text_of
from multichannel.graphql.framework.registry import named

MOST_SERVICES = 100
FARTHEST = timedelta(days=36_525)
TOLD = frozenset(SubscriptionStatus) - {SubscriptionStatus.NONE, SubscriptionStatus.DELETED}

for words in (BillingCycle, BillingType, Channel, Commerce, SubscriptionStatus, TermDuration):
    named(words)  # inputs name them before anything else might


class OfCustomer:
    """An input that makes something for a customer."""

    @property
    def id(self) -> str:
        """What it is asked of, for the books."""
        return str(self.customer)  # type: ignore[attr-defined]  # every input below has it


@strawberry.input(description="What is known of a subscription that was bought in another channel.")
class RecordExternalSubscriptionInput(OfCustomer, MutationInput):
    """A record of a subscription of another channel."""

    customer: strawberry.ID = strawberry.field(description="The customer that bought it.")
    channel: Channel = strawberry.field(description="Where it was bought; not CSP.")
    offer_name: str = strawberry.field(description="The name of the offer.")
    billing_type: BillingType = strawberry.field(description="USAGE or LICENSE.")
    friendly_name: str | None = strawberry.field(default=None, description="The name to call it by.")
    commerce: Commerce = strawberry.field(
        default=Commerce.LEGACY, description="The vendor's generation of commerce."
    )
    quantity: int = strawberry.field(
        default=1, description="How many licences, 1 to 10,000; what is metered is 1."
    )
    status: SubscriptionStatus = strawberry.field(
        default=SubscriptionStatus.ACTIVE, description="Its state; not NONE and not DELETED."
    )
    term_duration: TermDuration | None = strawberry.field(default=None, description="Length of its term.")
    commitment_end_date: datetime | None = strawberry.field(default=None, description="When its term ends.")
    auto_renew_enabled: bool | None = strawberry.field(
        default=None, description="Whether it renews at the end of its term; null if you do not know."
    )
    entitlement_id: str | None = strawberry.field(
        default=None, description="The GUID of the Azure subscription behind it."
    )
    services: list[str] = strawberry.field(
        default_factory=list,
        description=f"Names of the single Azure services in it, up to {MOST_SERVICES}; none in licences.",
    )


@strawberry.input(description="A subscription or add-on to sell.")
class CreateSubscriptionInput(OfCustomer, MutationInput):
    """A purchase."""

    customer: strawberry.ID = strawberry.field(description="The customer that buys.")
    offer_name: str = strawberry.field(description="The name of the offer.")
    billing_type: BillingType = strawberry.field(description="USAGE or LICENSE.")
    offer_id: str | None = strawberry.field(default=None, description="The vendor's id of the offer.")
    friendly_name: str | None = strawberry.field(default=None, description="The name to call it by.")
    commerce: Commerce = strawberry.field(
        default=Commerce.NEW_COMMERCE, description="The vendor's generation of commerce."
    )
    quantity: int = strawberry.field(
        default=1, description="How many licences, 1 to 10,000; what is metered is 1 (R44)."
    )
    term_duration: TermDuration | None = strawberry.field(
        default=None,
        description="Length of the term: P1Y when left out; an add-on has its base's. R45: legacy has P1Y.",
    )
    billing_cycle: BillingCycle | None = strawberry.field(
        default=None, description="MONTHLY when left out; never longer than the term."
    )
    auto_renew_enabled: bool | None = strawberry.field(
        default=None,
        description="Whether it renews; when left out, licences do. What is metered and trials cannot.",
    )
    is_trial: bool = strawberry.field(default=False, description="A trial of 30 days, one per offer (R43).")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The active subscription of yours that this is an add-on to (R41)."
    )
    partner_of_record: str | None = strawberry.field(
        default=None, description="The tenant GUID of your reseller that is credited for it (R25)."
    )


def note_of(input: RecordExternalSubscriptionInput, now: datetime) -> Note:
    """What was written down; BadInput says what cannot be."""
    if input.channel is Channel.CSP:
        raise BadInput("input.channel is CSP; what is sold in CSP is created by its seller, not recorded.")
    if input.status not in TOLD:
        raise BadInput(f"input.status is {input.status.name}; record the state of what there is.")
    end = input.commitment_end_date
    if end is not None and abs(end - now) > FARTHEST:
        raise BadInput("input.commitmentEndDate is more than 100 years away.")
    return Note(
        channel=input.channel,
        billing_type=_billing_type(input.billing_type),
        offer_name=text_of("offer_name", input.offer_name),
        commerce=input.commerce,
        friendly_name=_text("friendly_name", input.friendly_name),
        quantity=input.quantity,
        status=input.status,
        term_duration=input.term_duration.value if input.term_duration else None,
        commitment_end_date=end,
        auto_renew_enabled=input.auto_renew_enabled,
        entitlement_id=_guid("entitlement_id", input.entitlement_id),
        services=_services(input),
    )


def order_of(input: CreateSubscriptionInput) -> Order:
    """What is to be bought; BadInput says what cannot be."""
    return Order(
        offer_name=text_of("offer_name", input.offer_name),
        billing_type=_billing_type(input.billing_type),
        commerce=input.commerce,
        offer_id=_text("offer_id", input.offer_id),
        friendly_name=_text("friendly_name", input.friendly_name),
        quantity=input.quantity,
        term_duration=input.term_duration,
        billing_cycle=input.billing_cycle,
        auto_renew_enabled=input.auto_renew_enabled,
        is_trial=input.is_trial,
    )


def _billing_type(value: BillingType) -> BillingType:
    if value is BillingType.NONE:
        raise BadInput("input.billingType is NONE; give USAGE or LICENSE.")
    return value


def _services(input: RecordExternalSubscriptionInput) -> tuple[str, ...]:
    if input.services and input.billing_type is not BillingType.USAGE:
        raise BadInput("input.services are given for licences; only what is metered has single services.")
    names = tuple(text_of("services", name) for name in input.services)
    if len(names) > MOST_SERVICES or len(set(names)) != len(names):
        raise BadInput(f"input.services must be up to {MOST_SERVICES} names, each of them once.")
    return names


def _text(name: str, value: str | None) -> str | None:
    return None if value is None else text_of(name, value)


def _guid(name: str, value: str | None) -> str | None:
    return None if value is None else guid_of(name, value)
