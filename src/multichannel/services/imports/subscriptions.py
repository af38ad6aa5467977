"""Imports subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from multichannel.domain.commerce import Channel, Commerce, RecordedBy, SubscriptionStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import PartnerType
from multichannel.importing import table_columns as columns
from multichannel.importing.spool import LocatedItem
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.services.imports.matching import match_unlinked
from multichannel.services.imports.partnerships import Resellers
from multichannel.services.imports.relationships import ensure_customers
from multichannel.services.imports.unit import ImportUnit
from multichannel.services.imports.vendor_states import (
    confirmed_or_open,
    forget_schedules,
    report_differences,
)
from multichannel.store.write.owner_bulk_writer import Row

_ANALYZE_AFTER: Final = frozenset({1, 10, 100, 1000})
"""The batches after which table statistics are renewed: the table has grown by an order of magnitude."""


def store_subscriptions(unit: ImportUnit, resellers: Resellers) -> None:
    """Store the importer's subscriptions as exported, and link add-ons to their bases."""
    rows = unit.rows(Subscription, "owner_id")
    for number, batch in enumerate(unit.batches(ImportedSubscription), 1):
        _store(unit, resellers, batch)
        if number in _ANALYZE_AFTER:
            rows.analyze()
    rows.relink("parent_id", by="parent_vendor_id", to="vendor_id", within="customer_id", now=unit.now)


def _store(
    unit: ImportUnit, resellers: Resellers, batch: Sequence[LocatedItem[ImportedSubscription]]
) -> None:
    rows = unit.rows(Subscription, "owner_id")
    customers: dict[str, LocatedItem[ImportedSubscription]] = {}
    for item in batch:
        customers.setdefault(item.facts.customer_id, item)
    named = ensure_customers(unit, customers)
    valid = unit.accepted(batch, lambda facts: named.problems.get(facts.customer_id))
    items = [(item.facts.vendor_id, item) for item in valid]
    facts = {vendor_id: item.facts for vendor_id, item in items}
    if unit.options.is_dry_run:
        unit.seen |= facts.keys()
        unit.sold_to |= {each.customer_id for each in facts.values()}
    bases = {each.parent_vendor_id for each in facts.values() if each.parent_vendor_id}
    existing = rows.existing("vendor_id", facts.keys() | bases)
    matched, undecided = match_unlinked(unit, valid, existing)
    if matched or undecided:
        existing |= matched
        items = [(vendor_id, item) for vendor_id, item in items if vendor_id not in undecided]
        facts = {vendor_id: item.facts for vendor_id, item in items}
    terms = _terms(unit)
    # R12: what a partner sells, it sells in its own market; what it advises on may be bought in any.
    terms_market = unit.importer.market if unit.sells else None
    wanted: dict[str, Row] = {}
    pending_add_ons = []
    for vendor_id, each in facts.items():
        before = existing.get(vendor_id)
        base = _base(each, existing)
        wanted[vendor_id] = {
            **_described(each, before),
            **confirmed_or_open(unit, each, before),
            **terms,
            "customer_id": each.customer_id,
            "market": each.country or (before["market"] if before else None) or terms_market,
            "partner_of_record_id": _partner_of_record(unit, resellers, each, before),
            "parent_id": base["id"] if base else None,
        }
        if before and base is None and _base_is_in_export(unit, each, existing):
            pending_add_ons.append(vendor_id)
    unit.count_outcomes(items, unit.reconcile(rows, existing, wanted, pending_add_ons))
    report_differences(unit, dict(items), existing, wanted)
    forget_schedules(unit, existing, wanted)


def _described(facts: ImportedSubscription, before: Row | None) -> Row:
    """What the export says of a subscription; what it does not say stays as it is."""
    row = columns.with_stored_where_missing(columns.subscription(facts), before)
    if facts.status is not SubscriptionStatus.SUSPENDED:
        row["suspension_reasons"] = list(facts.suspension_reasons)
    if before and before["commerce"] is Commerce.NEW_COMMERCE:
        row["commerce"] = Commerce.NEW_COMMERCE  # a shorter description does not show what a longer one did
    return row


def _terms(unit: ImportUnit) -> dict[str, Any]:
    """Columns that follow from the importer: neither an Advisor nor a reseller bills."""
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
    number = facts.partner_number or (before["partner_number"] if before else None)
    return resellers.credited(number, before)


def _base(facts: ImportedSubscription, existing: Mapping[str, Row]) -> Row | None:
    """The base of an add-on, of the same customer, if it is stored already."""
    base = existing.get(facts.parent_vendor_id) if facts.parent_vendor_id else None
    return base if base and base["customer_id"] == facts.customer_id else None


def _base_is_in_export(unit: ImportUnit, facts: ImportedSubscription, existing: Mapping[str, Row]) -> bool:
    """Whether the base is new in this export, so that the add-on will change when it is linked."""
    base_id = facts.parent_vendor_id
    return (
        base_id is not None and base_id not in existing and unit.export.holds(ImportedSubscription, base_id)
    )
