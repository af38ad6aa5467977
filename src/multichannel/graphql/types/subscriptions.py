"""Subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import strawberry

from multichannel.domain.lifecycle import LIVE
from multichannel.graphql.framework.fields import column, computed, many, one, resource_type
from multichannel.graphql.framework.strawberry_types import register
from multichannel.graphql.types.common import CREATED_AT, UPDATED_AT, version
from multichannel.graphql.types.eligibility import transfer_eligibility
from multichannel.graphql.types.support import SUPPORT_OPTIONS
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING
OF_MOVE = frozenset(ReadableColumn(name, READ) for name in ("services", "canceled_services", "status"))


@register
@strawberry.type(
    description="What is still active of a subscription of another channel after its move to CSP."
)
class LeftToMove:
    """What is still active there."""

    services: list[str] = strawberry.field(description="The names of its services that are not canceled.")
    whole: bool = strawberry.field(
        description="Whether the subscription itself is still active or suspended."
    )


def _left_to_move(work: UnitOfWork, ids: Collection[str]) -> Mapping[str, LeftToMove]:
    """What is left of each that may be read; nothing of a subscription that has ended."""
    left = {}
    for row_id, record in work.reader.records(SUBSCRIPTION, OF_MOVE, "id", ids).items():
        services, canceled, status = (
            record.values[name] for name in ("services", "canceled_services", "status")
        )
        whole = status in LIVE
        active = [name for name in services if whole and name not in canceled]
        left[row_id] = LeftToMove(services=active, whole=whole)
    return left


@resource_type(SUBSCRIPTION)
class Subscription:
    """A subscription that a customer bought through any channel."""

    friendly_name = column("The display name.", SUMMARY, filter=True, order=True)
    offer_name = column("The name of the offer.", SUMMARY, filter=True, order=True)
    status = column("The state of the subscription now.", SUMMARY, filter=True)
    channel = column("The route by which it was bought.", SUMMARY, filter=True)
    cloud = column("The national cloud of the customer's tenant.", SUMMARY, filter=True)
    # In the summary, so that a role that may add licenses but not read subscriptions can send its version.
    version = version(SUMMARY, expected=True)
    customer = one("The customer that bought it.", "Customer", "customer_id", SUMMARY)
    transfer_eligibility = transfer_eligibility()
    offer_id = column("The vendor's id of the offer.", READ, filter=True)
    vendor_id = column("The vendor's id of the subscription.", READ, filter=True)
    recorded_by = column("Whether the customer or a partner recorded it here.", READ, filter=True)
    billing_partner = one(
        "The partner that bills it; null if none does, or you cannot see that partner.",
        "Partner",
        "billing_partner_id",
        READ,
    )
    partner_of_record = one(
        "The reseller that is credited for it; null if none is, or you cannot see it.",
        "Partner",
        "partner_of_record_id",
        READ,
    )
    support_contact = one(
        "The partner assigned to support it; null if none is, or you cannot see it.",
        "Partner",
        "support_contact_id",
        READ,
    )
    commerce = column("The vendor's generation of commerce.", READ, filter=True)
    market = column("The country it was bought in, as an ISO 3166-1 alpha-2 code.", READ, filter=True)
    product_type_id = column("The vendor's id of the product type.", READ)
    product_type_name = column("The vendor's name of the product type.", READ)
    quantity = column("The number of units, such as licenses.", READ, filter=True, order=True)
    unit_type = column("The unit of `quantity`, such as `Licenses`.", READ)
    billing_type = column("Whether it is billed by usage or by license.", READ, filter=True)
    parent = one("For an add-on: the base subscription.", "Subscription", "parent_id", READ)
    add_ons = many("Its add-ons that you can see.", "Subscription", "parent_id")
    continues = one(
        "The subscription that this one replaces: of another channel, or of another partner before a "
        "transfer.",
        "Subscription",
        "continues_id",
        READ,
    )
    continued_by = many(
        "The subscriptions that replace this one and that you can see.", "Subscription", "continues_id"
    )
    services = column("The names of its Azure services.", READ)
    canceled_services = column("The names of its services that were canceled separately.", READ)
    support_options = SUPPORT_OPTIONS
    left_to_move = computed(
        "What is still to be canceled after the subscription was recreated in CSP.",
        "LeftToMove",
        READ,
        _left_to_move,
        witness="services",
    )
    entitlement_id = column("The GUID of the underlying Azure subscription.", READ, filter=True)
    consumption_type = column("How its usage is metered, in the vendor's words.", READ)
    creation_date = column("When it was bought.", READ, filter=True, order=True)
    effective_start_date = column("When the current term began.", READ, filter=True, order=True)
    commitment_end_date = column("When the current term ends.", READ, filter=True, order=True)
    cancellation_allowed_until_date = column(
        "The end of the cancellation window; null if there is none.", READ, filter=True
    )
    auto_renew_enabled = column("Whether it renews at the end of the term.", READ, filter=True)
    has_purchasable_addons = column("Whether add-ons can be bought for it.", READ)
    is_trial = column("Whether it is a trial.", READ, filter=True)
    term_duration = column(
        "The length of the term, as an ISO 8601 duration such as `P1Y`.", READ, filter=True
    )
    renewal_term_duration = column("The length of the next term, as an ISO 8601 duration.", READ)
    is_microsoft_product = column("Whether the vendor publishes the product itself.", READ)
    publisher_name = column("The name of the product's publisher.", READ)
    suspension_reasons = column("Why it is suspended; empty if it is not.", READ)
    cancellation_reason = column("Why it was canceled; null if it was not.", READ)
    expires_at = column("When it expires unless it renews.", READ)
    disabled_at = column("When its users lose access after it has expired.", READ)
    deleted_at = column("When it was or will be deleted, with its data.", READ)
    contract_type = column("What was bought.", READ)
    migrated_from_subscription_id = column(
        "The vendor's id of the subscription that this one replaces.", READ
    )
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    partner_number = column("The partner number that the vendor assigned to the partner of record.", BILLING)
    billing_cycle = column("How often it is billed.", BILLING, filter=True)
    billing_cycle_end_date = column("When the current billing cycle ends.", BILLING)
    order_id = column("The vendor's id of the order.", BILLING, filter=True)
    promotion_id = column("The vendor's id of the promotion it was bought under.", BILLING)
