"""Mutations of invitations by link."""

from __future__ import annotations

import strawberry

from multichannel.domain.partnerships import Partnership
from multichannel.domain.relationships import ResellerRelationship
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import MutationInput, input_type, optional, parse_text
from multichannel.graphql.framework.mutation import mutation, redeems
from multichannel.graphql.framework.strawberry_types import described
from multichannel.policy.schema.resources import PARTNERSHIP, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import invitations, redemption
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import VerifiedToken


@input_type
class InviteCustomerInput(MutationInput):
    """What to invite the customer to."""

    id: strawberry.ID = described(
        "A request that is not answered, or your relationship with a customer that you created "
        "and that is not linked to its directory yet."
    )


@mutation(Action.INVITE, on=RELATIONSHIP)
def invite_customer(work: UnitOfWork, input: InviteCustomerInput) -> ResellerRelationship:
    """Make a new link for a customer: select `invitation`. Earlier links of this relationship become invalid.

    Whoever opens the link of a customer that you created, as a global admin of its directory, links it.
    """
    return invitations.invite_customer(work, read_id_of(RELATIONSHIP, input.id))


@input_type
class RenewResellerInvitationInput(MutationInput):
    """The invitation to make a new link for."""

    id: strawberry.ID = described("The partnership, which the reseller has not accepted.")


@mutation(Action.INVITE, on=PARTNERSHIP)
def renew_reseller_invitation(work: UnitOfWork, input: RenewResellerInvitationInput) -> Partnership:
    """Make a new link for a reseller: select `invitation`. Earlier links of it become invalid."""
    return invitations.invite_reseller_again(work, read_id_of(PARTNERSHIP, input.id))


CODE = "The code at the end of the link."


@input_type
class RedeemInvitationInput:
    """The invitation of a customer."""

    code: str = described(CODE)
    company_name: str | None = described(
        "The name of your company; used if your company is new to this service.", None
    )


@input_type
class RedeemResellerInvitationInput:
    """The invitation of a reseller."""

    code: str = described(CODE)
    company_name: str | None = described(
        "The name of your company; required if it is new to this service.", None
    )


@redeems(on=RELATIONSHIP)
def redeem_invitation(store: Store, token: VerifiedToken, input: RedeemInvitationInput) -> str:
    """Redeem a partner's invitation as the customer, before you accept or decline the request.

    Any valid token of the trusted issuer will do. If your company has no active global admin here, you become
    one, provided that your token says that you are a global administrator of its directory. It must be the
    directory or domain that the partner has invited. The code stands for the permission.
    """
    return redemption.redeem_customer_invitation(store, _redemption(token, input))


@redeems(on=PARTNERSHIP)
def redeem_reseller_invitation(
    store: Store, token: VerifiedToken, input: RedeemResellerInvitationInput
) -> str:
    """Redeem a provider's invitation as the reseller, before you accept the partnership.

    The same conditions hold as for `redeemInvitation`.
    """
    return redemption.redeem_reseller_invitation(store, _redemption(token, input))


def _redemption(
    token: VerifiedToken, input: RedeemInvitationInput | RedeemResellerInvitationInput
) -> redemption.Redemption:
    return redemption.Redemption(input.code, token, optional(parse_text, "company_name", input.company_name))
