"""Mutations of transfers."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry

from multichannel.domain.transfers import Transfer, TransferKind, TransferProductType
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    EXPECTED_VERSION,
    MutationInput,
    input_type,
    optional,
    parse_guid,
    parse_text,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import CUSTOMER, PARTNER, SUBSCRIPTION, TRANSFER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import switch_requests, transfers
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class RequestTransferInput(MutationInput):
    """What to request, from which partner and for which customer."""

    customer: strawberry.ID = described("The customer; you must have a relationship with it.")
    source_partner: str = described("The tenant GUID of the partner that bills the subscriptions now.")
    product_types: list[TransferProductType] = described(
        "The product types to request; all if empty.", default_factory=list
    )
    partner_of_record: str | None = described(
        "For an indirect provider: the tenant GUID of its reseller to credit as partner of record.", None
    )
    kind: TransferKind = described(
        "NEW_COMMERCE or AZURE_PLAN; the source starts transfers of the other kinds.",
        TransferKind.NEW_COMMERCE,
    )


@mutation(Action.REQUEST_TRANSFER, on=PARTNER, returns=TRANSFER, in_bulk=True)
def request_transfer(work: UnitOfWork, input: RequestTransferInput) -> Transfer:
    """Request subscriptions of a customer from the partner that bills them.

    The source chooses the subscriptions when it accepts. A request that is not answered expires after 30
    days.
    """
    request = transfers.TransferRequest(
        kind=input.kind,
        customer_id=read_id_of(CUSTOMER, input.customer),
        source_directory_id=parse_guid("source_partner", input.source_partner),
        product_types=input.product_types,
        partner_of_record_directory_id=optional(parse_guid, "partner_of_record", input.partner_of_record),
    )
    return transfers.request_transfer(work, request)


@input_type
class OfferTransferInput(MutationInput):
    """The subscriptions to offer, and the partner to offer them to."""

    customer: strawberry.ID = described("The customer that owns the subscriptions.")
    target_partner: str = described("The tenant GUID of the receiving partner.")
    subscription_ids: list[strawberry.ID] = described(
        "1 to 25 subscriptions that you bill. Their add-ons are transferred with them."
    )
    kind: TransferKind = described(
        "LEGACY for an offer to the provider whose reseller you are; MANUAL_SWITCH for a switch "
        "of legacy Azure subscriptions.",
        TransferKind.LEGACY,
    )


@mutation(Action.RELEASE, on=SUBSCRIPTION, returns=TRANSFER, in_bulk=True)
def offer_transfer(work: UnitOfWork, input: OfferTransferInput) -> Transfer:
    """Offer subscriptions to your provider, or start a manual switch of legacy Azure subscriptions.

    A manual switch needs the consent of the source, the customer and the target.
    """
    offer = transfers.TransferOffer(
        kind=input.kind,
        customer_id=read_id_of(CUSTOMER, input.customer),
        target_directory_id=parse_guid("target_partner", input.target_partner),
        subscription_ids=_row_ids(input.subscription_ids),
    )
    return transfers.offer_transfer(work, offer)


@input_type
class RequestSwitchInput(MutationInput):
    """The subscription to switch, and the partner to switch to."""

    id: strawberry.ID = described("The subscription. Its add-ons are switched with it.")
    target_partner: str = described("The tenant GUID of a partner with which you have a relationship.")
    notice: str = described("What you write to the partner that bills it now; the target reads it, too.")


@mutation(Action.REQUEST_SWITCH, on=SUBSCRIPTION, returns=TRANSFER)
def request_switch(work: UnitOfWork, input: RequestSwitchInput) -> Transfer:
    """Request, as the customer, that a subscription is switched to another partner.

    The partner that bills it opens the switch with `consentToTransfer`, or declines with a reason. Then the
    target reviews the lines and consents, and the subscription moves. A request that is not answered expires
    after 30 days.
    """
    request = switch_requests.SwitchRequest(
        subscription_id=read_id_of(SUBSCRIPTION, input.id),
        target_directory_id=parse_guid("target_partner", input.target_partner),
        notice=parse_text("notice", input.notice),
    )
    return switch_requests.request_switch(work, request)


def _row_ids(ids: Iterable[strawberry.ID]) -> list[str]:
    return [read_id_of(SUBSCRIPTION, each) for each in ids]


@input_type
class TransferInput(MutationInput):
    """The transfer to decide on, in the version that the caller has seen."""

    id: strawberry.ID = described("The transfer.")
    expected_version: int | None = described(EXPECTED_VERSION, None)


@input_type
class ConsentToTransferInput(TransferInput):
    """The switch to consent to."""


@mutation(Action.CONSENT, on=TRANSFER)
def consent_to_transfer(work: UnitOfWork, input: ConsentToTransferInput) -> Transfer:
    """Consent to a switch for your side. The third consent moves the subscriptions.

    The source of a switch that the customer requested consents first, and must be allowed to RELEASE every
    subscription in it.
    """
    row_id = read_id_of(TRANSFER, input.id)
    return transfers.consent_to_transfer(work, row_id, expected_version=input.expected_version)


@input_type
class AcceptTransferInput(MutationInput):
    """The transfer to accept and, for a request, the subscriptions to hand over."""

    id: strawberry.ID = described("The transfer.")
    subscription_ids: list[strawberry.ID] | None = described(
        "For a request: the 1 to 25 subscriptions to hand over; their add-ons are transferred "
        "with them. For an offer: omit it.",
        None,
    )
    expected_version: int | None = described(EXPECTED_VERSION, None)


@mutation(Action.ACCEPT, on=TRANSFER, in_bulk=True)
def accept_transfer(work: UnitOfWork, input: AcceptTransferInput) -> Transfer:
    """Accept a request, choosing the subscriptions to hand over, or accept an offer as it was made."""
    ids = None if input.subscription_ids is None else _row_ids(input.subscription_ids)
    row_id = read_id_of(TRANSFER, input.id)
    return transfers.accept_transfer(
        work, row_id, subscription_ids=ids, expected_version=input.expected_version
    )


@input_type
class DeclineTransferInput(TransferInput):
    """The transfer to decline."""

    reason: str | None = described("Why. Required for a switch that the customer requested.", None)


@mutation(Action.DECLINE, on=TRANSFER)
def decline_transfer(work: UnitOfWork, input: DeclineTransferInput) -> Transfer:
    """Decline a request or an offer that was made to you, or a switch that you are a party to."""
    row_id = read_id_of(TRANSFER, input.id)
    return transfers.decline_transfer(
        work,
        row_id,
        expected_version=input.expected_version,
        reason=optional(parse_text, "reason", input.reason),
    )


@input_type
class CancelTransferInput(TransferInput):
    """The transfer to cancel."""


@mutation(Action.CANCEL, on=TRANSFER, in_bulk=True)
def cancel_transfer(work: UnitOfWork, input: CancelTransferInput) -> Transfer:
    """Cancel a pending transfer that you started."""
    row_id = read_id_of(TRANSFER, input.id)
    return transfers.cancel_transfer(work, row_id, expected_version=input.expected_version)
