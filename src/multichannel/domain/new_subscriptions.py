"""New subscriptions: what a partner sells in CSP, and what somebody writes down of another channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    ContractType,
    RecordedBy,
    SubscriptionStatus,
    TermDuration,
)
from multichannel.domain.customers import Customer
from multichannel.domain.quantities import require_quantity
from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.terms import CANCELLATION_WINDOW, TRIAL_FOR, after, months_of

TERMS = {Commerce.LEGACY: {TermDuration.P1Y}, Commerce.NEW_COMMERCE: set(TermDuration)}
"""R45: the terms each generation sells licences for."""
CYCLES = {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12, BillingCycle.TRIENNIAL: 36}
"""The billing cycles that are sold, with their months: none is longer than the term."""
UNITS = {BillingType.USAGE: "Usage", BillingType.LICENSE: "Licenses"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants to buy; what is None is settled by what it is."""

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
class Note:
    """What somebody knows of a subscription that was bought in another channel."""

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


def bought(
    order: Order, customer: Customer, seller_id: str, *, at: datetime, parent: Subscription | None = None
) -> Subscription:
    """A new CSP subscription, active from now on and supported by whoever sells it (R26).

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
        version=1,
        created_at=at,
        updated_at=at,
    )
    made.auto_renew_enabled = _renews(order, made, parent)
    if order.commerce is Commerce.NEW_COMMERCE and order.billing_type is not BillingType.USAGE:
        made.cancellation_allowed_until_date = at + CANCELLATION_WINDOW
    made.schedule()
    return made


def recorded(note: Note, customer: Customer, owner_id: str, by: RecordedBy, *, at: datetime) -> Subscription:
    """A record of what was bought elsewhere: by the customer for all its partners, or by one for itself."""
    require_quantity(note.billing_type, note.quantity)
    made = Subscription(
        owner_id=owner_id,
        customer_id=customer.id,
        recorded_by=by,
        channel=note.channel,
        commerce=note.commerce,
        market=customer.market,
        cloud=customer.cloud,
        offer_name=note.offer_name,
        friendly_name=note.friendly_name,
        quantity=note.quantity,
        unit_type=UNITS.get(note.billing_type),
        entitlement_id=note.entitlement_id,
        commitment_end_date=note.commitment_end_date,
        stored_status=note.status,
        auto_renew_enabled=note.auto_renew_enabled,
        billing_type=note.billing_type,
        billing_cycle=BillingCycle.UNKNOWN,
        term_duration=note.term_duration,
        suspension_reasons=[],
        services=list(note.services),
        canceled_services=[],
        version=1,
        created_at=at,
        updated_at=at,
    )
    made.schedule()
    return made


def continued(
    old: Subscription, order: Order, customer: Customer, seller_id: str, *, at: datetime
) -> Subscription:
    """What recreates `old` in CSP with the services it still runs; both go on side by side (R5, R6)."""
    made = bought(order, customer, seller_id, at=at)
    made.continues_id = old.id
    made.migrated_from_subscription_id = old.vendor_id
    made.services = [name for name in old.services if name not in old.canceled_services]
    return made


def require_first(order: Order, earlier: Iterable[Subscription], at: datetime) -> None:
    """ONE_PER_CUSTOMER for a second trial of an offer, and for licences the customer has suspended (R43)."""
    for each in earlier:
        waiting = order.billing_type is BillingType.LICENSE and each.may_come_back(at)
        if (order.is_trial and each.is_trial) or waiting:
            raise Refusal.ONE_PER_CUSTOMER.error()


def _require_base(order: Order, parent: Subscription, at: datetime) -> None:
    alike = parent.commerce is order.commerce and parent.billing_type is order.billing_type
    if not alike or parent.parent_id is not None:
        raise Refusal.ADD_ON_UNRELATED.error()
    if parent.status_at(at) is not SubscriptionStatus.ACTIVE:
        raise Refusal.PARENT_NOT_ACTIVE.error(path="parentId")


def _terms(order: Order, parent: Subscription | None) -> tuple[str | None, BillingCycle]:
    """The term and billing cycle, or TERMS_NOT_OFFERED."""
    if order.billing_type is BillingType.USAGE or order.is_trial:
        return _no_term(order)
    term = order.term_duration
    if parent is not None:
        if term is not None and term != parent.term_duration:
            raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
        told: str | None = parent.term_duration
    else:
        term = term or TermDuration.P1Y
        if term not in TERMS[order.commerce]:
            raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
        told = term.value
    cycle = order.billing_cycle or BillingCycle.MONTHLY
    if cycle not in CYCLES or CYCLES[cycle] > (months_of(told) or CYCLES[BillingCycle.ANNUAL]):
        raise Refusal.TERMS_NOT_OFFERED.error(path="billingCycle")
    return told, cycle


def _no_term(order: Order) -> tuple[None, BillingCycle]:
    """What is metered is billed monthly, a trial not at all; neither has a term to choose."""
    cycle = BillingCycle.NONE if order.is_trial else BillingCycle.MONTHLY
    if order.term_duration is not None:
        raise Refusal.TERMS_NOT_OFFERED.error(path="termDuration")
    if order.billing_cycle not in {None, cycle}:
        raise Refusal.TERMS_NOT_OFFERED.error(path="billingCycle")
    return None, cycle


def _end(order: Order, term: str | None, parent: Subscription | None, at: datetime) -> datetime | None:
    if order.is_trial:
        return at + TRIAL_FOR
    if parent is not None:
        return parent.term_end_at(at)
    months = months_of(term)
    return after(at, months) if months else None


def _renews(order: Order, made: Subscription, parent: Subscription | None) -> bool:
    """Whether it renews: as asked, else as its base does, else if it can."""
    if order.auto_renew_enabled:
        made.require_renewable(parent)
    if order.auto_renew_enabled is not None:
        return order.auto_renew_enabled
    if order.is_trial or order.billing_type is BillingType.USAGE:
        return False
    return parent is None or bool(parent.auto_renew_enabled)
