"""Subscriptions: recorded from other channels, sold in CSP or moved there, and changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from multichannel.domain.agreements import CustomerAgreement, is_bound
from multichannel.domain.commerce import BillingType, Channel, RecordedBy, StopReason
from multichannel.domain.customers import Customer
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.new_subscriptions import (
    ExternalSubscription,
    SubscriptionOrder,
    new_external_subscription,
    new_subscription,
    recreated_subscription,
    require_first_purchase,
)
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerStatus, PartnerType, TenantKind
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.csp_conflicts import is_contested
from multichannel.services.partnerships import active_partnership, are_partners, credited_number
from multichannel.services.relationships import is_related
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def record_external_subscription(
    work: UnitOfWork, customer_id: str, external: ExternalSubscription
) -> Subscription:
    """A record of a subscription of another channel: the customer's own, or private to a partner (R4).

    It is not compared with other records, so that nobody learns of those of others.
    """
    customer = work.customers.get(customer_id, to=Action.RECORD_SUBSCRIPTION)
    principal = work.principal
    by = RecordedBy.CUSTOMER if principal.kind is TenantKind.CUSTOMER else RecordedBy.PARTNER
    made = new_external_subscription(external, customer, principal.tenant_id, by, at=work.now)
    work.add_under(customer, made)
    return made


def create_subscription(
    work: UnitOfWork,
    customer_id: str,
    order: SubscriptionOrder,
    *,
    parent_id: str | None = None,
    partner_of_record_directory_id: str | None = None,
) -> Subscription:
    """Sell a subscription or an add-on in CSP (R21, R41).

    AGREEMENT_REQUIRED (R13), ONE_PER_CUSTOMER (R43), PARTNER_OF_RECORD_INVALID (R25), or a refusal of
    `new_subscription`.
    """
    customer = work.customers.get(customer_id, to=Action.CREATE_SUBSCRIPTION)
    seller_id = work.principal.tenant_id
    if not has_agreement(work, customer):
        raise Refusal.AGREEMENT_REQUIRED.error()
    own = {"customer_id": customer.id, "billing_partner_id": seller_id, "channel": Channel.CSP}
    parent = work.query_for(customer).one(Subscription, id=parent_id, **own) if parent_id else None
    if parent_id and parent is None:
        raise Refusal.ADD_ON_UNRELATED.error()
    offer = {"offer_id": order.offer_id} if order.offer_id else {"offer_name": order.offer_name}
    require_first_purchase(order, work.query_for(customer).all(Subscription, **own, **offer), work.now)
    made = new_subscription(order, customer, seller_id, at=work.now, parent=parent)
    if partner_of_record_directory_id:
        reseller_id = work.tenant_directory(customer).partner_id(partner_of_record_directory_id)
        made.partner_number = _reseller_number(work, customer, reseller_id, "partnerOfRecord")
        made.partner_of_record_id = reseller_id
    work.add_under(customer, made)
    return made


def update_subscription(
    work: UnitOfWork, row_id: str, edits: Mapping[str, Any], *, expected_version: int
) -> Subscription:
    """Change quantity, name or automatic renewal (R44, R46)."""
    subscription = get_current(work, row_id, Action.UPDATE, expected_version)
    renewing = "auto_renew_enabled" in edits
    parent = _base(work, subscription) if renewing else None
    subscription.change(
        edits, at=work.now, parent=parent, add_ons=_add_ons(work, subscription) if renewing else ()
    )
    return subscription


def suspend_subscription(
    work: UnitOfWork, row_id: str, reason: StopReason, *, expected_version: int
) -> Subscription:
    """Suspend it with its add-ons (R41, R42)."""
    subscription = get_current(work, row_id, Action.SUSPEND, expected_version)
    subscription.suspend(reason, at=work.now, add_ons=_add_ons(work, subscription))
    return subscription


def reactivate_subscription(
    work: UnitOfWork, row_id: str, *, expected_version: int, include_add_ons: bool = False
) -> Subscription:
    """Reactivate it, perhaps with its add-ons; an add-on needs an active base (R41)."""
    subscription = get_current(work, row_id, Action.REACTIVATE, expected_version)
    add_ons = _add_ons(work, subscription) if include_add_ons else ()
    subscription.reactivate(at=work.now, parent=_base(work, subscription), add_ons=add_ons)
    return subscription


def cancel_subscription(
    work: UnitOfWork, row_id: str, reason: StopReason, *, expected_version: int
) -> Subscription:
    """End it with its add-ons (R42, R48). A record of another channel is marked as deleted."""
    subscription = get_current(work, row_id, Action.CANCEL, expected_version)
    subscription.cancel(reason, at=work.now, add_ons=_add_ons(work, subscription))
    return subscription


def assign_support_contact(
    work: UnitOfWork, row_id: str, directory_id: str | None, *, expected_version: int
) -> Subscription:
    """Set or clear the support contact (R26, R70).

    CONTACT_NOT_AVAILABLE, which does not reveal whether the partner exists. That a partner can be named
    reveals that it serves the customer: the price of letting a seller name it.
    """
    subscription = get_current(work, row_id, Action.ASSIGN_SUPPORT_CONTACT, expected_version)
    partner_id = _named_partner_id(work, subscription, directory_id)
    if partner_id is not None and not _may_support(work, subscription, partner_id):
        raise Refusal.CONTACT_NOT_AVAILABLE.error()
    subscription.assign_support_contact(partner_id, at=work.now)
    return subscription


def assign_partner_of_record(
    work: UnitOfWork, row_id: str, directory_id: str | None, *, expected_version: int
) -> Subscription:
    """Set or clear the partner of record. PARTNER_OF_RECORD_INVALID (R25)."""
    subscription = get_current(work, row_id, Action.ASSIGN_PARTNER_OF_RECORD, expected_version)
    partner_id = _named_partner_id(work, subscription, directory_id)
    number = _reseller_number(work, subscription, partner_id, "partner") if partner_id else None
    subscription.assign_partner_of_record(partner_id, number, at=work.now)
    return subscription


def _named_partner_id(work: UnitOfWork, subscription: Subscription, directory_id: str | None) -> str | None:
    return None if directory_id is None else work.tenant_directory(subscription).partner_id(directory_id)


def get_current(work: UnitOfWork, row_id: str, action: Action, expected_version: int) -> Subscription:
    """The subscription for an action, in the version that the caller saw, with due changes applied."""
    subscription = work.subscriptions.get(row_id, to=action)
    subscription.require_version(expected_version)
    subscription.apply_due(work.now)
    return subscription


def has_agreement(work: UnitOfWork, customer: Customer) -> bool:
    """Whether the customer is bound by the customer agreement with the caller's partner (R13, SM6)."""
    agreements = work.query_for(customer).all(CustomerAgreement, customer_id=customer.id)
    return is_bound(agreements, work.principal.tenant_id, customer.cloud)


