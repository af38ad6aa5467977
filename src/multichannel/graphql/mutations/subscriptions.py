"""Mutations of subscriptions: recording, buying, changing."""

from __future__ import annotations

from multichannel.domain.subscriptions import Subscription
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import is_set, optional, parse_guid, parse_text
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.mutations.subscription_inputs import (
    AssignPartnerOfRecordInput,
    AssignSupportContactInput,
    CancelServiceInput,
    CancelSubscriptionInput,
    CreateSubscriptionInput,
    MoveSubscriptionToCspInput,
    ReactivateSubscriptionInput,
    RecordExternalSubscriptionInput,
    SuspendSubscriptionInput,
    UpdateSubscriptionInput,
    edits_of,
    external_subscription_of,
    order_of,
)
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import subscriptions
from multichannel.store.unit_of_work import UnitOfWork


@mutation(Action.RECORD_SUBSCRIPTION, on=CUSTOMER, returns=SUBSCRIPTION, in_bulk=True)
def record_external_subscription(work: UnitOfWork, input: RecordExternalSubscriptionInput) -> Subscription:
    """Record a subscription that a customer has bought in a channel other than CSP.

    A record made by the customer is visible to the partners that it has a relationship with; one made by a
    partner is visible to that partner and the customer only.
    """
    customer_id = read_id_of(CUSTOMER, input.customer)
    return subscriptions.record_external_subscription(
        work, customer_id, external_subscription_of(input, work.now)
    )


@mutation(Action.CREATE_SUBSCRIPTION, on=CUSTOMER, returns=SUBSCRIPTION)
def create_subscription(work: UnitOfWork, input: CreateSubscriptionInput) -> Subscription:
    """Sell a customer a subscription or an add-on in CSP. Your partner bills and supports it."""
    return subscriptions.create_subscription(
        work,
        read_id_of(CUSTOMER, input.customer),
        order_of(input),
        parent_id=read_id_of(SUBSCRIPTION, input.parent_id) if input.parent_id else None,
        partner_of_record_directory_id=optional(parse_guid, "partner_of_record", input.partner_of_record),
    )


@mutation(Action.UPDATE, on=SUBSCRIPTION, in_bulk=True)
def update_subscription(work: UnitOfWork, input: UpdateSubscriptionInput) -> Subscription:
    """Change the quantity, the display name or the automatic renewal of a subscription.

    A suspended subscription cannot be changed.
    """
    edits, row_id = edits_of(input), read_id_of(SUBSCRIPTION, input.id)
    return subscriptions.update_subscription(work, row_id, edits, expected_version=input.expected_version)


@mutation(Action.SUSPEND, on=SUBSCRIPTION, in_bulk=True)
def suspend_subscription(work: UnitOfWork, input: SuspendSubscriptionInput) -> Subscription:
    """Suspend a subscription and its add-ons. Their users lose access.

    A legacy subscription is deleted after 90 days of suspension; a new commerce subscription is billed until
    the end of its term.
    """
    return subscriptions.suspend_subscription(
        work,
        read_id_of(SUBSCRIPTION, input.id),
        input.reason,
        expected_version=input.expected_version,
    )


@mutation(Action.REACTIVATE, on=SUBSCRIPTION, in_bulk=True)
def reactivate_subscription(work: UnitOfWork, input: ReactivateSubscriptionInput) -> Subscription:
    """Reactivate a suspended subscription.

    Its add-ons, which were suspended along with it, are reactivated with `includeAddOns`, or one by one once
    their base is active.
    """
    return subscriptions.reactivate_subscription(
        work,
        read_id_of(SUBSCRIPTION, input.id),
        expected_version=input.expected_version,
        include_add_ons=input.include_add_ons,
    )


@mutation(Action.CANCEL, on=SUBSCRIPTION, in_bulk=True)
def cancel_subscription(work: UnitOfWork, input: CancelSubscriptionInput) -> Subscription:
    """End a subscription and its add-ons immediately.

    A new commerce license can be canceled only within seven days of its purchase or renewal. The record of a
    subscription of another channel is marked as deleted.
    """
    return subscriptions.cancel_subscription(
        work,
        read_id_of(SUBSCRIPTION, input.id),
        input.reason,
        expected_version=input.expected_version,
    )


@mutation(Action.CANCEL_SERVICE, on=SUBSCRIPTION)
def cancel_service(work: UnitOfWork, input: CancelServiceInput) -> Subscription:
    """Cancel one service of a subscription of another channel that has been recreated in CSP."""
    row_id, service = read_id_of(SUBSCRIPTION, input.id), parse_text("service", input.service)
    return subscriptions.cancel_service(work, row_id, service, expected_version=input.expected_version)


@mutation(Action.MOVE_TO_CSP, on=SUBSCRIPTION, in_bulk=True)
def move_subscription_to_csp(work: UnitOfWork, input: MoveSubscriptionToCspInput) -> Subscription:
    """Recreate a usage-based subscription of another channel in CSP and return the new subscription.

    The old subscription continues until its services, or all of it, are canceled.
    """
    return subscriptions.move_subscription_to_csp(
        work,
        read_id_of(SUBSCRIPTION, input.id),
        offer_name=optional(parse_text, "offer_name", input.offer_name),
        friendly_name=optional(parse_text, "friendly_name", input.friendly_name),
    )


@mutation(Action.ASSIGN_SUPPORT_CONTACT, on=SUBSCRIPTION, in_bulk=True)
def assign_support_contact(work: UnitOfWork, input: AssignSupportContactInput) -> Subscription:
    """Assign the partner that supports a subscription.

    The partner must have a relationship with the customer.
    """
    directory_id, row_id = _partner_of(input), read_id_of(SUBSCRIPTION, input.id)
    return subscriptions.assign_support_contact(
        work, row_id, directory_id, expected_version=input.expected_version
    )


@mutation(Action.ASSIGN_PARTNER_OF_RECORD, on=SUBSCRIPTION, in_bulk=True)
def assign_partner_of_record(work: UnitOfWork, input: AssignPartnerOfRecordInput) -> Subscription:
    """Assign one of your resellers, or none, as the partner of record that is credited for a subscription."""
    directory_id, row_id = _partner_of(input), read_id_of(SUBSCRIPTION, input.id)
    return subscriptions.assign_partner_of_record(
        work, row_id, directory_id, expected_version=input.expected_version
    )


def _partner_of(input: AssignSupportContactInput | AssignPartnerOfRecordInput) -> str | None:
    if not is_set(input.partner):
        raise BadInput("input.partner is required: a partner's tenant GUID, or null for none.")
    return optional(parse_guid, "partner", input.partner)
