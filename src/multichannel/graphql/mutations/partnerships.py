"""Mutations of partnerships (SM3)."""

from __future__ import annotations

import strawberry

from multichannel.domain.partnerships import Partnership
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    MutationInput,
    input_type,
    optional,
    parse_address,
    parse_text,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import PARTNER, PARTNERSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import partnerships
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class InviteIndirectResellerInput(MutationInput):
    """The partner to invite."""

    reseller: str = described(
        "The partner's tenant GUID or domain. The result is the same whether or not this service knows it."
    )
    reseller_number: str | None = described(
        "The vendor's partner number of the reseller's location, used when it is credited as "
        "partner of record.",
        None,
    )


@mutation(Action.INVITE_RESELLER, on=PARTNER, returns=PARTNERSHIP)
def invite_indirect_reseller(work: UnitOfWork, input: InviteIndirectResellerInput) -> Partnership:
    """Invite a partner to become your indirect reseller; send it the `invitation` next.

    The invitation reaches a partner that this service knows only in your market and national cloud.
    """
    number = optional(parse_text, "reseller_number", input.reseller_number)
    return partnerships.invite_indirect_reseller(work, parse_address("reseller", input.reseller), number)


@input_type
class AcceptPartnershipInput(MutationInput):
    """The invitation to accept."""

    id: strawberry.ID = described("The partnership.")


@mutation(Action.ACCEPT, on=PARTNERSHIP)
def accept_partnership(work: UnitOfWork, input: AcceptPartnershipInput) -> Partnership:
    """Accept a provider's invitation. The provider can then place orders for your customers."""
    return partnerships.accept_partnership(work, read_id_of(PARTNERSHIP, input.id))


@input_type
class RemovePartnershipInput(MutationInput):
    """The partnership to end, or the invitation to withdraw."""

    id: strawberry.ID = described("The partnership.")


@mutation(Action.REMOVE, on=PARTNERSHIP)
def remove_partnership(work: UnitOfWork, input: RemovePartnershipInput) -> Partnership:
    """End a partnership with a reseller, or withdraw an invitation.

    The reseller keeps its customers and its delegated admin. It also continues to serve customers through
    your relationships: `attachments` of the reseller lists them, and `detachReseller` ends that.
    """
    return partnerships.remove_partnership(work, read_id_of(PARTNERSHIP, input.id))
