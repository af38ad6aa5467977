"""Subscriptions as exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from multichannel.domain.subscriptions import Channel, RecordedBy, Subscription
from multichannel.domain.tenants import PartnerType
from multichannel.importing import rows as columns
from multichannel.importing.export import Found
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.services.imports.partnerships import Resellers
from multichannel.services.imports.relationships import know_customers
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

_GROWN: Final = frozenset({1, 10, 100, 1000})
"""After as many batches the table may be of another order of size."""


def store_subscriptions(unit: ImportUnit, resellers: Resellers) -> None:
    """Make the importer's subscriptions be as exported, and add-ons hang on their bases."""
    rows = unit.rows(Subscription, "owner_id")
    for number, batch in enumerate(unit.batches(ImportedSubscription), 1):
        _store(unit, resellers, batch)
        if number in _GROWN:
            rows.analyze()
    rows.relink("parent_id", by="parent_vendor_id", to="vendor_id", within="customer_id", now=unit.now)


def _store(unit: ImportUnit, resellers: Resellers, batch: Sequence[Found[ImportedSubscription]]) -> None:
    rows = unit.rows(Subscription, "owner_id")
    customers: dict[str, Found[ImportedSubscription]] = {}
    for found in batch:
        customers.setdefault(found.facts.customer_id, found)
    named = know_customers(unit, customers)
    items = []
    for found in batch:
        if problem := named.problems.get(found.facts.customer_id):
            unit.reject(found, problem)
        else:
            items.append((found.facts.vendor_id, found))
    facts = {vendor_id: found.facts for vendor_id, found in items}
    bases = {each.parent_vendor_id for each in facts.values() if each.parent_vendor_id}
    existing = rows.existing("vendor_id", facts.keys() | bases)
    terms = _terms(unit)
    wanted: dict[str, Row] = {}
    waiting = []
    for vendor_id, each in facts.items():
        before = existing.get(vendor_id)
        base = _base(each, existing)
        wanted[vendor_id] = {
            **columns.subscription(each),
            **terms,
            "customer_id": each.customer_id,
            "market": each.country or named.markets[each.customer_id],
            "partner_of_record_id": _partner_of_record(unit, resellers, each, before),
            "parent_id": base["id"] if base else None,
        }
        if before and base is None and _will_come(unit, each, existing):
            waiting.append(vendor_id)
    unit.tally(items, unit.settle(rows, existing, wanted, waiting))


def _terms(unit: ImportUnit) -> dict[str, Any]:
    """Who sold it: an Advisor does not bill, and a reseller is billed through its provider."""
    resells = unit.importer.type in (PartnerType.DIRECT_BILL, PartnerType.INDIRECT_PROVIDER)
    return {
        "owner_id": unit.importer.id,
        "recorded_by": RecordedBy.PARTNER,
        "channel": Channel.CSP if unit.sells else Channel.ADVISOR,
        "billing_partner_id": unit.importer.id if resells else None,
        "cloud": unit.importer.cloud,
    }


def _partner_of_record(
    unit: ImportUnit, resellers: Resellers, facts: ImportedSubscription, before: Row | None
) -> str | None:
    if unit.importer.type is PartnerType.INDIRECT_RESELLER:
        return unit.importer.id
    return resellers.credited(facts.partner_number, before)


def _base(facts: ImportedSubscription, existing: Mapping[str, Row]) -> Row | None:
    """The base of an add-on, of the same customer, if it is stored already."""
    base = existing.get(facts.parent_vendor_id) if facts.parent_vendor_id else None
    return base if base and base["customer_id"] == facts.customer_id else None


def _will_come(unit: ImportUnit, facts: ImportedSubscription, existing: Mapping[str, Row]) -> bool:
    """Whether the base is new in this export, so that the add-on is about to change."""
    base_id = facts.parent_vendor_id
    return (
        base_id is not None and base_id not in existing and unit.export.holds(ImportedSubscription, base_id)
    )
