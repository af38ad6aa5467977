"""Customers confirm or dispute what partners recorded of other channels (R67, R68)."""

from __future__ import annotations

from multichannel.domain.refusals import Refusal
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.csp_conflicts import is_contested
from multichannel.services.subscriptions import get_current
from multichannel.store.unit_of_work import UnitOfWork


def confirm_external_subscription(work: UnitOfWork, row_id: str, *, expected_version: int) -> Subscription:
    """Confirm a partner's record, which the partner can then recreate in CSP.

    ALREADY_CSP, which only the customer is told (R68), or SUBSCRIPTION_ENDED.
    """
    record = get_current(work, row_id, Action.CONFIRM, expected_version)
    if is_contested(work, record, record.owner_id):
        raise Refusal.ALREADY_CSP.error()
    record.confirm(at=work.now)
    return record


def dispute_external_subscription(work: UnitOfWork, row_id: str, *, expected_version: int) -> Subscription:
    """Dispute a partner's record, also one that was confirmed. SUBSCRIPTION_ENDED."""
    record = get_current(work, row_id, Action.DISPUTE, expected_version)
    record.dispute(at=work.now)
    return record
