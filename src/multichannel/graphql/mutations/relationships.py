"""Mutations of reseller relationships (SM1)."""

from __future__ import annotations

import strawberry

from multichannel.domain.agreements import Signature
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    GUID_FORM,
    MutationInput,
    domain_of,
    email_of,
    guid_of,
    text_of,
)
from multichannel.graphql.framework.mutation import writes
from multichannel.graphql.framework.registry import NAMESPACE
from multichannel.policy.schema.resources import RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import relationships
from multichannel.store.unit_of_work import Work


@strawberry.input(description="Whom to ask for a relationship, and what for (R4).")
class RequestResellerRelationshipInput(MutationInput):
    """A request."""

    customer: str = strawberry.field(
        description="The customer's tenant id or domain. The answer is the same, known here or not."
    )
    include_delegated_admin: bool = strawberry.field(
        default=False,
        description="Whether to ask for delegated admin privileges, too; some clouds have it so only (R13).",
    )
    provider: str | None = strawberry.field(
        default=None,
        description="The tenant id of the indirect provider, of a reseller that asks through it; its "
        "relationship is asked for along with yours.",
    )


@strawberry.input(description="Who signs the customer agreement, now and for the customer (SM6).")
class SignerInput:
    """The customer's own signature."""

    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")
    email: str = strawberry.field(description="E-mail address.")
    phone_number: str | None = strawberry.field(default=None, description="Telephone number.")


@strawberry.input(description="A request to accept.")
class AcceptResellerRelationshipInput(MutationInput):
    """The customer's yes."""

    id: strawberry.ID = strawberry.field(description="The relationship asked for.")
    agreement: SignerInput | None = strawberry.field(
        default=None,
        description="Who signs the customer agreement: needed, and read, while your company has not yet.",
    )


@strawberry.input(description="A request to decline.")
class DeclineResellerRelationshipInput(MutationInput):
    """The customer's no."""

    id: strawberry.ID = strawberry.field(description="The relationship asked for.")


@strawberry.input(description="A request to withdraw.")
class CancelResellerRelationshipRequestInput(MutationInput):
    """What the partner takes back."""

    id: strawberry.ID = strawberry.field(description="The relationship asked for.")


@strawberry.input(description="A relationship to end.")
class RemoveResellerRelationshipInput(MutationInput):
    """What the partner leaves."""

    id: strawberry.ID = strawberry.field(description="The relationship.")


@strawberry.input(description="Admin privileges to take away.")
class RevokeDelegatedAdminInput(MutationInput):
    """What the customer takes back."""

    id: strawberry.ID = strawberry.field(description="The relationship they were given by.")


@strawberry.input(description="A direct relationship to go on with through a provider.")
class ExtendRelationshipToProviderInput(MutationInput):
    """What a partner that becomes a reseller hands its provider."""

    id: strawberry.ID = strawberry.field(description="The relationship.")
    provider: str = strawberry.field(description="The tenant id of the indirect provider.")


NAMESPACE["SignerInput"] = SignerInput


def _request(work: Work, input: RequestResellerRelationshipInput) -> str:
    asked = relationships.Request(
        address=_address(input.customer),
        delegated_admin=input.include_delegated_admin,
        provider_id=None if input.provider is None else guid_of("provider", input.provider),
    )
    return relationships.request_reseller_relationship(work, asked).id


def _address(value: str) -> str:
    if GUID_FORM.fullmatch(value):
        return guid_of("customer", value)
    try:
        return domain_of("customer", value)
    except BadInput:
        raise BadInput("input.customer is neither a tenant id nor a domain name.") from None


def _accept(work: Work, input: AcceptResellerRelationshipInput) -> str:
    row_id = read_id_of(RELATIONSHIP, input.id)
    signature = None if input.agreement is None else _signature(work, input.agreement)
    return relationships.accept_reseller_relationship(work, row_id, signature).id


def _signature(work: Work, signer: SignerInput) -> Signature:
    phone = signer.phone_number
    return Signature(
        text_of("agreement.first_name", signer.first_name),
        text_of("agreement.last_name", signer.last_name),
        email_of("agreement.email", signer.email),
        None if phone is None else text_of("agreement.phone_number", phone),
        work.now,
    )


def _decline(work: Work, input: DeclineResellerRelationshipInput) -> str:
    return relationships.decline_reseller_relationship(work, read_id_of(RELATIONSHIP, input.id)).id


def _cancel(work: Work, input: CancelResellerRelationshipRequestInput) -> str:
    return relationships.cancel_reseller_relationship_request(work, read_id_of(RELATIONSHIP, input.id)).id


def _remove(work: Work, input: RemoveResellerRelationshipInput) -> str:
    return relationships.remove_reseller_relationship(work, read_id_of(RELATIONSHIP, input.id)).id


def _revoke(work: Work, input: RevokeDelegatedAdminInput) -> str:
    return relationships.revoke_delegated_admin(work, read_id_of(RELATIONSHIP, input.id)).id


def _extend(work: Work, input: ExtendRelationshipToProviderInput) -> str:
    row_id = read_id_of(RELATIONSHIP, input.id)
    provider_id = guid_of("provider", input.provider)
    return relationships.extend_relationship_to_provider(work, row_id, provider_id).id


writes(
    "request_reseller_relationship",
    "Ask a customer for a reseller relationship, whoever it is; then send the `invitation`. A reseller asks "
    "through its provider, which needs REQUEST_RELATIONSHIP_THROUGH_PROVIDER instead; delegated admin "
    "privileges need REQUEST_DELEGATED_ADMIN besides.",
    action=Action.REQUEST_RELATIONSHIP,
    on="Partner",
    input_type=RequestResellerRelationshipInput,
    use_case=_request,
    shows="ResellerRelationship",
)
writes(
    "cancel_reseller_relationship_request",
    "Withdraw a request that was not answered yet, and the provider's that goes with it.",
    action=Action.CANCEL,
    on="ResellerRelationship",
    input_type=CancelResellerRelationshipRequestInput,
    use_case=_cancel,
)
writes(
    "accept_reseller_relationship",
    "Accept a partner's request, and the provider's beside it, as the customer's global admin (R14).",
    action=Action.ACCEPT,
    on="ResellerRelationship",
    input_type=AcceptResellerRelationshipInput,
    use_case=_accept,
)
writes(
    "decline_reseller_relationship",
    "Decline a partner's request, and the provider's beside it, as the customer's global admin (R14).",
    action=Action.DECLINE,
    on="ResellerRelationship",
    input_type=DeclineResellerRelationshipInput,
    use_case=_decline,
)
writes(
    "remove_reseller_relationship",
    "Leave a customer of which you bill no active subscription any more (R17). Admin privileges and support "
    "contacts end with it.",
    action=Action.REMOVE,
    on="ResellerRelationship",
    input_type=RemoveResellerRelationshipInput,
    use_case=_remove,
)
writes(
    "extend_relationship_to_provider",
    "Go on with a direct relationship through a provider whose reseller you are: it gets one without "
    "admin privileges, and your billing profile.",
    action=Action.EXTEND,
    on="ResellerRelationship",
    input_type=ExtendRelationshipToProviderInput,
    use_case=_extend,
)
writes(
    "revoke_delegated_admin",
    "Take a partner's admin privileges away, as the customer's global admin. The relationship stays (R15).",
    action=Action.REVOKE_DELEGATED_ADMIN,
    on="ResellerRelationship",
    input_type=RevokeDelegatedAdminInput,
    use_case=_revoke,
)
