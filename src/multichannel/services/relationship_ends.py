"""The end of reseller relationships, by either side (SM1, R17, R62)."""

from __future__ import annotations

from multichannel.domain.commerce import Channel, RecordedBy, SubscriptionStatus
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.delegated_admin import end_grants_of
from multichannel.store.unit_of_work import UnitOfWork

ACTIVE = RelationshipStatus.ACTIVE


def remove_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End a relationship as the partner, which then supports no subscriptions of the customer (R17, R18).

    ACTIVE_SUBSCRIPTIONS while it bills any that is active. Neither applies to a provider that also serves the
    customer through another reseller (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.REMOVE)
    relationship.remove(at=work.now)
    end_grants_of(work, [relationship])
    queries = work.query_for(relationship)
    if _has_further_active(work, relationship):
        return relationship
    if queries.any(
        Subscription,
        billing_partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        status=SubscriptionStatus.ACTIVE,
    ):
        raise Refusal.ACTIVE_SUBSCRIPTIONS.error()
    _end_support(work, relationship)
    return relationship


def end_reseller_relationship(work: UnitOfWork, relationship_id: str, reason: str) -> ResellerRelationship:
    """End a relationship as the customer, at any time (R62). RELATIONSHIP_NOT_ACTIVE.

    The partner keeps what it bills until that has ended, and supports nothing else of the customer. A
    provider that also serves the customer through another reseller keeps that relationship (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.END)
    relationship.end(reason, at=work.now)
    end_grants_of(work, [relationship])
    queries = work.query_for(relationship)
    if _has_further_active(work, relationship):
        return relationship
    _end_support(work, relationship, except_billed=True)
    for share in queries.between(SubscriptionShare, "partner_id"):
        work.remove_under(relationship, share)
    for earlier in queries.between(ResellerRelationship, "partner_id", status=RelationshipStatus.REMOVED):
        earlier.end_what_is_left(at=work.now)
    return relationship


def _has_further_active(work: UnitOfWork, relationship: ResellerRelationship) -> bool:
    """Whether the partner has another active relationship with the customer than one that ends now."""
    pair = {"partner_id": relationship.partner_id, "customer_id": relationship.customer_id}
    # The change is not flushed yet, so this relationship still counts.
    return work.query_for(relationship).count(ResellerRelationship, status=ACTIVE, **pair) > 1


def _end_support(
    work: UnitOfWork, relationship: ResellerRelationship, *, except_billed: bool = False
) -> None:
    """The partner is no longer the support contact of the customer, except perhaps of what it bills."""
    partner_id = relationship.partner_id
    for subscription in work.query_for(relationship).between(Subscription, "support_contact_id"):
        billed = except_billed and subscription.billing_partner_id == partner_id
        if not billed and not _is_private_to_another(subscription, partner_id):
            subscription.support_contact_id = None
            subscription.touch(work.now)


def _is_private_to_another(subscription: Subscription, partner_id: str) -> bool:
    """Whether another partner recorded the subscription for itself; nobody else may see it."""
    return (
        subscription.channel is not Channel.CSP
        and subscription.recorded_by is RecordedBy.PARTNER
        and subscription.owner_id != partner_id
    )
