"""Mutations of reseller relationships (SM1)."""

from __future__ import annotations

import strawberry

from multichannel.domain.delegated_admin_terms import (
    DelegatedAdminApproval,
    DelegatedAdminTerms,
    DelegatedRight,
)
from multichannel.domain.relationships import ResellerRelationship
from multichannel.errors import BadInput
from multichannel.graphql.framework.global_ids import read_id_of
from multichannel.graphql.framework.inputs import (
    MutationInput,
    SignerInput,
    input_type,
    optional,
    parse_address,
    parse_guid,
    parse_text,
    signature_of,
)
from multichannel.graphql.framework.mutation import mutation
from multichannel.graphql.framework.strawberry_types import described
from multichannel.graphql.mutations.delegated_admin import (
    AUTO_EXTEND_REQUESTED,
    DURATION_REQUESTED,
    RIGHTS_REQUESTED,
    duration_of,
    terms_of,
)
from multichannel.policy.schema.resources import PARTNER, RELATIONSHIP
from multichannel.policy.schema.vocabulary import Action
from multichannel.services import relationship_ends, relationships
from multichannel.store.unit_of_work import UnitOfWork


@input_type
class RequestResellerRelationshipInput(MutationInput):
    """The customer to ask for a relationship, and what to ask for."""

    customer: str = described(
        "The customer's tenant GUID or domain. The result is the same whether or not this "
        "service knows the customer."
    )
    include_delegated_admin: bool = described(
        "Whether to request delegated admin as well. Some national clouds require it.", default=False
    )
    delegated_rights: list[DelegatedRight] | None = described(
        f"With `includeDelegatedAdmin`. {RIGHTS_REQUESTED} The US government cloud requires SUPPORT.", None
    )
    delegated_duration: str | None = described(f"With `includeDelegatedAdmin`. {DURATION_REQUESTED}", None)
    delegated_auto_extend: bool = described(
        f"With `includeDelegatedAdmin`. {AUTO_EXTEND_REQUESTED}", default=False
    )
    provider: str | None = described(
        "For an indirect reseller: the tenant GUID of its provider. A relationship for the "
        "provider is requested along with yours.",
        None,
    )


@mutation(Action.REQUEST_RELATIONSHIP, on=PARTNER, returns=RELATIONSHIP, in_bulk=True)
def request_reseller_relationship(
    work: UnitOfWork, input: RequestResellerRelationshipInput
) -> ResellerRelationship:
    """Request a reseller relationship from a customer; send the customer the request's `invitation` next.

    An indirect reseller makes the request through its provider, which requires
    REQUEST_RELATIONSHIP_THROUGH_PROVIDER instead. Requesting delegated admin also requires
    REQUEST_DELEGATED_ADMIN.
    """
    request = relationships.RelationshipRequest(
        address=parse_address("customer", input.customer),
        delegated_admin=_terms(input),
        provider_directory_id=optional(parse_guid, "provider", input.provider),
    )
    return relationships.request_reseller_relationship(work, request)


def _terms(input: RequestResellerRelationshipInput) -> DelegatedAdminTerms | None:
    """The rights requested along with the relationship; BadInput for details without the request itself."""
    rights, duration, auto_extend = (
        input.delegated_rights,
        input.delegated_duration,
        input.delegated_auto_extend,
    )
    if input.include_delegated_admin:
        return terms_of(rights, duration, auto_extend=auto_extend, prefix="delegated_")
    if rights is not None or duration is not None or auto_extend:
        raise BadInput("Delegated rights, duration and extension require input.includeDelegatedAdmin.")
    return None


@input_type
class CancelResellerRelationshipRequestInput(MutationInput):
    """The request to withdraw."""

    id: strawberry.ID = described("The requested relationship.")


@mutation(Action.CANCEL, on=RELATIONSHIP)
def cancel_reseller_relationship_request(
    work: UnitOfWork, input: CancelResellerRelationshipRequestInput
) -> ResellerRelationship:
    """Withdraw a request that has not been answered, together with the provider's request made with it."""
    return relationships.cancel_reseller_relationship_request(work, read_id_of(RELATIONSHIP, input.id))


@input_type
class AcceptResellerRelationshipInput(MutationInput):
    """The request to accept."""

    id: strawberry.ID = described("The requested relationship.")
    agreement: SignerInput | None = described(
        "The person who signs the customer agreement. Required if your company has not signed "
        "it yet; otherwise ignored.",
        None,
    )
    delegated_rights: list[DelegatedRight] | None = described(
        "The rights to approve, out of those requested; an empty list approves none. Default: all of them.",
        None,
    )
    delegated_duration: str | None = described(
        "How long the rights last, as an ISO 8601 duration of whole days or years; not longer than "
        "requested. Default: as requested.",
        None,
    )


