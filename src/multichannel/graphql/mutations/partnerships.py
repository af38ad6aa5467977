"""Mutations of partnerships (SM3)."""

from __future__ import annotations

import strawberry

from multichannel.domain.partnerships import Partnership
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, optional, parse_guid, parse_text
from multichannel.graphql.framework.mutation import mutation
from multichannel.policy.schema.resources import PARTNER, PARTNERSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import partnerships
from multichannel.store.unit_of_work import UnitOfWork


@strawberry.input(description="The partner to invite.")
class InviteIndirectResellerInput(MutationInput):
    """A provider's invitation."""

    reseller: str = strawberry.field(
        description="The partner's tenant GUID. The result is the same whether or not this service knows it."
    )
    reseller_number: str | None = strawberry.field(
        default=None,
        description="The vendor's partner number of the reseller's location, used when it is credited as "
        "partner of record.",
    )


@mutation(Action.INVITE_RESELLER, on=PARTNER, returns=PARTNERSHIP)
def invite_indirect_reseller(work: UnitOfWork, input: InviteIndirectResellerInput) -> Partnership:
    """Invite a partner to become your indirect reseller.

    The invitation is delivered only if the partner is in your market and national cloud.
    """
    number = optional(parse_text, "reseller_number", input.reseller_number)
    return partnerships.invite_indirect_reseller(work, parse_guid("reseller", input.reseller), number)


@strawberry.input(description="The invitation to accept.")
class AcceptPartnershipInput(MutationInput):
    """The reseller's consent."""

    id: strawberry.ID = strawberry.field(description="The partnership.")


@mutation(Action.ACCEPT, on=PARTNERSHIP)
def accept_partnership(work: UnitOfWork, input: AcceptPartnershipInput) -> Partnership:
    """Accept a provider's invitation. The provider can then place orders for your customers."""
    return partnerships.accept_partnership(work, read_id_of(PARTNERSHIP, input.id))


@strawberry.input(description="The partnership to end, or the invitation to withdraw.")
class RemovePartnershipInput(MutationInput):
    """The end of a partnership by its provider."""

    id: strawberry.ID = strawberry.field(description="The partnership.")


@mutation(Action.REMOVE, on=PARTNERSHIP)
def remove_partnership(work: UnitOfWork, input: RemovePartnershipInput) -> Partnership:
    """End a partnership with a reseller, or withdraw an invitation.

    The reseller keeps its customers and its delegated admin privileges.
    """
    return partnerships.remove_partnership(work, read_id_of(PARTNERSHIP, input.id))
