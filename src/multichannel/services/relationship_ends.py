"""The end of reseller relationships, by either side (SM1, R17, R62)."""

from __future__ import annotations

from collections.abc import Sequence

from multichannel.domain.commerce import Channel, RecordedBy, SubscriptionStatus
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.delegated_admin import end_grants_of
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

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
    if ids_with_another(queries, [relationship]):
        return relationship
    if ids_of_sellers(queries, [relationship]):
        raise Refusal.ACTIVE_SUBSCRIPTIONS.error()
    _end_support(work, relationship)
    return relationship


def ids_of_sellers(queries: GuardQueries, rows: Sequence[ResellerRelationship]) -> set[str]:
    """Those relationships whose partner bills an active subscription of the customer (R17)."""
    sold = queries.all(
        Subscription,
        billing_partner_id={row.partner_id for row in rows},
        customer_id={row.customer_id for row in rows},
        status=SubscriptionStatus.ACTIVE,
    )
    pairs = {(each.billing_partner_id, each.customer_id) for each in sold}
    return {row.id for row in rows if (row.partner_id, row.customer_id) in pairs}


def end_reseller_relationship(work: UnitOfWork, relationship_id: str, reason: str) -> ResellerRelationship:
    """End a relationship as the customer, at any time (R62). RELATIONSHIP_NOT_ACTIVE.

    The partner keeps what it bills until that has ended, and supports nothing else of the customer. A
    provider that also serves the customer through another reseller keeps that relationship (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.END)
    relationship.end(reason, at=work.now)
    end_grants_of(work, [relationship])
    queries = work.query_for(relationship)
    if ids_with_another(queries, [relationship]):
        return relationship
    _end_support(work, relationship, except_billed=True)
    for share in queries.between(SubscriptionShare, "partner_id"):
        work.remove_under(relationship, share)
    for earlier in queries.between(ResellerRelationship, "partner_id", status=RelationshipStatus.REMOVED):
        earlier.end_what_is_left(at=work.now)
    return relationship


def ids_with_another(queries: GuardQueries, rows: Sequence[ResellerRelationship]) -> set[str]:
    """Those relationships beside which the partner has another active one with the customer (R24)."""
    active = queries.all(
        ResellerRelationship,
        partner_id={row.partner_id for row in rows},
        customer_id={row.customer_id for row in rows},
        status=ACTIVE,
    )
    others = {row.id: {each.id for each in active if _is_of_same_pair(each, row)} for row in rows}
    return {row_id for row_id, ids in others.items() if ids - {row_id}}


def _is_of_same_pair(one: ResellerRelationship, other: ResellerRelationship) -> bool:
    return (one.partner_id, one.customer_id) == (other.partner_id, other.customer_id)


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
