"""Reseller relationships (SM1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.domain.agreements import (
    WITHOUT_AGREEMENTS,
    AgreementKind,
    CustomerAgreement,
    Signature,
    new_agreement,
)
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.delegated_admin_terms import DelegatedAdminApproval, DelegatedAdminTerms
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationship_requests import (
    new_relationship_request,
    provider_extension,
    provider_request,
    refusals_to_extend,
    refusals_to_request,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import Partner
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.delegated_admin import (
    add_request_with,
    approve_requests_with,
    decline_requests_with,
    end_grants_of,
)
from multichannel.services.invitations import issue
from multichannel.services.partnerships import are_partners
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

ACTIVE = RelationshipStatus.ACTIVE
AS_REQUESTED = DelegatedAdminApproval()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipRequest:
    """A partner's request to a directory id or domain; resellers send it through a provider."""

    address: str
    delegated_admin: DelegatedAdminTerms | None = None
    provider_directory_id: str | None = None


def request_reseller_relationship(work: UnitOfWork, request: RelationshipRequest) -> ResellerRelationship:
    """A request to an address; the result does not reveal whether a customer has this address (R4).

    A reseller's request has a companion of its provider (SM1). OWN_CUSTOMER, DELEGATED_ADMIN_REQUIRED,
    SUPPORT_RIGHT_REQUIRED, RIGHTS_REQUIRED, DURATION_OUT_OF_RANGE, NO_PARTNERSHIP, REQUEST_PENDING,
    ALREADY_RELATED or ASKED_RECENTLY.
    """
    partner = _requesting_partner(work, request)
    directory, through = work.tenant_directory(partner), request.provider_directory_id
    provider_id = None if through is None else directory.partner_id(through)
    known = directory.customers_at(request.address, partner.cloud)
    related = work.query_for(partner).all(
        ResellerRelationship,
        partner_id=[each for each in (partner.id, provider_id) if each],
        customer_id=known,
        status=[ACTIVE, RelationshipStatus.DECLINED],
    )
    relationship = new_relationship_request(
        partner,
        address=request.address,
        # R12, R52: a different market is refused at acceptance. A domain of several customers has no owner.
        customer_id=known[0] if len(known) == 1 and not _is_barred(work, related, partner.id) else None,
        rights=request.delegated_admin.rights if request.delegated_admin else (),
        at=work.now,
    )
    own = [row for row in related if row.partner_id == partner.id]
    if provider_id is not None and not are_partners(work.query_for(partner), provider_id, partner.id):
        raise Refusal.NO_PARTNERSHIP.error()
    _require_request_possible(work, partner, request, known, own)
    _add_requested(work, partner, relationship, request.delegated_admin)
    issue(work, relationship)
    if provider_id is not None:
        companion = provider_request(relationship, provider_id)
        _add_requested(work, partner, companion, request.delegated_admin)
    return relationship


def accept_reseller_relationship(
    work: UnitOfWork,
    relationship_id: str,
    signature: Signature | None,
    approval: DelegatedAdminApproval = AS_REQUESTED,
) -> ResellerRelationship:
    """Accept a request and its companion as the customer, with the rights it approves (R14, SM1, SM7).

    A customer that has not signed the customer agreement signs it in the same step: AGREEMENT_REQUIRED.
    """
    relationship = work.relationships.get(relationship_id, to=Action.ACCEPT)
    queries = work.query_for(relationship)
    customer = queries.one(Customer, id=relationship.customer_id)
    if customer is None:
        raise LookupError(f"relationship {relationship.id} has no customer that could accept it")
    accepted = []
    for each in _with_companion(work, relationship):
        exists = each.id in ids_of_related(queries, [each])
        if exists and each is relationship:
            raise Refusal.ALREADY_RELATED.error(path="id")
        if exists:
            each.cancel(at=work.now)
            end_grants_of(work, [each])
        else:
            each.accept(customer, at=work.now)
            accepted.append(each)
    approve_requests_with(work, accepted, approval)
    _sign_agreement(work, relationship, customer, signature)
    if relationship.is_extension:
        _share_billing_profile(work, relationship)
    return relationship


def decline_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """Decline a request and its companion as the customer (R14)."""
    relationship = work.relationships.get(relationship_id, to=Action.DECLINE)
    requests = _with_companion(work, relationship)
    for each in requests:
        each.decline(at=work.now)
    decline_requests_with(work, requests)
    return relationship


