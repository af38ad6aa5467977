"""Mutations of partnerships (SM3)."""

from __future__ import annotations

import strawberry

from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, guid_of, text_of
from multichannel.graphql.framework.mutation import writes
from multichannel.policy.schema.resources import PARTNERSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import partnerships
from multichannel.store.unit_of_work import Work


@strawberry.input(description="Whom a provider invites to be its reseller.")
class InviteIndirectResellerInput(MutationInput):
    """An invitation."""

    reseller: str = strawberry.field(
        description="The reseller's tenant id. The answer is the same, known here or not."
    )
    reseller_number: str | None = strawberry.field(
        default=None, description="The vendor's number of the reseller's location, to credit it by (R25)."
    )


@strawberry.input(description="A provider's invitation to accept.")
class AcceptPartnershipInput(MutationInput):
    """The reseller's consent."""

    id: strawberry.ID = strawberry.field(description="The partnership.")


@strawberry.input(description="A partnership, or an invitation, to end.")
class RemovePartnershipInput(MutationInput):
    """What the provider ends."""

    id: strawberry.ID = strawberry.field(description="The partnership.")


def _invite(work: Work, input: InviteIndirectResellerInput) -> str:
    number = input.reseller_number
    told = None if number is None else text_of("reseller_number", number)
    return partnerships.invite_indirect_reseller(work, guid_of("reseller", input.reseller), told).id


def _accept(work: Work, input: AcceptPartnershipInput) -> str:
    return partnerships.accept_partnership(work, read_id_of(PARTNERSHIP, input.id)).id


def _remove(work: Work, input: RemovePartnershipInput) -> str:
    return partnerships.remove_partnership(work, read_id_of(PARTNERSHIP, input.id)).id


writes(
    "invite_indirect_reseller",
    "Invite a partner to be your reseller. It reaches partners of your market, and nobody else (R12).",
    action=Action.INVITE_RESELLER,
    on="Partner",
    input_type=InviteIndirectResellerInput,
    use_case=_invite,
    shows="Partnership",
)
writes(
    "accept_partnership",
    "Consent to be a provider's reseller: it may then order for your customers (R27).",
    action=Action.ACCEPT,
    on="Partnership",
    input_type=AcceptPartnershipInput,
    use_case=_accept,
)
writes(
    "remove_partnership",
    "End a partnership, or take an invitation back. The reseller keeps its customers and privileges.",
    action=Action.REMOVE,
    on="Partnership",
    input_type=RemovePartnershipInput,
    use_case=_remove,
)
