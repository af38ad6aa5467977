"""Recognizes in an export what the product made itself, which has no vendor id yet.

A subscription that was created here, recreated or received in a transfer is one of the export if both have
the same customer, offer, billing type and quantity, and begin within days of each other. Where several fit,
or one does but for its quantity, the report asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.importing.problems import Problem
from multichannel.importing.spool import LocatedItem
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

Item = LocatedItem[ImportedSubscription]

BEGINS_WITHIN: Final = timedelta(days=7)
"""How far apart a purchase here and the one at the vendor may begin."""
NEW: Final = "new"
"""What the importer answers where the vendor's subscription is none of those that were made here."""


def match_unlinked(
    unit: ImportUnit, items: Sequence[Item], existing: Mapping[str, Row]
) -> tuple[dict[str, Row], set[str]]:
    """By vendor id, the rows that were made here; and the vendor ids of items that were rejected."""
    fresh = {item.facts.vendor_id: item for item in items if item.facts.vendor_id not in existing}
    if not (fresh and unit.has_unlinked):
        return {}, set()
    rows = unit.rows(Subscription, "owner_id")
    unlinked: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows.without("vendor_id", "customer_id", {item.facts.customer_id for item in fresh.values()}):
        unlinked[row["customer_id"]].append(row)
    fitting = {
        vendor_id: _candidates(unlinked[item.facts.customer_id], item.facts)
        for vendor_id, item in fresh.items()
    }
    claims: defaultdict[str, int] = defaultdict(int)
    for candidates in fitting.values():
        for row in candidates:
            claims[row["id"]] += 1
    matched: dict[str, Row] = {}
    rejected: set[str] = set()
    for vendor_id, candidates in fitting.items():
        answer = unit.options.links.get(vendor_id)
        chosen = [row for row in candidates if row["id"] == answer] if answer else candidates
        if answer == NEW or not candidates:
            continue
        is_sure = (
            len(chosen) == 1 and claims[chosen[0]["id"]] == 1 and _fits(chosen[0], fresh[vendor_id].facts)
        )
        if len(chosen) == 1 and (answer or is_sure):
            matched[vendor_id] = chosen[0]
            unit.file(fresh[vendor_id]).note(fresh[vendor_id].index, _notice(chosen[0]))
        else:
            rejected.add(vendor_id)
            unit.reject(fresh[vendor_id], _question(vendor_id, candidates))
    return matched, rejected


def _candidates(rows: Sequence[Row], facts: ImportedSubscription) -> list[Row]:
    """The rows that it may be: those that fit, or else those sold here that do but for the quantity."""
    exact = [row for row in rows if _fits(row, facts)]
    return exact or [row for row in rows if row["vendor_task_since"] is not None and _is_alike(row, facts)]


def _fits(row: Row, facts: ImportedSubscription) -> bool:
    return _is_same(row, facts) or (row["quantity"] == facts.quantity and _is_alike(row, facts))


def _is_same(row: Row, facts: ImportedSubscription) -> bool:
    """By an id that both have: of the Azure subscription, or of what a transfer or the product replaced."""
    return any(
        row[name] is not None and row[name] == getattr(facts, name)
        for name in ("entitlement_id", "migrated_from_subscription_id")
    )


def _is_alike(row: Row, facts: ImportedSubscription) -> bool:
    if row["billing_type"] is not facts.billing_type or _is_discarded(row):
        return False
    there = _begin(facts.effective_start_date, facts.creation_date)
    begins = (_begin(row["effective_start_date"], row["creation_date"]), row["vendor_task_since"])
    near = there is not None and any(begin and abs(begin - there) <= BEGINS_WITHIN for begin in begins)
    return near and _same_offer(row, facts)


def _is_discarded(row: Row) -> bool:
    """Whether somebody has said that the vendor does not have it."""
    return row["status"] is SubscriptionStatus.DELETED and row["vendor_task_since"] is None


def _same_offer(row: Row, facts: ImportedSubscription) -> bool:
    """By id where the product knows it, else by name."""
    if row["offer_id"] is not None:
        return str(row["offer_id"]).casefold() == facts.offer_id.casefold()
    return (
        row["offer_name"] is not None and row["offer_name"].casefold() == (facts.offer_name or "").casefold()
    )


def _begin(*dates: datetime | None) -> datetime | None:
    return next((date for date in dates if date is not None), None)


def _notice(row: Row) -> Problem:
    sentence = f"This is the subscription {_described(row)}, which was made here; the two are linked now."
    return Problem("id", "MATCHED", sentence)


def _question(vendor_id: str, candidates: Sequence[Row]) -> Problem:
    made = "; ".join(sorted(map(_described, candidates)))
    sentence = (
        f"This may be one that was made here: {made}. Say which with --link {vendor_id}=<its id> or "
        f"linkSubscription, or --link {vendor_id}={NEW} if it is none of them."
    )
    return Problem("id", "SEVERAL_MATCHES", sentence)


def _described(row: Row) -> str:
    name = row["friendly_name"] or row["offer_name"] or row["offer_id"]
    begin = _begin(row["effective_start_date"], row["creation_date"])
    return f"{row['id']} ({name}, quantity {row['quantity']}{f', from {begin:%Y-%m-%d}' if begin else ''})"