def cancel_reseller_relationship_request(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """Cancel a request and its companion as the partner, before it is answered."""
    relationship = work.relationships.get(relationship_id, to=Action.CANCEL)
    requests = _with_companion(work, relationship)
    for each in requests:
        each.cancel(at=work.now)
    end_grants_of(work, requests)
    return relationship


def extend_relationship_to_provider(
    work: UnitOfWork, relationship_id: str, provider_directory_id: str
) -> ResellerRelationship:
    """Request that the relationship of a partner that becomes a reseller goes on through its provider (SM1).

    The customer answers it like any other request (R64). The result does not reveal whether the customer has
    declined the provider's own request recently, and is therefore not asked. NO_PARTNERSHIP,
    ALREADY_EXTENDED, REQUEST_PENDING, ASKED_RECENTLY, RELATIONSHIP_NOT_ACTIVE or NOT_DIRECT.
    """
    relationship = work.relationships.get(relationship_id, to=Action.EXTEND)
    provider_id = work.tenant_directory(relationship).partner_id(provider_directory_id)
    added = provider_extension(relationship, provider_id, at=work.now)
    if not are_partners(work.query_for(relationship), provider_id, relationship.partner_id):
        raise Refusal.NO_PARTNERSHIP.error()
    queries, answered = work.query_for(relationship), [ACTIVE, RelationshipStatus.DECLINED]
    through = queries.all(
        ResellerRelationship,
        partner_id=provider_id,
        associated_partner_id=relationship.partner_id,
        status=[*answered, RelationshipStatus.REQUESTED],
    )
    raise_first(refusals_to_extend(through, relationship, work.now))
    related = queries.all(
        ResellerRelationship,
        partner_id=provider_id,
        customer_id=relationship.customer_id,
        status=answered,
    )
    if _is_barred(work, related):
        added.customer_id = None
    work.add_under(relationship, added)
    work.redact(added, "customer_id")
    return added


def is_related(queries: GuardQueries, partner_id: str, customer_id: str | None, **equal: str | None) -> bool:
    """Whether a partner has an active relationship with a customer that has these further values."""
    return queries.any(
        ResellerRelationship, partner_id=partner_id, customer_id=customer_id, status=ACTIVE, **equal
    )


def _requesting_partner(work: UnitOfWork, request: RelationshipRequest) -> Partner:
    """The caller's partner, if it may send the request (C2, R19)."""
    through = request.provider_directory_id is not None
    action = Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP
    own = work.principal.tenant_id
    if request.delegated_admin is not None:
        work.partners.get(own, to=Action.REQUEST_DELEGATED_ADMIN)
    return work.partners.get(own, to=action)


def _require_request_possible(
    work: UnitOfWork,
    partner: Partner,
    request: RelationshipRequest,
    known: Sequence[str],
    related: Sequence[ResellerRelationship],
) -> None:
    """Raise refusals that depend only on the partner's own requests and customers."""
    addressed = work.query_for(partner).all(
        ResellerRelationship,
        partner_id=partner.id,
        addressed_to=request.address,
        status=[RelationshipStatus.REQUESTED, RelationshipStatus.DECLINED],
    )
    raise_first(
        refusals_to_request([*addressed, *related], address=request.address, customer_ids=known, at=work.now)
    )


def _is_barred(
    work: UnitOfWork, related: Sequence[ResellerRelationship], partner_id: str | None = None
) -> bool:
    """Whether a customer has recently declined the partner, or its provider's own request (R64).

    It is not asked again. A refusal would reveal whose address this is, or what the provider has requested.
    """
    return any(
        row.was_declined_recently(work.now)
        for row in related
        if row.partner_id == partner_id or row.associated_partner_id is None
    )


def _add_requested(
    work: UnitOfWork, partner: Partner, request: ResellerRelationship, terms: DelegatedAdminTerms | None
) -> None:
    """Add a request; its audit records do not reveal whether a customer has the address."""
    work.add_under(partner, request)
    work.redact(request, "customer_id")
    if terms is not None:
        add_request_with(work, partner, request, terms)


def _with_companion(work: UnitOfWork, relationship: ResellerRelationship) -> list[ResellerRelationship]:
    """A request and its companion, of a reseller and its provider; one answer is for both (SM1)."""
    queries, first = work.query_for(relationship), relationship.invited_with_id
    companions = queries.linked(
        ResellerRelationship, **({"id": first} if first else {"invited_with_id": relationship.id})
    )
    return [relationship, *companions]


def ids_of_related(queries: GuardQueries, rows: Sequence[ResellerRelationship]) -> set[str]:
    """Those requests whose partner has an active relationship with the customer through the same reseller."""
    active = queries.all(
        ResellerRelationship,
        partner_id={row.partner_id for row in rows},
        customer_id={row.customer_id for row in rows},
        status=ACTIVE,
    )
    related = {(row.partner_id, row.customer_id, row.associated_partner_id) for row in active}
    return {row.id for row in rows if (row.partner_id, row.customer_id, row.associated_partner_id) in related}


def _sign_agreement(
    work: UnitOfWork, relationship: ResellerRelationship, customer: Customer, signature: Signature | None
) -> None:
    """Add the customer's own signature, unless it has one or its cloud has no agreement (R52)."""
    if customer.cloud in WITHOUT_AGREEMENTS or work.query_for(relationship).any(
        CustomerAgreement, customer_id=customer.id, kind=AgreementKind.DIRECT
    ):
        return
    if signature is None:
        raise Refusal.AGREEMENT_REQUIRED.error(path="agreement")
    work.add_under(relationship, new_agreement(customer, signature, attested_by=None, at=work.now))


def _share_billing_profile(work: UnitOfWork, extension: ResellerRelationship) -> None:
    """Copy the billing profile of the partner that goes on through a provider, which may have one (SM1)."""
    queries, customer = work.query_for(extension), {"customer_id": extension.customer_id}
    reseller_id = extension.associated_partner_id
    own = queries.one(BillingProfile, partner_id=reseller_id, **customer)
    if own is None or queries.any(BillingProfile, partner_id=extension.partner_id, **customer):
        return
    if queries.any(ResellerRelationship, partner_id=reseller_id, status=ACTIVE, **customer):
        work.add_under(extension, own.shared_with(extension.partner_id, at=work.now))
