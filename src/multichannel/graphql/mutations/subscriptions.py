"""Mutations of subscriptions: recording, buying, changing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import given, guid_of, text_of
from multichannel.graphql.framework.mutation import writes
from multichannel.graphql.mutations.subscription_create_inputs import (
    CreateSubscriptionInput,
    RecordExternalSubscriptionInput,
    note_of,
    order_of,
)
from multichannel.graphql.mutations.subscription_update_inputs import (
    AssignPartnerOfRecordInput,
    AssignSupportContactInput,
    CancelServiceInput,
    CancelSubscriptionInput,
    MoveSubscriptionToCspInput,
    ReactivateSubscriptionInput,
    SuspendSubscriptionInput,
    UpdateSubscriptionInput,
    edits_of,
)
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import csp_migration as azure
from multichannel.services import subscriptions
from multichannel.store.unit_of_work import Work


def _record(work: Work, input: RecordExternalSubscriptionInput) -> str:
    customer_id = read_id_of(CUSTOMER, input.customer)
    return subscriptions.record_external_subscription(work, customer_id, note_of(input, work.now)).id


def _create(work: Work, input: CreateSubscriptionInput) -> str:
    reseller = input.partner_of_record
    return subscriptions.create_subscription(
        work,
        read_id_of(CUSTOMER, input.customer),
        order_of(input),
        parent_id=read_id_of(SUBSCRIPTION, input.parent_id) if input.parent_id else None,
        partner_of_record_id=guid_of("partner_of_record", reseller) if reseller is not None else None,
    ).id


def _update(work: Work, input: UpdateSubscriptionInput) -> str:
    return subscriptions.update_subscription(
        work, _row(input), edits_of(input), expected_version=input.expected_version
    ).id


def _suspend(work: Work, input: SuspendSubscriptionInput) -> str:
    return subscriptions.suspend_subscription(
        work, _row(input), input.reason, expected_version=input.expected_version
    ).id


def _reactivate(work: Work, input: ReactivateSubscriptionInput) -> str:
    return subscriptions.reactivate_subscription(
        work, _row(input), expected_version=input.expected_version
    ).id


def _cancel(work: Work, input: CancelSubscriptionInput) -> str:
    return subscriptions.cancel_subscription(
        work, _row(input), input.reason, expected_version=input.expected_version
    ).id


def _cancel_service(work: Work, input: CancelServiceInput) -> str:
    service = text_of("service", input.service)
    return azure.cancel_service(work, _row(input), service, expected_version=input.expected_version).id


def _move(work: Work, input: MoveSubscriptionToCspInput) -> str:
    names = {
        name: text_of(name, value)
        for name, value in (("offer_name", input.offer_name), ("friendly_name", input.friendly_name))
        if value is not None
    }
    return azure.move_subscription_to_csp(work, _row(input), **names).id


def _assign_support_contact(work: Work, input: AssignSupportContactInput) -> str:
    return subscriptions.assign_support_contact(
        work, _row(input), _partner(input.partner), expected_version=input.expected_version
    ).id


def _assign_partner_of_record(work: Work, input: AssignPartnerOfRecordInput) -> str:
    return subscriptions.assign_partner_of_record(
        work, _row(input), _partner(input.partner), expected_version=input.expected_version
    ).id


def _row(input: Any) -> str:
    return read_id_of(SUBSCRIPTION, input.id)


def _partner(value: str | None) -> str | None:
    if not given(value):
        raise BadInput("input.partner is missing; give a partner's tenant GUID, or null for nobody.")
    return None if value is None else guid_of("partner", value)


def _writes(
    name: str, description: str, action: Action, input_type: Any, use_case: Callable[[Work, Any], str]
) -> None:
    """A mutation of one subscription."""
    writes(name, description, action=action, on="Subscription", input_type=input_type, use_case=use_case)


writes(
    "record_external_subscription",
    "Write down what a customer has bought in a channel other than CSP. The customer's own record is shown "
    "to the partners it has a relationship with (R4); a partner's own is private to it and the customer.",
    action=Action.RECORD_SUBSCRIPTION,
    on="Customer",
    input_type=RecordExternalSubscriptionInput,
    use_case=_record,
    shows="Subscription",
)
writes(
    "create_subscription",
    "Sell a customer a subscription or an add-on in CSP. You bill and support it.",
    action=Action.CREATE_SUBSCRIPTION,
    on="Customer",
    input_type=CreateSubscriptionInput,
    use_case=_create,
    shows="Subscription",
)
_writes(
    "update_subscription",
    "Change the quantity, the name or automatic renewal. Not while it is suspended (R44).",
    Action.UPDATE,
    UpdateSubscriptionInput,
    _update,
)
_writes(
    "suspend_subscription",
    "Lock its users out, and those of its add-ons. Legacy is deleted after 90 days; new commerce goes on "
    "billing until the end of the term.",
    Action.SUSPEND,
    SuspendSubscriptionInput,
    _suspend,
)
_writes(
    "reactivate_subscription",
    "Let the users of what is suspended back in; add-ons one by one, on an active base (R41).",
    Action.REACTIVATE,
    ReactivateSubscriptionInput,
    _reactivate,
)
_writes(
    "cancel_subscription",
    "End it now, with its add-ons; new commerce within seven days of purchase or renewal (R48). What was "
    "recorded of another channel is marked as deleted.",
    Action.CANCEL,
    CancelSubscriptionInput,
    _cancel,
)
_writes(
    "cancel_service",
    "Cancel a single service of a subscription of another channel that has been recreated in CSP (R5).",
    Action.CANCEL_SERVICE,
    CancelServiceInput,
    _cancel_service,
)
_writes(
    "move_subscription_to_csp",
    "Recreate a usage-based subscription of another channel in CSP (R5). Shows the new one; the old one goes "
    "on until its services, or all of it, are canceled (R6).",
    Action.MOVE_TO_CSP,
    MoveSubscriptionToCspInput,
    _move,
)
_writes(
    "assign_support_contact",
    "Designate the partner that supports it: one with a relationship with the customer (R26).",
    Action.ASSIGN_SUPPORT_CONTACT,
    AssignSupportContactInput,
    _assign_support_contact,
)
_writes(
    "assign_partner_of_record",
    "Credit one of your resellers for it, or nobody (R24, R25).",
    Action.ASSIGN_PARTNER_OF_RECORD,
    AssignPartnerOfRecordInput,
    _assign_partner_of_record,
)
