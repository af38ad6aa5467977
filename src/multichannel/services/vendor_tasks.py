"""What people tell of the vendor's portal: which of its subscriptions one is, and what was done there."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.domain.refusals import Refusal, raise_first
from multichannel.domain.subscriptions import Subscription
from multichannel.policy.schema.vocabulary import Action
from multichannel.services.subscriptions import get_current
from multichannel.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorIds:
    """The ids that the vendor has given a subscription, as far as they are known."""

    vendor_id: str | None = None
    entitlement_id: str | None = None


def link_subscription(
    work: UnitOfWork, row_id: str, ids: VendorIds, *, expected_version: int
) -> Subscription:
    """Name the vendor's subscription that it is. SUBSCRIPTION_LINKED or VENDOR_ID_TAKEN."""
    subscription = get_current(work, row_id, Action.LINK, expected_version)
    raise_first(subscription.refusals_to_link(work.now))
    _require_free(work, subscription, ids)
    subscription.link(str(ids.vendor_id), at=work.now)
    _know_entitlement(subscription, ids)
    return subscription


def complete_vendor_task(
    work: UnitOfWork, row_id: str, ids: VendorIds, *, discard: bool, expected_version: int
) -> Subscription:
    """Tell that what was to do at the vendor is done, or with `discard` that it will not be.

    NO_VENDOR_TASK, TRANSFER_STANDS, VENDOR_ID_REQUIRED, SUBSCRIPTION_LINKED with another id, VENDOR_ID_TAKEN.
    """
    subscription = get_current(work, row_id, Action.COMPLETE_VENDOR_TASK, expected_version)
    raise_first(subscription.refusals_to_complete_vendor_task(work.now))
    if subscription.vendor_id is not None and ids.vendor_id not in {None, subscription.vendor_id}:
        raise Refusal.SUBSCRIPTION_LINKED.error(path="vendorId")
    if not discard:
        _require_free(work, subscription, ids)
    subscription.complete_vendor_task(vendor_id=ids.vendor_id, discard=discard, at=work.now)
    if not discard:
        _know_entitlement(subscription, ids)
    return subscription


def _require_free(work: UnitOfWork, subscription: Subscription, ids: VendorIds) -> None:
    """VENDOR_ID_TAKEN by another subscription of the same owner."""
    if ids.vendor_id is None or ids.vendor_id == subscription.vendor_id:
        return
    own = {"owner_id": subscription.owner_id, "vendor_id": ids.vendor_id}
    if work.query_for(subscription).any(Subscription, **own):
        raise Refusal.VENDOR_ID_TAKEN.error()


def _know_entitlement(subscription: Subscription, ids: VendorIds) -> None:
    if ids.entitlement_id is not None:
        subscription.entitlement_id = ids.entitlement_id
