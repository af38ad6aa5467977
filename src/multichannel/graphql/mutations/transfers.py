"""Mutations of transfers."""

from __future__ import annotations

from collections.abc import Callable

import strawberry

from multichannel.domain.transfers import Transfer, TransferKind, TransferProductType
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, guid_of
from multichannel.graphql.framework.mutation import writes
from multichannel.policy.schema.resources import CUSTOMER, SUBSCRIPTION, TRANSFER
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import transfers
from multichannel.store.unit_of_work import Work

VERSION = "The `version` you saw; another one refuses the change."


@strawberry.input(description="What to ask another partner for.")
class RequestTransferInput(MutationInput):
    """A request by the target."""

    customer: strawberry.ID = strawberry.field(description="The customer, whom you have a relationship with.")
    source_partner: str = strawberry.field(description="The tenant GUID of the partner that sells now.")
    product_types: list[TransferProductType] = strawberry.field(
        default_factory=list, description="What to ask for; empty for everything."
    )
    partner_of_record: str | None = strawberry.field(
        default=None,
        description="The tenant GUID of your reseller that is to be credited; for providers (R40).",
    )
    kind: TransferKind = strawberry.field(
        default=TransferKind.NEW_COMMERCE,
        description="NEW_COMMERCE or AZURE_PLAN; the other kinds are begun by the source.",
    )


@strawberry.input(description="What to offer, and to whom.")
class OfferTransferInput(MutationInput):
    """An offer by the source."""

    customer: strawberry.ID = strawberry.field(description="The customer whose subscriptions they are.")
    target_partner: str = strawberry.field(description="The tenant GUID of the partner that is to receive.")
    subscription_ids: list[strawberry.ID] = strawberry.field(
        description="1 to 25 subscriptions you bill; their add-ons go along (R31, R36)."
    )
    kind: TransferKind = strawberry.field(
        default=TransferKind.LEGACY,
        description="LEGACY to the provider whose reseller you are, or MANUAL_SWITCH of legacy Azure.",
    )


@strawberry.input(description="Which transfer to accept, and what of it.")
class AcceptTransferInput(MutationInput):
    """A yes."""

    id: strawberry.ID = strawberry.field(description="The transfer.")
    subscription_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Of what you were asked for, 1 to 25 subscriptions; their add-ons go along (R31, R36). "
        "To be left out where you were offered.",
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="Which switch to sign.")
class ConsentToTransferInput(MutationInput):
    """A signature."""

    id: strawberry.ID = strawberry.field(description="The transfer.")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="Which transfer to decline.")
class DeclineTransferInput(MutationInput):
    """A no."""

    id: strawberry.ID = strawberry.field(description="The transfer.")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="Which transfer to take back.")
class CancelTransferInput(MutationInput):
    """A retreat."""

    id: strawberry.ID = strawberry.field(description="The transfer.")
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


def _subscriptions(ids: list[strawberry.ID]) -> list[str]:
    return [read_id_of(SUBSCRIPTION, each) for each in ids]


def _request(work: Work, input: RequestTransferInput) -> str:
    reseller = input.partner_of_record
    asked = transfers.TransferRequest(
        kind=input.kind,
        customer_id=read_id_of(CUSTOMER, input.customer),
        source_partner_id=guid_of("source_partner", input.source_partner),
        product_types=input.product_types,
        partner_of_record_id=None if reseller is None else guid_of("partner_of_record", reseller),
    )
    return transfers.request_transfer(work, asked).id


def _offer(work: Work, input: OfferTransferInput) -> str:
    offer = transfers.TransferOffer(
        kind=input.kind,
        customer_id=read_id_of(CUSTOMER, input.customer),
        target_partner_id=guid_of("target_partner", input.target_partner),
        subscription_ids=_subscriptions(input.subscription_ids),
    )
    return transfers.offer_transfer(work, offer).id


def _accept(work: Work, input: AcceptTransferInput) -> str:
    ids = None if input.subscription_ids is None else _subscriptions(input.subscription_ids)
    row_id = read_id_of(TRANSFER, input.id)
    return transfers.accept_transfer(
        work, row_id, subscription_ids=ids, expected_version=input.expected_version
    ).id


def _decided_by(
    use_case: Callable[..., Transfer],
) -> Callable[[Work, ConsentToTransferInput | DeclineTransferInput | CancelTransferInput], str]:
    """A use case that takes a transfer and no more."""

    def decide(work: Work, input: ConsentToTransferInput | DeclineTransferInput | CancelTransferInput) -> str:
        return use_case(work, read_id_of(TRANSFER, input.id), expected_version=input.expected_version).id

    return decide


writes(
    "request_transfer",
    "Ask another partner for what it sells to a customer. It names no subscriptions, and is answered within "
    "30 days or lapses.",
    action=Action.REQUEST_TRANSFER,
    on="Partner",
    input_type=RequestTransferInput,
    use_case=_request,
    shows="Transfer",
)
writes(
    "offer_transfer",
    "Offer subscriptions to your provider, or begin a switch of legacy Azure, which all three sides sign.",
    action=Action.RELEASE,
    on="Subscription",
    input_type=OfferTransferInput,
    use_case=_offer,
    shows="Transfer",
)
writes(
    "consent_to_transfer",
    "Sign a switch for your side. With the third signature the subscriptions move.",
    action=Action.CONSENT,
    on="Transfer",
    input_type=ConsentToTransferInput,
    use_case=_decided_by(transfers.consent_to_transfer),
)
writes(
    "accept_transfer",
    "Accept what you were asked for, choosing the subscriptions, or what you were offered, as it is.",
    action=Action.ACCEPT,
    on="Transfer",
    input_type=AcceptTransferInput,
    use_case=_accept,
)
writes(
    "decline_transfer",
    "Say no to what you were asked for or offered, or to a switch you take part in.",
    action=Action.DECLINE,
    on="Transfer",
    input_type=DeclineTransferInput,
    use_case=_decided_by(transfers.decline_transfer),
)
writes(
    "cancel_transfer",
    "Take back what you have begun, while it is pending.",
    action=Action.CANCEL,
    on="Transfer",
    input_type=CancelTransferInput,
    use_case=_decided_by(transfers.cancel_transfer),
)
