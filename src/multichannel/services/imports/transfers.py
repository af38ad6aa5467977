"""Imports transfers: history that belongs to the importer, whoever the parties are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multichannel.domain.base import new_id
from multichannel.domain.transfers import Transfer, TransferLine
from multichannel.importing import table_columns as columns
from multichannel.importing.spool import LocatedItem
from multichannel.importing.transfers import ImportedTransfer
from multichannel.services.imports.transfer_matching import without_made_here
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row


def store_transfers(unit: ImportUnit) -> None:
    """Store the importer's transfers and their lines as exported."""
    for batch in unit.batches(ImportedTransfer):
        _store(unit, batch)


def _store(unit: ImportUnit, batch: Sequence[LocatedItem[ImportedTransfer]]) -> None:
    items = [(item.facts.vendor_id, item) for item in without_made_here(unit, batch)]
    transfers = unit.rows(Transfer, "owner_id")
    existing = transfers.existing("vendor_id", dict(items))
    wanted = {vendor_id: _transfer(unit, item.facts, existing.get(vendor_id)) for vendor_id, item in items}
    # A list of transfers has no lines; each transfer by itself has.
    lines = {vendor_id: columns.transfer_lines(item.facts) for vendor_id, item in items if item.facts.lines}
    stored = unit.rows(TransferLine, "tenant_id").grouped(
        "transfer_id", [row["id"] for row in existing.values()]
    )
    changed = {
        vendor_id: stored.get(row["id"], [])
        for vendor_id, row in existing.items()
        if vendor_id in lines and not _equal_lines(stored.get(row["id"], []), lines[vendor_id])
    }
    unit.count_outcomes(items, unit.reconcile(transfers, existing, wanted, changed))
    for vendor_id, before in changed.items():
        unit.bulk_changes.note(
            existing[vendor_id]["id"], "lines", _summary(before), _summary(lines[vendor_id])
        )
    fresh = (lines.keys() - existing.keys()) | changed.keys()
    _replace(unit, {key: lines[key] for key in fresh}, [row for rows in changed.values() for row in rows])


def _replace(unit: ImportUnit, lines: Mapping[str, Sequence[Row]], outdated: Sequence[Row]) -> None:
    rows = unit.rows(TransferLine, "tenant_id")
    rows.delete([row["id"] for row in outdated])
    transfers = unit.rows(Transfer, "owner_id").existing("vendor_id", lines)
    rows.insert(
        [
            {**line, "id": new_id(), "tenant_id": unit.importer.id, "transfer_id": transfers[key]["id"]}
            for key, group in lines.items()
            for line in group
        ]
    )


def _summary(lines: Sequence[Row]) -> list[str]:
    """Lines as the audit log tells them: the subscription and its quantity."""
    ordered = sorted(lines, key=lambda row: int(row["number"]))
    return [f"{row['subscription_vendor_id']}: {row['quantity']}" for row in ordered]


def _equal_lines(stored: Sequence[Row], wanted: Sequence[Row]) -> bool:
    ordered = sorted(stored, key=lambda row: int(row["number"]))
    return len(ordered) == len(wanted) and all(
        before[name] == value
        for before, line in zip(ordered, wanted, strict=True)
        for name, value in line.items()
    )


def _transfer(unit: ImportUnit, facts: ImportedTransfer, before: Row | None) -> dict[str, Any]:
    return {
        **columns.with_stored_where_missing(columns.transfer(facts), before),
        "owner_id": unit.importer.id,
        "vendor_id": facts.vendor_id,
        "cloud": unit.importer.cloud,
    }
