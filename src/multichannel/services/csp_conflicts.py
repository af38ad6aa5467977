"""Records of other channels that carry an id of what a CSP partner sells the same customer (R68)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from multichannel.domain.commerce import Channel
from multichannel.domain.lifecycle import LIVE
from multichannel.domain.subscriptions import Subscription
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.guard_queries import GuardQueries


def is_contested(work: UnitOfWork, record: Subscription, partner_id: str) -> bool:
    """Whether a partner other than this one sells it already."""
    return bool(_ids(record)) and bool(contested_records(work.query_for(record), [record], partner_id))


def contested_records(
    queries: GuardQueries, records: Collection[Subscription], partner_id: str | None = None
) -> set[str]:
    """The ids of records of other channels that others than this partner, or their owner, sell already."""
    sold = queries.all(
        Subscription,
        customer_id=sorted({record.customer_id for record in records}),
        channel=Channel.CSP,
        status=sorted(LIVE),
    )
    sellers: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for row in sold:
        for each in _ids(row):
            sellers[row.customer_id, each].add(row.billing_partner_id)
    return {
        record.id
        for record in records
        if record.channel is not Channel.CSP
        and any(sellers[record.customer_id, each] - {partner_id or record.owner_id} for each in _ids(record))
    }


def _ids(row: Subscription) -> set[str]:
    """The ids that the vendor gave it."""
    return {each for each in (row.entitlement_id, row.vendor_id) if each}
