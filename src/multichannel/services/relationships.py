"""What is done with reseller relationships (SM1)."""

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
from multichannel.domain.customers import BillingProfile, Customer
from multichannel.domain.partnerships import Partnership, PartnershipStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationship_requests import (
    new_relationship_request,
    provider_extension,
    provider_request,
    refusals_to_request,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Channel, RecordedBy, Subscription, SubscriptionStatus
from multichannel.domain.tenants import Partner
from multichannel.policy.schema.vocabulary import Action
from multichannel.store.unit_of_work import UnitOfWork

ACTIVE = RelationshipStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Whom a partner asks, by tenant id or domain, and what for; a reseller asks through a provider."""

    address: str
    delegated_admin: bool = False
    provider_id: str | None = None


def request_reseller_relationship(work: UnitOfWork, asked: Request) -> ResellerRelationship:
    """A request to an address, the same whether or not there is a customer at it (R4).

    Through a provider it is two, the provider's beside the reseller's own (SM1). OWN_CUSTOMER,
    DELEGATED_ADMIN_REQUIRED, NO_PARTNERSHIP, REQUEST_PENDING or ALREADY_RELATED.
    """
    partner = _asking(work, asked)
    known = work.tenant_directory(partner).customers_at(asked.address, partner.cloud)
    request = new_relationship_request(
        partner,
        address=asked.address,
        # R12, R52: one of another market is told when it answers; a domain of several customers is nobody's.
        customer_id=known[0] if len(known) == 1 else None,
        delegated_admin=asked.delegated_admin,
        at=work.now,
    )
    _require_possible(work, partner, asked, known)
    _add_requested(work, partner, request)
    if asked.provider_id is not None:
        _add_requested(work, partner, provider_request(request, asked.provider_id))
    return request


def accept_reseller_relationship(
    work: UnitOfWork, relationship_id: str, signature: Signature | None
) -> ResellerRelationship:
    """The customer's yes, to the provider's request beside it as well (R14, SM1).

    A customer that has not signed the agreement yet signs it in the same step: AGREEMENT_REQUIRED.
    """
    relationship = work.relationships.get(relationship_id, to=Action.ACCEPT)
    look = work.query_for(relationship)
    customer = look.one(Customer, id=relationship.customer_id)
    if customer is None:
        raise LookupError(f"relationship {relationship.id} was accepted by nobody")
    for each in _together(work, relationship):
        again = _active_like(work, relationship, each)
        if again and each is relationship:
            raise Refusal.ALREADY_RELATED.error(path="id")
        if again:
            each.cancel(at=work.now)
        else:
            each.accept(customer, at=work.now)
    _sign(work, relationship, customer, signature)
    return relationship


def decline_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """The customer's no (R14)."""
    relationship = work.relationships.get(relationship_id, to=Action.DECLINE)
    for each in _together(work, relationship):
        each.decline(at=work.now)
    return relationship


def cancel_reseller_relationship_request(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """The partner withdraws its request, before it was answered."""
    relationship = work.relationships.get(relationship_id, to=Action.CANCEL)
    for each in _together(work, relationship):
        each.cancel(at=work.now)
    return relationship


def revoke_delegated_admin(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """The customer ends a partner's admin rights; the relationship stays (R15)."""
    relationship = work.relationships.get(relationship_id, to=Action.REVOKE_DELEGATED_ADMIN)
    relationship.revoke_delegated_admin(at=work.now)
    return relationship


def remove_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """The partner leaves the customer, and supports none of its subscriptions any more (R17, R18).

    ACTIVE_SUBSCRIPTIONS while it bills any that is active. A provider that serves the customer through
    another reseller, too, stays its partner, so that neither is asked (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.REMOVE)
    relationship.remove(at=work.now)
    look = work.query_for(relationship)
    # Nothing is flushed yet, so that this relationship is among them.
    pair = {"partner_id": relationship.partner_id, "customer_id": relationship.customer_id}
    if look.count(ResellerRelationship, status=ACTIVE, **pair) > 1:
        return relationship
    if look.any(
        Subscription,
        billing_partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        status=SubscriptionStatus.ACTIVE,
    ):
        raise Refusal.ACTIVE_SUBSCRIPTIONS.error()
    for subscription in look.between(Subscription, "support_contact_id"):
        if not _is_private_to_another(subscription, relationship.partner_id):
            subscription.support_contact_id = None
            subscription.touch(work.now)
    return relationship


def extend_relationship_to_provider(
    work: UnitOfWork, relationship_id: str, provider_id: str
) -> ResellerRelationship:
    """A direct-bill partner that becomes a reseller goes on through its provider (SM1).

    The provider gets a relationship without delegated admin, and a copy of the billing profile unless it has
    one. NO_PARTNERSHIP, ALREADY_EXTENDED, RELATIONSHIP_NOT_ACTIVE or NOT_DIRECT.
    """
    relationship = work.relationships.get(relationship_id, to=Action.EXTEND)
    added = provider_extension(relationship, provider_id, at=work.now)
    if not _are_partners(work, relationship, provider_id, relationship.partner_id):
        raise Refusal.NO_PARTNERSHIP.error()
    if _active_like(work, relationship, added):
        raise Refusal.ALREADY_EXTENDED.error()
    work.add_under(relationship, added)
    _share_billing_profile(work, relationship, provider_id)
    return relationship


def _asking(work: UnitOfWork, asked: Request) -> Partner:
    """The caller's partner, fetched for what is asked of it (C2, R19)."""
    through = asked.provider_id is not None
    action = Action.REQUEST_RELATIONSHIP_THROUGH_PROVIDER if through else Action.REQUEST_RELATIONSHIP
    own = work.principal.tenant_id
    if asked.delegated_admin:
        work.partners.get(own, to=Action.REQUEST_DELEGATED_ADMIN)
    return work.partners.get(own, to=action)


def _require_possible(work: UnitOfWork, partner: Partner, asked: Request, known: Sequence[str]) -> None:
    """Guards that look at what the partner knows itself: its own requests, customers and providers."""
    look = work.query_for(partner)
    if asked.provider_id is not None and not _are_partners(work, partner, asked.provider_id, partner.id):
        raise Refusal.NO_PARTNERSHIP.error()
    own = look.all(
        ResellerRelationship,
        partner_id=partner.id,
        addressed_to=asked.address,
        status=RelationshipStatus.REQUESTED,
    )
    active = look.all(ResellerRelationship, partner_id=partner.id, customer_id=known, status=ACTIVE)
    raise_first(refusals_to_request([*own, *active], address=asked.address, customer_ids=known, at=work.now))


def _add_requested(work: UnitOfWork, partner: Partner, request: ResellerRelationship) -> None:
    """Stored. Whether a customer was found at the address is not told, nor in the partner's own records."""
    work.add_under(partner, request)
    work.redact(request, "customer_id")


def _together(work: UnitOfWork, relationship: ResellerRelationship) -> list[ResellerRelationship]:
    """A request with the one beside it, a reseller's and its provider's, to be answered as one (SM1)."""
    look, first = work.query_for(relationship), relationship.invited_with_id
    beside = look.linked(
        ResellerRelationship, **({"id": first} if first else {"invited_with_id": relationship.id})
    )
    return [relationship, *beside]


def _active_like(work: UnitOfWork, parent: Base, wanted: ResellerRelationship) -> bool:
    """Whether the partner has an active relationship with the customer already, through the same reseller."""
    return work.query_for(parent).any(
        ResellerRelationship,
        partner_id=wanted.partner_id,
        customer_id=wanted.customer_id,
        associated_partner_id=wanted.associated_partner_id,
        status=ACTIVE,
    )


def _are_partners(work: UnitOfWork, parent: Base, provider_id: str, reseller_id: str) -> bool:
    return work.query_for(parent).any(
        Partnership, provider_id=provider_id, reseller_id=reseller_id, status=PartnershipStatus.ACTIVE
    )


def _sign(
    work: UnitOfWork, relationship: ResellerRelationship, customer: Customer, signature: Signature | None
) -> None:
    """The customer's own signature, unless it has one, or lives where there is nothing to sign (R52)."""
    if customer.cloud in WITHOUT_AGREEMENTS or work.query_for(relationship).any(
        CustomerAgreement, customer_id=customer.id, kind=AgreementKind.DIRECT
    ):
        return
    if signature is None:
        raise Refusal.AGREEMENT_REQUIRED.error()
    work.add_under(relationship, new_agreement(customer, signature, attested_by=None, at=work.now))


def _is_private_to_another(subscription: Subscription, partner_id: str) -> bool:
    """What another partner wrote down for itself is not this one's to see, whoever it names."""
    return (
        subscription.channel is not Channel.CSP
        and subscription.recorded_by is RecordedBy.PARTNER
        and subscription.owner_id != partner_id
    )


def _share_billing_profile(work: UnitOfWork, relationship: ResellerRelationship, provider_id: str) -> None:
    """Whether the provider had a profile of the customer is not for the partner to learn from its records."""
    look = work.query_for(relationship)
    own = look.one(BillingProfile, partner_id=relationship.partner_id, customer_id=relationship.customer_id)
    if own is None or look.any(BillingProfile, partner_id=provider_id, customer_id=relationship.customer_id):
        return
    shared = own.shared_with(provider_id, at=work.now)
    work.add_under(relationship, shared)
    work.redact(shared)
