"""Rows for the tests of the domain, with no database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from multichannel.domain.base import new_id
from multichannel.domain.commerce import (
    BillingCycle,
    BillingType,
    Channel,
    Commerce,
    RecordedBy,
    SubscriptionStatus,
)
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Initiator, Transfer, TransferKind, TransferStatus

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BEGAN, ENDS = NOW - 100 * DAY, NOW + 265 * DAY
PARTNER, SELLER, CUSTOMER = "partner", "seller", "customer"


def subscription(commerce: Commerce = Commerce.NEW_COMMERCE, **differing: Any) -> Subscription:
    """Licenses in the middle of a term of a year, which renews, unless it differs."""
    values: dict[str, Any] = {
        "id": new_id(),
        "owner_id": SELLER,
        "billing_partner_id": SELLER,
        "customer_id": CUSTOMER,
        "recorded_by": RecordedBy.PARTNER,
        "channel": Channel.CSP,
        "commerce": commerce,
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "quantity": 10,
        "stored_status": SubscriptionStatus.ACTIVE,
        "billing_type": BillingType.LICENSE,
        "billing_cycle": BillingCycle.MONTHLY,
        "auto_renew_enabled": True,
        "term_duration": "P1Y",
        "effective_start_date": BEGAN,
        "commitment_end_date": ENDS,
        "cancellation_allowed_until_date": BEGAN + 7 * DAY if commerce is Commerce.NEW_COMMERCE else None,
        "suspension_reasons": [],
        "services": ["storage", "sql-database"],
        "canceled_services": [],
        "version": 1,
        "updated_at": BEGAN,
    }
    return Subscription(**(values | differing))


def relationship(
    status: RelationshipStatus = RelationshipStatus.ACTIVE, **differing: Any
) -> ResellerRelationship:
    """A direct relationship of the partner with the customer, or its request."""
    values: dict[str, Any] = {
        "id": new_id(),
        "partner_id": PARTNER,
        "customer_id": CUSTOMER,
        "addressed_to": CUSTOMER,
        "stored_status": status,
        "expires_at": NOW + DAY if status is RelationshipStatus.REQUESTED else None,
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "version": 1,
        "updated_at": BEGAN,
    }
    return ResellerRelationship(**(values | differing))


def transfer(kind: TransferKind = TransferKind.NEW_COMMERCE, **differing: Any) -> Transfer:
    """A pending transfer from the seller to the partner, which requested it."""
    values: dict[str, Any] = {
        "id": new_id(),
        "owner_id": PARTNER,
        "kind": kind,
        "stored_status": TransferStatus.PENDING,
        "customer_id": CUSTOMER,
        "source_partner_id": SELLER,
        "target_partner_id": PARTNER,
        "initiated_by": Initiator.TARGET,
        "expires_at": NOW + DAY,
        "market": "US",
        "cloud": Cloud.PUBLIC,
        "version": 1,
        "updated_at": BEGAN,
    }
    return Transfer(**(values | differing))
