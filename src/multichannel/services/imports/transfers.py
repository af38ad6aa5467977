"""Transfers as exported: history of the importer's, whoever the parties are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from multichannel.domain.base import new_id
from multichannel.domain.transfers import Transfer, TransferLine
from multichannel.importing import rows as columns
from multichannel.importing.export import Found
from multichannel.importing.transfers import ImportedTransfer
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row


def store_transfers(unit: ImportUnit) -> None:
    """Make the importer's transfers and their lines be as exported."""
    for batch in unit.batches(ImportedTransfer):
        _store(unit, batch)


def _store(unit: ImportUnit, batch: Sequence[Found[ImportedTransfer]]) -> None:
    items = [(found.facts.vendor_id, found) for found in batch]
    transfers = unit.rows(Transfer, "owner_id")
    existing = transfers.existing("vendor_id", dict(items))
    wanted = {vendor_id: _transfer(unit, found.facts) for vendor_id, found in items}
    lines = {vendor_id: columns.transfer_lines(found.facts) for vendor_id, found in items}
    stored = unit.rows(TransferLine, "tenant_id").grouped(
        "transfer_id", [row["id"] for row in existing.values()]
    )
    changed = {
        vendor_id: stored.get(row["id"], [])
        for vendor_id, row in existing.items()
        if not _same(stored.get(row["id"], []), lines[vendor_id])
    }
    unit.tally(items, unit.settle(transfers, existing, wanted, changed))
    fresh = lines.keys() - existing.keys() | changed.keys()
    _replace(unit, {key: lines[key] for key in fresh}, [row for rows in changed.values() for row in rows])


def _replace(unit: ImportUnit, lines: Mapping[str, Sequence[Row]], outdated: Sequence[Row]) -> None:
    """Store lines by the transfer they belong to, in place of outdated ones."""
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


def _same(stored: Sequence[Row], wanted: Sequence[Row]) -> bool:
    ordered = sorted(stored, key=lambda row: int(row["number"]))
    return len(ordered) == len(wanted) and all(
        before[name] == value
        for before, line in zip(ordered, wanted, strict=True)
        for name, value in line.items()
    )


def _transfer(unit: ImportUnit, facts: ImportedTransfer) -> dict[str, Any]:
    return {
        **columns.transfer(facts),
        "owner_id": unit.importer.id,
        "vendor_id": facts.vendor_id,
        "cloud": unit.importer.cloud,
    }
