"""New subscriptions: sold by a partner in CSP, or recorded from another channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    Confirmation,
    ContractType,
    RecordedBy,
    Sharing,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.domain.customers import Customer
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.terms import CANCELLATION_WINDOW, TRIAL_FOR, add_months, months_of, require_quantity
from multichannel.domain.vendor import VendorState, VendorTaskKind

TERMS = {Commerce.LEGACY: {TermDuration.P1Y}, Commerce.NEW_COMMERCE: set(TermDuration)}
"""R45: the terms of licenses in each generation of commerce."""
CYCLES = {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12, BillingCycle.TRIENNIAL: 36}
"""The billing cycles on offer, with their months; a cycle must not be longer than the term."""
UNITS = {BillingType.USAGE: "Usage", BillingType.LICENSE: "Licenses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionOrder:
    """A subscription to buy; None means the default of its kind."""

    offer_name: str
    billing_type: BillingType
    commerce: Commerce = Commerce.NEW_COMMERCE
    offer_id: str | None = None
    friendly_name: str | None = None
    quantity: int = 1
    term_duration: TermDuration | None = None
    billing_cycle: BillingCycle | None = None
    auto_renew_enabled: bool | None = None
    is_trial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSubscription:
    """A subscription that was bought in another channel."""

    channel: Channel
    billing_type: BillingType
    offer_name: str
    commerce: Commerce = Commerce.LEGACY
    friendly_name: str | None = None
    quantity: int = 1
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    term_duration: str | None = None
    commitment_end_date: datetime | None = None
    auto_renew_enabled: bool | None = None
    entitlement_id: str | None = None
    services: tuple[str, ...] = ()
    sharing: Sharing | None = None


def new_subscription(
    order: SubscriptionOrder,
    customer: Customer,
    seller_id: str,
    *,
    at: datetime,
    parent: Subscription | None = None,
) -> Subscription:
    """A new CSP subscription, active at once and supported by its seller (R26).

    An add-on ends and renews with its base (R41). QUANTITY_OUT_OF_RANGE, TERMS_NOT_OFFERED,
    AUTO_RENEW_NOT_ALLOWED, ADD_ON_UNRELATED or PARENT_NOT_ACTIVE.
    """
    require_quantity(order.billing_type, order.quantity)
    if parent is not None:
        _require_base(order, parent, at)
    term, cycle = _terms(order, parent)
    made = Subscription(
        owner_id=seller_id,
        customer_id=customer.id,
        recorded_by=RecordedBy.PARTNER,
        channel=Channel.CSP,
        billing_partner_id=seller_id,
        support_contact_id=seller_id,
        commerce=order.commerce,
        market=customer.market,
        cloud=customer.cloud,
        offer_id=order.offer_id,
        offer_name=order.offer_name,
        friendly_name=order.friendly_name,
        quantity=order.quantity,
        unit_type=UNITS.get(order.billing_type),
        parent_id=parent.id if parent else None,
        creation_date=at,
        effective_start_date=at,
        commitment_end_date=_end(order, term, parent, at),
        stored_status=SubscriptionStatus.ACTIVE,
        billing_type=order.billing_type,
        billing_cycle=cycle,
        is_trial=order.is_trial,
        term_duration=term,
        suspension_reasons=[],
        contract_type=ContractType.SUBSCRIPTION,
        services=[],
        canceled_services=[],
        created_at=at,
    )
    made.auto_renew_enabled = _renews(order, made, parent)
    if order.commerce is Commerce.NEW_COMMERCE and order.billing_type is not BillingType.USAGE:
        made.cancellation_allowed_until_date = at + CANCELLATION_WINDOW
    made.schedule_transitions()
    made.begin_at_vendor(VendorTaskKind.PURCHASE, at)
    return made


def new_external_subscription(
    external: ExternalSubscription, customer: Customer, owner_id: str, by: RecordedBy, *, at: datetime
) -> Subscription:
    """A subscription of another channel, recorded by the customer or by a partner for itself."""
    require_quantity(external.billing_type, external.quantity)
    made = Subscription(
        owner_id=owner_id,
        customer_id=customer.id,
        recorded_by=by,
        channel=external.channel,
        commerce=external.commerce,
        market=customer.market,
        cloud=customer.cloud,
        offer_name=external.offer_name,
        friendly_name=external.friendly_name,
        quantity=external.quantity,
        unit_type=UNITS.get(external.billing_type),
        entitlement_id=external.entitlement_id,
        commitment_end_date=external.commitment_end_date,
        stored_status=external.status,
        auto_renew_enabled=external.auto_renew_enabled,
        billing_type=external.billing_type,
        billing_cycle=BillingCycle.UNKNOWN,
        term_duration=external.term_duration,
        suspension_reasons=[],
        vendor_state=VendorState.NOT_AT_VENDOR,
        services=list(external.services),
        canceled_services=[],
        sharing=(external.sharing if by is RecordedBy.CUSTOMER else None) or customer.default_sharing,
        confirmation=Confirmation.UNCONFIRMED if by is RecordedBy.PARTNER else None,
        created_at=at,
    )
    made.schedule_transitions()
    return made


def recreated_subscription(
    old: Subscription, order: SubscriptionOrder, customer: Customer, seller_id: str, *, at: datetime
) -> Subscription:
    """A CSP subscription with the details and active services of `old`, which stays unchanged (R5, R6)."""
    made = new_subscription(order, customer, seller_id, at=at)
    made.continues_id = old.id
    made.migrated_from_subscription_id = old.vendor_id
    made.services = [name for name in old.services if name not in old.canceled_services]
    return made


def require_first_purchase(order: SubscriptionOrder, earlier: Iterable[Subscription], at: datetime) -> None:
    """ONE_PER_CUSTOMER for a second trial, or while a subscription to the same offer is suspended (R43)."""
    for each in earlier:
        waiting = order.billing_type is BillingType.LICENSE and each.can_be_reactivated(at)
        if (order.is_trial and each.is_trial) or waiting:
            raise Refusal.ONE_PER_CUSTOMER.error()


def _require_base(order: SubscriptionOrder, parent: Subscription, at: datetime) -> None:
    alike = parent.commerce is order.commerce and parent.billing_type is order.billing_type
    if not alike or parent.parent_id is not None:
        raise Refusal.ADD_ON_UNRELATED.error()
    if parent.status_at(at) is not SubscriptionStatus.ACTIVE:
        raise Refusal.PARENT_NOT_ACTIVE.error(path="parentId")


def _terms(order: SubscriptionOrder, parent: Subscription | None) -> tuple[str | None, BillingCycle]:
    """The term and billing cycle, or TERMS_NOT_OFFERED."""
    if order.billing_type is BillingType.USAGE or order.is_trial:
        return _no_term(order)
    term = order.term_duration
    if parent is not None:
        if term is not None and term != parent.term_duration:
            raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
        duration: str | None = parent.term_duration
    else:
        term = term or TermDuration.P1Y
        if term not in TERMS[order.commerce]:
            raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
        duration = term.value
    cycle = order.billing_cycle or BillingCycle.MONTHLY
    if cycle not in CYCLES or CYCLES[cycle] > (months_of(duration) or CYCLES[BillingCycle.ANNUAL]):
        raise Refusal.TERMS_NOT_OFFERED.error(path="billingCycle")
    return duration, cycle


def _no_term(order: SubscriptionOrder) -> tuple[None, BillingCycle]:
    """Usage-based subscriptions are billed monthly, trials not at all; neither has a term."""
    cycle = BillingCycle.NONE if order.is_trial else BillingCycle.MONTHLY
    if order.term_duration is not None:
        raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
    if order.billing_cycle not in {None, cycle}:
        raise Refusal.TERMS_NOT_OFFERED.error(path="billingCycle")
    return None, cycle


def _end(
    order: SubscriptionOrder, term: str | None, parent: Subscription | None, at: datetime
) -> datetime | None:
    if order.is_trial:
        return at + TRIAL_FOR
    if parent is not None:
        return parent.term_end_at(at)
    months = months_of(term)
    return add_months(at, months) if months else None


def _renews(order: SubscriptionOrder, made: Subscription, parent: Subscription | None) -> bool:
    """Whether it renews: as ordered, else as its base does, else if it can."""
    if order.auto_renew_enabled:
        made.require_renewable(parent)
    if order.auto_renew_enabled is not None:
        return order.auto_renew_enabled
    if order.is_trial or order.billing_type is BillingType.USAGE:
        return False
    return parent is None or bool(parent.auto_renew_enabled)
