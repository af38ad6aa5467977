"""Subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import strawberry

from multichannel.domain.lifecycle import LIVE
from multichannel.graphql.framework.fields import column, computed, many, one, resource_type
from multichannel.graphql.framework.registry import NAMESPACE
from multichannel.graphql.types.eligibility import transfer_eligibility
from multichannel.graphql.types.support import SUPPORT_OPTIONS
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.query import Shown
from multichannel.store.unit_of_work import Work

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING
OF_MOVE = frozenset(Shown(name, READ) for name in ("services", "canceled_services", "status"))


@strawberry.type(
    description="What is left of a subscription of another channel beside what continues it (R5)."
)
class LeftToMove:
    """What still runs there."""

    services: list[str] = strawberry.field(description="Its services that are not canceled.")
    whole: bool = strawberry.field(description="Whether the subscription itself goes on.")


NAMESPACE["LeftToMove"] = LeftToMove


def _left_to_move(work: Work, ids: Collection[str]) -> Mapping[str, LeftToMove]:
    """What is left of each, as far as it may be read; nothing is left of what has ended."""
    found = {}
    for row_id, record in work.reader.records(SUBSCRIPTION, OF_MOVE, "id", ids).items():
        services, canceled, status = (
            record.values[name] for name in ("services", "canceled_services", "status")
        )
        whole = status in LIVE
        left = [name for name in services if whole and name not in canceled]
        found[row_id] = LeftToMove(services=left, whole=whole)
    return found


@resource_type(SUBSCRIPTION)
class Subscription:
    """What a customer bought, through whichever channel."""

    friendly_name = column(
        "The name the customer and its partner call it by.", SUMMARY, filter=True, order=True
    )
    offer_name = column("The name of the offer.", SUMMARY, filter=True, order=True)
    status = column("Its state in the vendor's terms.", SUMMARY, filter=True)
    channel = column("The route by which it was bought (R1, R2).", SUMMARY, filter=True)
    cloud = column("The national cloud it lives in; nothing crosses it (R52).", SUMMARY, filter=True)
    # A summary holds it: whoever adds licences without viewing subscriptions (role matrix) names its version.
    version = column("Counts changes; pass it as `expectedVersion` to change what you saw.", SUMMARY)
    customer = one("The customer that bought it.", "Customer", "customer_id", SUMMARY)
    transfer_eligibility = transfer_eligibility()
    offer_id = column("The vendor's id of the offer.", READ, filter=True)
    vendor_id = column("The vendor's id of the subscription.", READ, filter=True)
    recorded_by = column(
        "Who told this service of it: the customer, or a partner for itself.", READ, filter=True
    )
    billing_partner = one(
        "The partner that bills it; null when you may not see that partner.",
        "Partner",
        "billing_partner_id",
        READ,
    )
    partner_of_record = one(
        "The reseller credited for it (R24, R25).", "Partner", "partner_of_record_id", READ
    )
    support_contact = one(
        "The partner designated to support it (R26).", "Partner", "support_contact_id", READ
    )
    commerce = column("The vendor's generation of commerce, which decides many rules.", READ, filter=True)
    market = column("The country it was bought in, as an ISO 3166 code.", READ, filter=True)
    product_type_id = column("The vendor's id of the product type.", READ)
    product_type_name = column("The vendor's name of the product type.", READ)
    quantity = column("How many units.", READ, filter=True, order=True)
    unit_type = column("What a unit is, such as `Licenses`.", READ)
    billing_type = column("Usage-based or licence-based.", READ, filter=True)
    parent = one("The subscription it is an add-on to.", "Subscription", "parent_id", READ)
    add_ons = many("Its add-ons, as far as you may see them.", "Subscription", "parent_id")
    continues = one(
        "What this one was made from, in another channel or at another partner (R5, R38).",
        "Subscription",
        "continues_id",
        READ,
    )
    continued_by = many(
        "What was made from it, as far as you may see it (R5).", "Subscription", "continues_id"
    )
    services = column("The single Azure services in it, by name.", READ)
    canceled_services = column("Those of its services that were canceled one by one (R5).", READ)
    support_options = SUPPORT_OPTIONS
    left_to_move = computed(
        "What is left to cancel once it is recreated in CSP (R5).",
        "LeftToMove",
        READ,
        _left_to_move,
        witness="services",
    )
    entitlement_id = column("The id of the Azure subscription behind it.", READ, filter=True)
    consumption_type = column("How its use is metered.", READ)
    creation_date = column("When it was bought.", READ, filter=True, order=True)
    effective_start_date = column("When its term began.", READ, filter=True, order=True)
    commitment_end_date = column("When its term ends.", READ, filter=True, order=True)
    cancellation_allowed_until_date = column("Until when it can be canceled (R48).", READ, filter=True)
    auto_renew_enabled = column("Whether it renews at the end of its term.", READ, filter=True)
    has_purchasable_addons = column("Whether add-ons can be bought for it.", READ)
    is_trial = column("Whether it is a trial.", READ, filter=True)
    term_duration = column("Length of its term as an ISO 8601 duration, such as `P1Y`.", READ, filter=True)
    renewal_term_duration = column("Length of its next term.", READ)
    is_microsoft_product = column("Whether the vendor itself publishes it.", READ)
    publisher_name = column("Who publishes it.", READ)
    suspension_reasons = column("Why it is suspended (R42).", READ)
    cancellation_reason = column("Why it was canceled (R42).", READ)
    expires_at = column("When it expires, if it does not renew (SM5).", READ)
    disabled_at = column("When its users are locked out, if nothing is done (SM5).", READ)
    deleted_at = column("When it was or will be deleted, with its data (SM5).", READ)
    contract_type = column("What was bought.", READ)
    migrated_from_subscription_id = column("The vendor's id of the subscription it continues.", READ)
    created_at = column("When this service first heard of it.", READ, filter=True, order=True)
    updated_at = column("When it last changed here.", READ, filter=True, order=True)
    partner_number = column("The vendor's number of the partner of record.", BILLING)
    billing_cycle = column("How often it is billed.", BILLING, filter=True)
    billing_cycle_end_date = column("When the current billing cycle ends.", BILLING)
    order_id = column("The vendor's id of the order.", BILLING, filter=True)
    promotion_id = column("The vendor's id of the promotion it was bought under.", BILLING)
