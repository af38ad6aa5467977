"""Subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import strawberry

from multichannel.domain.lifecycle import LIVE
from multichannel.domain.refusals import TRANSFER_REASONS
from multichannel.domain.transfers import TransferKind
from multichannel.errors import BadInput, Denied
from multichannel.graphql.framework.fields import Column, Computed, ToMany, ToOne, resource_type
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.strawberry_types import (
    Field,
    described,
    object_type,
    register_refusal_codes,
    value_type,
)
from multichannel.graphql.types.access import access_field
from multichannel.graphql.types.common import ALIAS, CREATED_AT, TAGS, UPDATED_AT, version
from multichannel.graphql.types.consent import CSP_CONFLICTS, SHARED_WITH, SHARING
from multichannel.policy.schema.resources import PARTNER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.support import support_options
from multichannel.services.transfer_eligibility import transfer_eligibility
from multichannel.store.read.list_query import ReadableColumn
from multichannel.store.unit_of_work import UnitOfWork

SUMMARY, READ, BILLING = Action.READ_SUMMARY, Action.READ, Action.READ_BILLING
OF_MOVE = frozenset(ReadableColumn(name, READ) for name in ("services", "canceled_services", "status"))


@value_type
class LeftToMove:
    """What is still active of a subscription of another channel after its move to CSP."""

    services: list[str] = described("The names of its services that are not canceled.")
    whole: bool = described("Whether the subscription itself is still active or suspended.")


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


register_refusal_codes("TransferObstacle", "Why a subscription cannot be transferred.", TRANSFER_REASONS)
object_type(
    "TransferReason",
    "A reason why a subscription cannot be transferred.",
    {
        "code": Field("TransferObstacle", "The reason as a code."),
        "message": Field("str", "The reason as a sentence for people."),
        "rule": Field("str", "The business rule behind it, such as `R36`."),
    },
)
object_type(
    "TransferEligibility",
    "Whether a subscription can be transferred now.",
    {
        "eligible": Field("bool", "Whether it can be transferred; then `reasons` is empty."),
        "reasons": Field("list[TransferReason]", "Every reason why it cannot be transferred."),
    },
)


def _eligibility(work: UnitOfWork, ids: Sequence[str], kind: TransferKind) -> Mapping[str, dict[str, object]]:
    reasons = transfer_eligibility(work, ids, kind)
    return {key: {"eligible": not each, "reasons": each} for key, each in reasons.items()}


FOR_PARTNER = (
    "For a customer: the partner whose options to list instead. Reasons that depend on what you cannot read "
    "of the partner are summarized as PARTNER_NOT_ABLE. Requires READ_SUPPORT_OPTIONS on the Partner."
)


def _support_options(
    work: UnitOfWork, ids: Sequence[str], for_: strawberry.ID | None = None
) -> Mapping[str, object]:
    """The options, or in place of those of each subscription the denial."""
    try:
        return support_options(work, ids, None if for_ is None else read_id_of(PARTNER, for_))
    except (Denied, BadInput) as error:
        return dict.fromkeys(ids, error)


object_type(
    "SupportBlocker",
    "A reason why a support option is not available.",
    {
        "code": Field("str", "The reason as a code."),
        "message": Field("str", "The reason as a sentence for people."),
        "rule": Field("str | None", "The business rule behind it, such as `R3`; null if none."),
    },
)
object_type(
    "SupportOption",
    "A way in which a partner could support a subscription, or its customer could go on.",
    {
        "kind": Field("SupportOptionKind", "The kind of option."),
        "available": Field("bool", "Whether it is available now; then `blockedBy` is empty."),
        "available_from": Field(
            "datetime | None",
            "When it becomes available; null unless the end of the term opens it.",
        ),
        "blocked_by": Field(
            "list[SupportBlocker]",
            "Every reason why it is not available: restrictions of the policy and refusals.",
        ),
    },
)


@resource_type(SUBSCRIPTION)
class Subscription:
    """A subscription that a customer bought through any channel."""

    alias = ALIAS
    tags = TAGS
    friendly_name = Column("The display name.", SUMMARY, filter=True, order=True, search=True)
    offer_name = Column("The name of the offer.", SUMMARY, filter=True, order=True, search=True)
    status = Column("The state of the subscription now.", SUMMARY, filter=True, order=True)
    channel = Column("The route by which it was bought.", SUMMARY, filter=True, order=True)
    cloud = Column("The national cloud of the customer's tenant.", SUMMARY, filter=True, order=True)
    # In the summary, so that a role that may add licenses but not read subscriptions can send its version.
    version = version(SUMMARY, expected=True)
    customer = ToOne("The customer that bought it.", "Customer", SUMMARY)
    offer_id = Column("The vendor's id of the offer.", READ, filter=True)
    vendor_id = Column("The vendor's id of the subscription.", READ, filter=True, search=True)
    vendor_state = Column(
        "Whether the vendor has the same, as far as its exports and your people say.",
        READ,
        filter=True,
        order=True,
    )
    vendor_task = Column(
        "What is to be done in the vendor's portal; null if nothing is.", READ, filter=True, order=True
    )
    vendor_task_since = Column(
        "Since when it is to be done in the vendor's portal.", READ, filter=True, order=True
    )
    recorded_by = Column("Whether the customer or a partner recorded it here.", READ, filter=True, order=True)
    billing_partner = ToOne(
        "The partner that bills it; null if none does, or you cannot see that partner.", "Partner", READ
    )
    partner_of_record = ToOne(
        "The reseller that is credited for it; null if none is, or you cannot see it.", "Partner", READ
    )
    support_contact = ToOne(
        "The partner assigned to support it; null if none is, or you cannot see it.", "Partner", READ
    )
    commerce = Column("The vendor's generation of commerce.", READ, filter=True, order=True)
    market = Column(
        "The country it was bought in, as an ISO 3166-1 alpha-2 code; null if unknown.",
        READ,
        filter=True,
        order=True,
    )
    product_type_id = Column("The vendor's id of the product type.", READ)
    product_type_name = Column("The vendor's name of the product type.", READ)
    quantity = Column("The number of units, such as licenses.", READ, filter=True, order=True)
    unit_type = Column("The unit of `quantity`, such as `Licenses`.", READ)
    billing_type = Column("Whether it is billed by usage or by license.", READ, filter=True, order=True)
    parent = ToOne("For an add-on: the base subscription.", "Subscription", READ)
    add_ons = ToMany("Its add-ons that you can see.", "Subscription", "parent_id")
    continues = ToOne(
        "The subscription that this one replaces: of another channel, or of another partner before a "
        "transfer.",
        "Subscription",
        READ,
    )
    continued_by = ToMany(
        "The subscriptions that replace this one and that you can see.", "Subscription", "continues_id"
    )
    support_cases = ToMany("Its support cases that you can see.", "SupportCase", "subscription_id")
    transfer_eligibility = Computed(
        "Whether it can be transferred now, and every reason why not. What you cannot read otherwise is "
        "summarized as NOT_RELEASABLE.",
        "TransferEligibility",
        READ,
        _eligibility,
        witness="commerce",
        arguments={"kind": ("TransferKind", "The kind of transfer to check.")},
    )
    services = Column("The names of its Azure services.", READ, filter=True)
    canceled_services = Column("The names of its services that were canceled separately.", READ)
    support_options = Computed(
        "How your partner could support the subscription or, for a customer, what you can do yourself; each "
        "with every blocking reason.",
        "list[SupportOption]",
        READ,
        _support_options,
        witness="commerce",
        absent=[],
        arguments={
            "for_": (
                "ID | None",
                FOR_PARTNER,
            )
        },
    )
    access = access_field(SUBSCRIPTION, "offer_name")
    sharing = SHARING
    shared_with = SHARED_WITH
    confirmation = Column(
        "Whether the customer agrees with a partner's record of another channel; null for other records.",
        READ,
        filter=True,
        order=True,
    )
    csp_conflicts = CSP_CONFLICTS
    left_to_move = Computed(
        "What is still to be canceled after the subscription was recreated in CSP.",
        "LeftToMove",
        READ,
        _left_to_move,
        witness="services",
    )
    entitlement_id = Column("The GUID of the underlying Azure subscription.", READ, filter=True, search=True)
    consumption_type = Column("How its usage is metered, in the vendor's words.", READ)
    creation_date = Column("When it was bought.", READ, filter=True, order=True)
    effective_start_date = Column("When the current term began.", READ, filter=True, order=True)
    commitment_end_date = Column("When the current term ends.", READ, filter=True, order=True)
    cancellation_allowed_until_date = Column(
        "The end of the cancellation window; null if there is none.", READ, filter=True, order=True
    )
    auto_renew_enabled = Column("Whether it renews at the end of the term.", READ, filter=True)
    has_purchasable_addons = Column("Whether add-ons can be bought for it.", READ)
    is_trial = Column("Whether it is a trial.", READ, filter=True)
    term_duration = Column(
        "The length of the term, as an ISO 8601 duration such as `P1Y`.", READ, filter=True, order=True
    )
    renewal_term_duration = Column("The length of the next term, as an ISO 8601 duration.", READ)
    is_microsoft_product = Column("Whether the vendor publishes the product itself.", READ)
    publisher_name = Column("The name of the product's publisher.", READ)
    suspension_reasons = Column("Why it is suspended; empty if it is not.", READ, filter=True)
    cancellation_reason = Column("Why it was canceled; null if it was not.", READ)
    expires_at = Column("When it expires unless it renews.", READ, filter=True, order=True)
    disabled_at = Column("When its users lose access after it has expired.", READ)
    deleted_at = Column("When it was or will be deleted, with its data.", READ)
    contract_type = Column("What was bought.", READ)
    migrated_from_subscription_id = Column(
        "The vendor's id of the subscription that this one replaces.", READ
    )
    created_at = CREATED_AT
    updated_at = UPDATED_AT
    partner_number = Column("The partner number that the vendor assigned to the partner of record.", BILLING)
    billing_cycle = Column("How often it is billed.", BILLING, filter=True, order=True)
    billing_cycle_end_date = Column("When the current billing cycle ends.", BILLING)
    order_id = Column("The vendor's id of the order.", BILLING, filter=True, search=True)
    promotion_id = Column("The vendor's id of the promotion it was bought under.", BILLING)
