"""How usage-based subscriptions of other channels come to CSP (R5, R6): recreated first, then canceled."""

from __future__ import annotations

from multichannel.domain.commerce import BillingType
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.new_subscriptions import SubscriptionOrder, recreated_subscription
from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.subscriptions import fetch, has_agreement
from multichannel.store.unit_of_work import UnitOfWork

AZURE_PLAN = "Azure plan"


def move_subscription_to_csp(
    work: UnitOfWork, row_id: str, *, offer_name: str | None = None, friendly_name: str | None = None
) -> Subscription:
    """A new CSP subscription with the old one's details; the old one is left as it is (R5, R6).

    AGREEMENT_REQUIRED (R13), SUBSCRIPTION_ENDED, or ALREADY_MOVED while this partner's last one is there.
    """
    old = work.subscriptions.get(row_id, to=Action.MOVE_TO_CSP)
    customer = work.customers.get(old.customer_id, to=Action.CREATE_SUBSCRIPTION)
    seller_id = work.principal.tenant_id
    is_moved = _is_continued(work, old, billing_partner_id=seller_id)
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
    """Cancel one service of the old subscription, once something in CSP continues it (R5).

    NOT_MOVED_YET, SERVICE_UNKNOWN or SERVICE_ALREADY_CANCELED.
    """
    old = fetch(work, row_id, Action.CANCEL_SERVICE, expected_version)
    if not _is_continued(work, old):
        raise Refusal.NOT_MOVED_YET.error()
    old.cancel_service(service, at=work.now)
    return old


def _is_continued(work: UnitOfWork, old: Subscription, **equal: str) -> bool:
    """Whether something in CSP continues it that has not come to an end."""
    return work.query_for(old).any(Subscription, continues_id=old.id, status=sorted(LIVE), **equal)