def _add_ons(work: UnitOfWork, base: Subscription) -> Sequence[Subscription]:
    """The add-ons of the same owner, which follow their base (R41)."""
    return work.query_for(base).linked(Subscription, parent_id=base.id, owner_id=base.owner_id)


def _base(work: UnitOfWork, add_on: Subscription) -> Subscription | None:
    return work.query_for(add_on).one(Subscription, id=add_on.parent_id) if add_on.parent_id else None


def _reseller_number(
    work: UnitOfWork, parent: Customer | Subscription, reseller_id: str, path: str
) -> str | None:
    """The credited number of a provider's active reseller, or PARTNER_OF_RECORD_INVALID (R20, R25)."""
    queries, own = work.query_for(parent), work.principal.tenant_id
    kind = {"type": PartnerType.INDIRECT_RESELLER, "status": PartnerStatus.ACTIVE}
    partnership = active_partnership(queries, own, reseller_id)
    reseller = queries.one(Partner, id=reseller_id, **kind) if partnership else None
    if reseller is None:
        raise Refusal.PARTNER_OF_RECORD_INVALID.error(path=path)
    return credited_number(partnership, reseller)


def _may_support(work: UnitOfWork, subscription: Subscription, partner_id: str) -> bool:
    """R70: any partner with an active relationship; for a seller, its reseller of the customer, too (R26)."""
    queries, own = work.query_for(subscription), work.principal.tenant_id
    if is_related(queries, partner_id, subscription.customer_id):
        return True
    attached = is_related(queries, own, subscription.customer_id, associated_partner_id=partner_id)
    return attached and are_partners(queries, own, partner_id)


AZURE_PLAN = "Azure plan"


def move_subscription_to_csp(
    work: UnitOfWork, row_id: str, *, offer_name: str | None = None, friendly_name: str | None = None
) -> Subscription:
    """A new CSP subscription with the details of another, which stays unchanged (R5, R6).

    CONFIRMATION_REQUIRED (R68), AGREEMENT_REQUIRED (R13), SUBSCRIPTION_ENDED, SUBSCRIPTION_NOT_ACTIVE or
    ALREADY_MOVED.
    """
    old = work.subscriptions.get(row_id, to=Action.MOVE_TO_CSP)
    customer = work.customers.get(old.customer_id, to=Action.CREATE_SUBSCRIPTION)
    seller_id = work.principal.tenant_id
    is_moved = bool(ids_of_recreated(work.query_for(old), [old.id], billing_partner_id=seller_id))
    raise_first(
        old.refusals_to_recreate(
            is_bound=has_agreement(work, customer),
            is_moved=is_moved,
            is_contested=is_contested(work, old, seller_id),
            at=work.now,
        )
    )
    order = SubscriptionOrder(
        offer_name=offer_name or AZURE_PLAN,
        friendly_name=friendly_name or old.friendly_name,
        billing_type=BillingType.USAGE,
    )
    made = recreated_subscription(old, order, customer, seller_id, at=work.now)
    work.add_under(customer, made)
    return made


def cancel_service(work: UnitOfWork, row_id: str, service: str, *, expected_version: int) -> Subscription:
    """Cancel one service of a subscription that has been recreated in CSP (R5).

    NOT_MOVED_YET, SERVICE_UNKNOWN or SERVICE_ALREADY_CANCELED.
    """
    old = get_current(work, row_id, Action.CANCEL_SERVICE, expected_version)
    if not ids_of_recreated(work.query_for(old), [old.id]):
        raise Refusal.NOT_MOVED_YET.error()
    old.cancel_service(service, at=work.now)
    return old


def ids_of_recreated(queries: GuardQueries, ids: Collection[str], **equal: str) -> set[str]:
    """Those subscriptions that a CSP subscription continues that has not ended."""
    found = queries.all(Subscription, continues_id=[*ids], status=sorted(LIVE), **equal)
    return {str(each.continues_id) for each in found}