@mutation(Action.ACCEPT, on=RELATIONSHIP)
def accept_reseller_relationship(
    work: UnitOfWork, input: AcceptResellerRelationshipInput
) -> ResellerRelationship:
    """Accept a partner's request as the customer, together with the provider's request made with it.

    Delegated admin that was requested along with it is approved, as far as you do not narrow it.
    """
    row_id, signer = read_id_of(RELATIONSHIP, input.id), input.agreement
    signature = None if signer is None else signature_of(signer, work.now, "agreement.")
    rights, duration = input.delegated_rights, input.delegated_duration
    approval = DelegatedAdminApproval(
        rights=None if rights is None else frozenset(rights),
        duration=None if duration is None else duration_of("delegated_duration", duration),
    )
    return relationships.accept_reseller_relationship(work, row_id, signature, approval)


@input_type
class DeclineResellerRelationshipInput(MutationInput):
    """The request to decline."""

    id: strawberry.ID = described("The requested relationship.")


@mutation(Action.DECLINE, on=RELATIONSHIP)
def decline_reseller_relationship(
    work: UnitOfWork, input: DeclineResellerRelationshipInput
) -> ResellerRelationship:
    """Decline a partner's request as the customer, together with the provider's request made with it."""
    return relationships.decline_reseller_relationship(work, read_id_of(RELATIONSHIP, input.id))


@input_type
class RemoveResellerRelationshipInput(MutationInput):
    """The relationship to end."""

    id: strawberry.ID = described("The relationship.")


@mutation(Action.REMOVE, on=RELATIONSHIP)
def remove_reseller_relationship(
    work: UnitOfWork, input: RemoveResellerRelationshipInput
) -> ResellerRelationship:
    """End your relationship with a customer.

    It is refused while you bill any active subscription of the customer. Your delegated admin and support
    contact assignments end with it.
    """
    return relationship_ends.remove_reseller_relationship(work, read_id_of(RELATIONSHIP, input.id))


@input_type
class EndResellerRelationshipInput(MutationInput):
    """The relationship to end, and why."""

    id: strawberry.ID = described("The relationship.")
    reason: str = described("Why you end it. The partner can read the reason.")


@mutation(Action.END, on=RELATIONSHIP)
def end_reseller_relationship(work: UnitOfWork, input: EndResellerRelationshipInput) -> ResellerRelationship:
    """End your relationship with a partner, as the customer.

    The partner continues to see what it sells you until that has ended, and your company's name. It loses
    all other access at once: your profile, what you and the partner recorded, delegated admin privileges,
    support contact assignments and events. A reseller also loses what it sees through its providers, whose
    relationships with you continue without it.
    """
    row_id, reason = read_id_of(RELATIONSHIP, input.id), parse_text("reason", input.reason)
    return relationship_ends.end_reseller_relationship(work, row_id, reason)


@input_type
class DetachResellerInput(MutationInput):
    """The provider's relationship to continue without its reseller."""

    id: strawberry.ID = described("The relationship.")


@mutation(Action.DETACH_RESELLER, on=RELATIONSHIP)
def detach_reseller(work: UnitOfWork, input: DetachResellerInput) -> ResellerRelationship:
    """End the part of the attached reseller in a relationship, as its provider or as the customer.

    The relationship continues without it, or ends if the provider has another of its own with the customer.
    The reseller loses what it sees through it, and its support contact assignments, at once.
    """
    return relationship_ends.detach_reseller(work, read_id_of(RELATIONSHIP, input.id))


@input_type
class ExtendRelationshipToProviderInput(MutationInput):
    """The direct relationship to extend, and the provider."""

    id: strawberry.ID = described("The relationship.")
    provider: str = described("The tenant GUID of the indirect provider.")


@mutation(Action.EXTEND, on=RELATIONSHIP)
def extend_relationship_to_provider(
    work: UnitOfWork, input: ExtendRelationshipToProviderInput
) -> ResellerRelationship:
    """Request that a direct relationship is extended to a provider whose reseller you are.

        The result is the provider's request, which the customer answers. Once accepted, the provider has a
    relationship with the customer, without delegated admin, and a copy of your billing profile
    unless it has its own. After the customer has declined, ask again 30 days later at the earliest.
    """
    row_id = read_id_of(RELATIONSHIP, input.id)
    provider_id = parse_guid("provider", input.provider)
    return relationships.extend_relationship_to_provider(work, row_id, provider_id)
