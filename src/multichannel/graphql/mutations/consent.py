"""Mutations of customers about what they and partners recorded: sharing, confirmation."""

from __future__ import annotations

import strawberry

from multichannel.domain.commerce import Sharing
from multichannel.domain.customers import Customer
from multichannel.domain.subscriptions import Subscription
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import EXPECTED_VERSION, MutationInput, input_type, parse_guid
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import confirmations, sharing
from multichannel.store.unit_of_work import UnitOfWork

MOST_PARTNERS = 100


@input_type
class SetSubscriptionSharingInput(MutationInput):
    """A record of yours, and the partners that read it."""

    id: strawberry.ID = described("The subscription, of another channel than CSP.")
    expected_version: int = described(EXPECTED_VERSION)
    sharing: Sharing = described("Which partners read the record.")
    partners: list[str] | None = described(
        f"With SELECTED, and only then: the tenant GUIDs of 1 to {MOST_PARTNERS} partners with "
        "an active relationship with your company.",
        None,
    )


@mutation(Action.SET_SHARING, on=SUBSCRIPTION, in_bulk=True)
def set_subscription_sharing(work: UnitOfWork, input: SetSubscriptionSharingInput) -> Subscription:
    """Choose the partners that read what your company has recorded. It takes effect at once.

    The support contact of the subscription reads it in any case.
    """
    row_id, choice = read_id_of(SUBSCRIPTION, input.id), choice_of(input.sharing, input.partners)
    return sharing.set_subscription_sharing(work, row_id, choice, expected_version=input.expected_version)


def choice_of(chosen: Sharing, partners: list[str] | None) -> sharing.SharingChoice:
    """The choice to store; BadInput unless partners are named exactly for SELECTED."""
    if (chosen is Sharing.SELECTED) != bool(partners):
        raise BadInput("input.partners is required with SELECTED, and must be omitted otherwise.")
    ids = frozenset(parse_guid("partners", each) for each in partners or ())
    if len(ids) > MOST_PARTNERS:
        raise BadInput(f"input.partners must have at most {MOST_PARTNERS} items.")
    return sharing.SharingChoice(chosen, ids)


@input_type
class SetDefaultSharingInput(MutationInput):
    """Your company, and the partners that read what it records from now on."""

    id: strawberry.ID = described("Your company.")
    sharing: Sharing = described(
        "Which partners read new records. With SELECTED, none does until you select partners."
    )


@mutation(Action.SET_SHARING, on=CUSTOMER)
def set_default_sharing(work: UnitOfWork, input: SetDefaultSharingInput) -> Customer:
    """Choose the partners that read what your company records from now on.

    Existing records stay as they are.
    """
    return sharing.set_default_sharing(work, read_id_of(CUSTOMER, input.id), input.sharing)


@input_type
class ConfirmExternalSubscriptionInput(MutationInput):
    """The partner's record to confirm."""

    id: strawberry.ID = described("The subscription that a partner recorded.")
    expected_version: int = described(EXPECTED_VERSION)


@mutation(Action.CONFIRM, on=SUBSCRIPTION, in_bulk=True)
def confirm_external_subscription(work: UnitOfWork, input: ConfirmExternalSubscriptionInput) -> Subscription:
    """Confirm that you have bought what a partner recorded. The partner can then recreate it in CSP.

    It is refused while another partner sells you the same subscription in CSP: see `cspConflicts`.
    """
    row_id = read_id_of(SUBSCRIPTION, input.id)
    return confirmations.confirm_external_subscription(work, row_id, expected_version=input.expected_version)


@input_type
class DisputeExternalSubscriptionInput(MutationInput):
    """The partner's record to dispute."""

    id: strawberry.ID = described("The subscription that a partner recorded.")
    expected_version: int = described(EXPECTED_VERSION)


@mutation(Action.DISPUTE, on=SUBSCRIPTION)
def dispute_external_subscription(work: UnitOfWork, input: DisputeExternalSubscriptionInput) -> Subscription:
    """Dispute what a partner recorded, also if you have confirmed it. The partner cannot move it to CSP."""
    row_id = read_id_of(SUBSCRIPTION, input.id)
    return confirmations.dispute_external_subscription(work, row_id, expected_version=input.expected_version)
