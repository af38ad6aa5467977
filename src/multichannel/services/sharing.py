"""With whom customers share what they recorded of other channels (R63)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from multichannel.domain.commerce import Sharing
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription, SubscriptionShare
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.subscriptions import get_current
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SharingChoice:
    """Which partners read a record; `partner_ids` are those that are selected, by id."""

    sharing: Sharing
    partner_ids: frozenset[str] = frozenset()


def set_subscription_sharing(
    work: UnitOfWork, row_id: str, wanted: SharingChoice, *, expected_version: int
) -> Subscription:
    """Share a record of the customer as chosen, by directory ids, at once. NOT_SHARED_WITH_STRANGERS."""
    subscription = get_current(work, row_id, Action.SET_SHARING, expected_version)
    ids = work.tenant_directory(subscription).partner_ids(wanted.partner_ids)
    choice = SharingChoice(wanted.sharing, frozenset(ids.values()))
    _require_related(work, subscription, choice.partner_ids)
    shares = work.query_for(subscription).linked(SubscriptionShare, subscription_id=subscription.id)
    before = {share.partner_id for share in shares}
    if subscription.sharing is choice.sharing and before == choice.partner_ids:
        return subscription
    for share in shares:
        if share.partner_id not in choice.partner_ids:
            work.remove_under(subscription, share)
    work.add_under(
        subscription,
        *(
            SubscriptionShare(
                subscription_id=subscription.id, customer_id=subscription.customer_id, partner_id=partner_id
            )
            for partner_id in sorted(choice.partner_ids - before)
        ),
    )
    subscription.share(choice.sharing, at=work.now)
    work.record_change(subscription, "shared_with", sorted(before), sorted(choice.partner_ids))
    return subscription


def set_default_sharing(work: UnitOfWork, customer_id: str, sharing: Sharing) -> Customer:
    """Set with whom records are shared that the customer makes from now on."""
    customer = work.customers.get(customer_id, to=Action.SET_SHARING)
    customer.set_default_sharing(sharing, at=work.now)
    return customer


def _require_related(work: UnitOfWork, subscription: Subscription, partner_ids: Collection[str]) -> None:
    related = work.query_for(subscription).all(
        ResellerRelationship,
        partner_id=list(partner_ids),
        customer_id=subscription.customer_id,
        status=RelationshipStatus.ACTIVE,
    )
    if set(partner_ids) - {row.partner_id for row in related}:
        raise Refusal.NOT_SHARED_WITH_STRANGERS.error()


def subscription_sharing(work: UnitOfWork, ids: Collection[str]) -> dict[str, SharingChoice]:
    """How records are shared, by id of each that the caller may share; in two statements."""
    rows: Sequence[Subscription] = work.subscriptions.find_permitted(ids, to=Action.SET_SHARING)
    if not rows:
        return {}
    partners: dict[str, set[str]] = {row.id: set() for row in rows}
    for share in work.query_for(*rows).all(SubscriptionShare, subscription_id=sorted(partners)):
        partners[share.subscription_id].add(share.partner_id)
    return {row.id: SharingChoice(row.sharing, frozenset(partners[row.id])) for row in rows}


def default_sharing(work: UnitOfWork, ids: Collection[str]) -> dict[str, Sharing]:
    """With whom new records are shared, by id of each customer whose sharing the caller may set."""
    rows: Sequence[Customer] = work.customers.find_permitted(ids, to=Action.SET_SHARING)
    return {row.id: row.default_sharing for row in rows}
