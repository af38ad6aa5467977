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
from multichannel.domain.base import Base
from multichannel.domain.commerce import Channel, RecordedBy, SubscriptionStatus
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationship_requests import (
    new_relationship_request,
    provider_extension,
    provider_request,
    refusals_to_request,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.partnerships import are_partners
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

ACTIVE = RelationshipStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipRequest:
    """A partner's request to a tenant id or domain; resellers send it through a provider."""

    address: str
    delegated_admin: bool = False
    provider_id: str | None = None


def request_reseller_relationship(work: UnitOfWork, request: RelationshipRequest) -> ResellerRelationship:
    """A request to an address; the result does not reveal whether a customer has this address (R4).

    A reseller's request has a companion of its provider (SM1). OWN_CUSTOMER, DELEGATED_ADMIN_REQUIRED,
    NO_PARTNERSHIP, REQUEST_PENDING or ALREADY_RELATED.
    """
    partner = _requesting_partner(work, request)
    known = work.tenant_directory(partner).customers_at(request.address, partner.cloud)
    relationship = new_relationship_request(
        partner,
        address=request.address,
        # R12, R52: a different market is refused at acceptance. A domain of several customers has no owner.
        customer_id=known[0] if len(known) == 1 else None,
        delegated_admin=request.delegated_admin,
        at=work.now,
    )
    _require_request_possible(work, partner, request, known)
    _add_requested(work, partner, relationship)
    if request.provider_id is not None:
        _add_requested(work, partner, provider_request(relationship, request.provider_id))
    return relationship


def accept_reseller_relationship(
    work: UnitOfWork, relationship_id: str, signature: Signature | None
) -> ResellerRelationship:
    """Accept a request and its companion as the customer (R14, SM1).

    A customer that has not signed the customer agreement signs it in the same step: AGREEMENT_REQUIRED.
    """
    relationship = work.relationships.get(relationship_id, to=Action.ACCEPT)
    queries = work.query_for(relationship)
    customer = queries.one(Customer, id=relationship.customer_id)
    if customer is None:
        raise LookupError(f"relationship {relationship.id} has no customer that could accept it")
    for each in _with_companion(work, relationship):
        exists = _has_active_like(work, relationship, each)
        if exists and each is relationship:
            raise Refusal.ALREADY_RELATED.error(path="id")
        if exists:
            each.cancel(at=work.now)
        else:
            each.accept(customer, at=work.now)
    _sign_agreement(work, relationship, customer, signature)
    return relationship


def decline_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """Decline a request and its companion as the customer (R14)."""
    relationship = work.relationships.get(relationship_id, to=Action.DECLINE)
    for each in _with_companion(work, relationship):
        each.decline(at=work.now)
    return relationship


def cancel_reseller_relationship_request(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """Cancel a request and its companion as the partner, before it is answered."""
    relationship = work.relationships.get(relationship_id, to=Action.CANCEL)
    for each in _with_companion(work, relationship):
        each.cancel(at=work.now)
    return relationship


def revoke_delegated_admin(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End a partner's admin rights as the customer; the relationship stays (R15)."""
    relationship = work.relationships.get(relationship_id, to=Action.REVOKE_DELEGATED_ADMIN)
    relationship.revoke_delegated_admin(at=work.now)
    return relationship


def remove_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End a relationship as the partner, which then supports no subscriptions of the customer (R17, R18).

    ACTIVE_SUBSCRIPTIONS while it bills any that is active. Neither applies to a provider that also serves the
    customer through another reseller (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.REMOVE)
    relationship.remove(at=work.now)
    queries = work.query_for(relationship)
    # The change is not flushed yet, so this relationship still counts.
    pair = {"partner_id": relationship.partner_id, "customer_id": relationship.customer_id}
    if queries.count(ResellerRelationship, status=ACTIVE, **pair) > 1:
        return relationship
    if queries.any(
        Subscription,
        billing_partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        status=SubscriptionStatus.ACTIVE,
    ):
        raise Refusal.ACTIVE_SUBSCRIPTIONS.error()
    for subscription in queries.between(Subscription, "support_contact_id"):
        if not _is_private_to_another(subscription, relationship.partner_id):
            subscription.support_contact_id = None
            subscription.touch(work.now)
    return relationship


def extend_relationship_to_provider(
    work: UnitOfWork, relationship_id: str, provider_id: str
) -> ResellerRelationship:
    """Extend the relationship of a direct-bill partner that becomes a reseller to its provider (SM1).

    The provider gets a relationship without delegated admin, and a copy of the billing profile unless it has
    one. NO_PARTNERSHIP, ALREADY_EXTENDED, RELATIONSHIP_NOT_ACTIVE or NOT_DIRECT.
    """
    relationship = work.relationships.get(relationship_id, to=Action.EXTEND)
    added = provider_extension(relationship, provider_id, at=work.now)
    if not are_partners(work.query_for(relationship), provider_id, relationship.partner_id):
        raise Refusal.NO_PARTNERSHIP.error()
    if _has_active_like(work, relationship, added):
        raise Refusal.ALREADY_EXTENDED.error()
    work.add_under(relationship, added)
    _share_billing_profile(work, relationship, provider_id)
    return relationship


def is_related(queries: GuardQueries, partner_id: str, customer_id: str | None, **equal: str | None) -> bool:
    """Whether a partner has an active relationship with a customer that has these further values."""
    return queries.any(
        ResellerRelationship, partner_id=partner_id, customer_id=customer_id, status=ACTIVE, **equal
    )


def _requesting_partner(work: UnitOfWork, request: RelationshipRequest) -> Partner:
    """The caller's partner, if it may send the request (C2, R19)."""
    through = request.provider_id is not None
    action = Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP
    own = work.principal.tenant_id
    if request.delegated_admin:
        work.partners.get(own, to=Action.REQUEST_DELEGATED_ADMIN)
    return work.partners.get(own, to=action)


def _require_request_possible(
    work: UnitOfWork, partner: Partner, request: RelationshipRequest, known: Sequence[str]
) -> None:
    """Raise refusals that depend only on the partner's own requests, customers and providers."""
    queries = work.query_for(partner)
    if request.provider_id is not None and not are_partners(queries, request.provider_id, partner.id):
        raise Refusal.NO_PARTNERSHIP.error()
    own = queries.all(
        ResellerRelationship,
        partner_id=partner.id,
        addressed_to=request.address,
        status=RelationshipStatus.REQUESTED,
    )
    active = queries.all(ResellerRelationship, partner_id=partner.id, customer_id=known, status=ACTIVE)
    raise_first(
        refusals_to_request([*own, *active], address=request.address, customer_ids=known, at=work.now)
    )


def _add_requested(work: UnitOfWork, partner: Partner, request: ResellerRelationship) -> None:
    """Add a request; its audit records do not reveal whether a customer has the address."""
    work.add_under(partner, request)
    work.redact(request, "customer_id")


def _with_companion(work: UnitOfWork, relationship: ResellerRelationship) -> list[ResellerRelationship]:
    """A request and its companion, of a reseller and its provider; one answer is for both (SM1)."""
    queries, first = work.query_for(relationship), relationship.invited_with_id
    companions = queries.linked(
        ResellerRelationship, **({"id": first} if first else {"invited_with_id": relationship.id})
    )
    return [relationship, *companions]


def _has_active_like(work: UnitOfWork, parent: Base, wanted: ResellerRelationship) -> bool:
    """Whether the partner has an active relationship with the customer through the same reseller."""
    through = wanted.associated_partner_id
    queries = work.query_for(parent)
    return is_related(queries, wanted.partner_id, wanted.customer_id, associated_partner_id=through)


def _sign_agreement(
    work: UnitOfWork, relationship: ResellerRelationship, customer: Customer, signature: Signature | None
) -> None:
    """Add the customer's own signature, unless it has one or its cloud has no agreement (R52)."""
    if customer.cloud in WITHOUT_AGREEMENTS or work.query_for(relationship).any(
        CustomerAgreement, customer_id=customer.id, kind=AgreementKind.DIRECT
    ):
        return
    if signature is None:
        raise Refusal.AGREEMENT_REQUIRED.error()
    work.add_under(relationship, new_agreement(customer, signature, attested_by=None, at=work.now))


def _is_private_to_another(subscription: Subscription, partner_id: str) -> bool:
    """Whether another partner recorded the subscription for itself; nobody else may see it."""
    return (
        subscription.channel is not Channel.CSP
        and subscription.recorded_by is RecordedBy.PARTNER
        and subscription.owner_id != partner_id
    )


def _share_billing_profile(work: UnitOfWork, relationship: ResellerRelationship, provider_id: str) -> None:
    """Copy the billing profile; audit records do not reveal whether the provider had one."""
    queries = work.query_for(relationship)
    own = queries.one(
        BillingProfile, partner_id=relationship.partner_id, customer_id=relationship.customer_id
    )
    if own is None or queries.any(
        BillingProfile, partner_id=provider_id, customer_id=relationship.customer_id
    ):
        return
    shared = own.shared_with(provider_id, at=work.now)
    work.add_under(relationship, shared)
    work.redact(shared)
