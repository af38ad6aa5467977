"""Mutations about the vendor's portal: linking a subscription, and telling what was done there."""

from __future__ import annotations

from multichannel.domain.subscriptions import Subscription
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import input_type, optional, parse_guid
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.graphql.mutations.subscription_inputs import SubscriptionInput
from multichannel.policy.schema.resources import SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import vendor_tasks
from multichannel.store.unit_of_work import UnitOfWork

ENTITLEMENT = "The GUID of the underlying Azure subscription, if the vendor shows one."


@input_type
class LinkSubscriptionInput(SubscriptionInput):
    """A subscription that was made here, and the one of the vendor that it is."""

    vendor_id: str = described("The vendor's id of the subscription.")
    entitlement_id: str | None = described(ENTITLEMENT, None)


@mutation(Action.LINK, on=SUBSCRIPTION, in_bulk=True)
def link_subscription(work: UnitOfWork, input: LinkSubscriptionInput) -> Subscription:
    """Link a subscription that was made here with the vendor's, so that no import adds it again.

    This completes its purchase or transfer at the vendor.
    """
    ids = vendor_tasks.VendorIds(
        vendor_id=parse_guid("vendor_id", input.vendor_id),
        entitlement_id=optional(parse_guid, "entitlement_id", input.entitlement_id),
    )
    row_id = read_id_of(SUBSCRIPTION, input.id)
    return vendor_tasks.link_subscription(work, row_id, ids, expected_version=input.expected_version)


@input_type
class CompleteVendorTaskInput(SubscriptionInput):
    """The subscription, and what came of the task."""

    vendor_id: str | None = described(
        "The id that the vendor has given the subscription; required after a purchase or transfer.", None
    )
    entitlement_id: str | None = described(ENTITLEMENT, None)
    discard: bool = described(
        "Whether nobody will do it: the vendor's values stand, and what the vendor does not have ends here.",
        default=False,
    )


@mutation(Action.COMPLETE_VENDOR_TASK, on=SUBSCRIPTION, in_bulk=True)
def complete_vendor_task(work: UnitOfWork, input: CompleteVendorTaskInput) -> Subscription:
    """Tell that what was to do at the vendor for a subscription has been done there, or will not be.

    An import completes the task as well once the export shows it.
    """
    ids = vendor_tasks.VendorIds(
        vendor_id=optional(parse_guid, "vendor_id", input.vendor_id),
        entitlement_id=optional(parse_guid, "entitlement_id", input.entitlement_id),
    )
    return vendor_tasks.complete_vendor_task(
        work,
        read_id_of(SUBSCRIPTION, input.id),
        ids,
        discard=input.discard,
        expected_version=input.expected_version,
    )
