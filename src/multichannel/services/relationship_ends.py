"""The end of reseller relationships, by either side (SM1, R17, R62)."""

from __future__ import annotations

from collections.abc import Sequence

from multichannel.domain.commerce import Channel, RecordedBy, SubscriptionStatus
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.domain.tenants import TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.delegated_admin import end_grants_of
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries

ACTIVE, REMOVED = RelationshipStatus.ACTIVE, RelationshipStatus.REMOVED
ENDED_BY_CUSTOMER = RelationshipStatus.ENDED_BY_CUSTOMER
PARTNER, RESELLER = "partner_id", "associated_partner_id"
"""The columns of a relationship that name its partner, and the reseller that is attached to it (R24)."""


def remove_reseller_relationship(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End a relationship as the partner, which then supports no subscriptions of the customer (R17, R18).

    ACTIVE_SUBSCRIPTIONS while it bills any that is active. Neither applies to a provider that also serves the
    customer through another reseller (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.REMOVE)
    relationship.remove(at=work.now)
    end_grants_of(work, [relationship])
    queries = work.query_for(relationship)
    if not ids_with_another(queries, [relationship]):
        if ids_of_sellers(queries, [relationship]):
            raise Refusal.ACTIVE_SUBSCRIPTIONS.error()
        _end_support(work, relationship, PARTNER)
    reseller_id = relationship.associated_partner_id
    if reseller_id and reseller_id not in _serving(_other_active(work, relationship)):
        _end_support(work, relationship, RESELLER, except_billed=True)
    return relationship


def detach_reseller(work: UnitOfWork, relationship_id: str) -> ResellerRelationship:
    """End the part of a reseller in a provider's relationship, as the provider or the customer (R24).

    RELATIONSHIP_NOT_ACTIVE or NO_RESELLER. The relationship ends if the provider has another of its own.
    """
    relationship = work.relationships.get(relationship_id, to=Action.DETACH_RESELLER)
    raise_first(relationship.refusals_to_detach_reseller(work.now))
    others = _other_active(work, relationship)
    if relationship.associated_partner_id not in _serving(others):
        _end_all_of_reseller(work, relationship)
    _detach(work, [relationship], others)
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
    reseller is detached from the relationships of its providers, too, which continue. A provider that also
    serves the customer through another reseller keeps that relationship (R24).
    """
    relationship = work.relationships.get(relationship_id, to=Action.END)
    relationship.end(reason, at=work.now)
    end_grants_of(work, [relationship])
    queries, others = work.query_for(relationship), _other_active(work, relationship)
    if relationship.associated_partner_id is None:
        attached = queries.between(ResellerRelationship, RESELLER, status=[ACTIVE, REMOVED])
        _detach(work, attached, others)
    serving = _serving(others)
    if relationship.partner_id not in serving:
        _end_support(work, relationship, PARTNER, except_billed=True)
        for share in queries.between(SubscriptionShare, PARTNER):
            work.remove_under(relationship, share)
        for earlier in queries.between(ResellerRelationship, PARTNER, status=REMOVED):
            earlier.end_what_is_left(at=work.now)
    reseller_id = relationship.associated_partner_id
    if reseller_id and reseller_id not in serving:
        _end_all_of_reseller(work, relationship)
    return relationship


def _other_active(work: UnitOfWork, relationship: ResellerRelationship) -> list[ResellerRelationship]:
    """The customer's other active relationships, of all partners."""
    active = work.query_for(relationship).all(
        ResellerRelationship, customer_id=relationship.customer_id, status=ACTIVE
    )
    return [row for row in active if row is not relationship]


def _detach(
    work: UnitOfWork, attached: Sequence[ResellerRelationship], active: Sequence[ResellerRelationship]
) -> None:
    """Detach the reseller of these relationships of providers (R24).

    An active one continues without it; it ends if the provider has another of its own among `active`.
    """
    own = {row.partner_id for row in active if row.associated_partner_id is None}
    ending = [row for row in attached if row.stored_status is ACTIVE and row.partner_id in own]
    if ending:
        end_grants_of(work, ending)
    by = work.principal.kind
    ends_as = ENDED_BY_CUSTOMER if by is TenantKind.CUSTOMER else REMOVED
    for row in attached:
        row.detach_reseller(at=work.now, by=by, ends_as=ends_as if row in ending else None)


def _serving(active: Sequence[ResellerRelationship]) -> set[str | None]:
    """The partners of relationships and the resellers attached to them, unless they have just ended."""
    rows = [row for row in active if row.stored_status is ACTIVE]
    return {partner_id for row in rows for partner_id in (row.partner_id, row.associated_partner_id)}


def _end_all_of_reseller(work: UnitOfWork, relationship: ResellerRelationship) -> None:
    """What is left to the attached reseller of a customer that it serves in no other way (R62)."""
    _end_support(work, relationship, RESELLER, except_billed=True)
    queries = work.query_for(relationship)
    _detach(work, queries.between(ResellerRelationship, RESELLER, of=RESELLER, status=REMOVED), ())


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
    work: UnitOfWork, relationship: ResellerRelationship, side: str, *, except_billed: bool = False
) -> None:
    """A partner is no longer the support contact of the customer, except perhaps of what it bills."""
    partner_id = getattr(relationship, side)
    queries = work.query_for(relationship)
    for subscription in queries.between(Subscription, "support_contact_id", of=side):
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
