"""Usage-based subscriptions of other channels in CSP: recreated first, then canceled (R5, R6)."""

from __future__ import annotations

from multichannel.domain.commerce import BillingType
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.new_subscriptions import SubscriptionOrder, recreated_subscription
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.subscriptions import get_current, has_agreement
from multichannel.store.unit_of_work import UnitOfWork

AZURE_PLAN = "Azure plan"


def move_subscription_to_csp(
    work: UnitOfWork, row_id: str, *, offer_name: str | None = None, friendly_name: str | None = None
) -> Subscription:
    """A new CSP subscription with the details of another, which stays unchanged (R5, R6).

    AGREEMENT_REQUIRED (R13), SUBSCRIPTION_ENDED, SUBSCRIPTION_NOT_ACTIVE or ALREADY_MOVED.
    """
    old = work.subscriptions.get(row_id, to=Action.MOVE_TO_CSP)
    customer = work.customers.get(old.customer_id, to=Action.CREATE_SUBSCRIPTION)
    seller_id = work.principal.tenant_id
    is_moved = _is_recreated(work, old, billing_partner_id=seller_id)
    raise_first(
        old.refusals_to_recreate(is_bound=has_agreement(work, customer), is_moved=is_moved, at=work.now)
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
    if not _is_recreated(work, old):
        raise Refusal.NOT_MOVED_YET.error()
    old.cancel_service(service, at=work.now)
    return old


def _is_recreated(work: UnitOfWork, old: Subscription, **equal: str) -> bool:
    """Whether a CSP subscription that has not ended continues it."""
    return work.query_for(old).any(Subscription, continues_id=old.id, status=sorted(LIVE), **equal)
