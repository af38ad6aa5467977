"""What an import would change, as its importer may know it."""

from __future__ import annotations

from typing import Any, Final

from multichannel.domain.lifecycle import LIVE
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.importing.customers import ImportedCustomer
from multichannel.importing.differences import Change, Difference
from multichannel.services.imports.unit import ImportUnit, batches
from multichannel.store.change_tracker import RowChange

_NAMES: Final = ("company_name", "friendly_name", "offer_name", "name")
_IDS: Final = ("vendor_id", "customer_id", "reseller_id", "id")
_OWN: Final = "described_by_id"


def watch(unit: ImportUnit) -> None:
    """Add all changes of the import to the differences of its report."""

    def add(change: RowChange) -> None:
        if (difference := _difference(change, unit.importer.id)) is not None:
            unit.report.differences.add(difference)

    unit.bulk_changes.observe = add


def add_missing(unit: ImportUnit) -> None:
    """Add what is stored and not in the export, as far as the export lists such records."""
    for batch in batches(sorted(unit.sold_to)):
        groups = unit.rows(Subscription, "owner_id").grouped("customer_id", batch)
        for row in (row for rows in groups.values() for row in rows):
            if row["status"] in LIVE and row["vendor_id"] and row["vendor_id"] not in unit.seen:
                _miss(unit, "Subscription", row)
    if unit.export.lists(ImportedCustomer):
        named = unit.described | unit.sold_to
        for row in unit.rows(ResellerRelationship).all():
            if row["status"] is RelationshipStatus.ACTIVE and row["customer_id"] not in named:
                _miss(unit, "ResellerRelationship", row)


def _miss(unit: ImportUnit, kind: str, row: Any) -> None:
    unit.report.differences.add(Difference(Change.MISSING, kind, _first(row, _IDS), _first(row, _NAMES), {}))


def _difference(change: RowChange, importer_id: str) -> Difference | None:
    """None for what only the operator may know: that another partner has brought a tenant here already."""
    kind, values = change.resource.name, change.row.values
    is_shared = kind in {"Customer", "Partner"}
    was_stub = change.old.get("company_name", "") is None
    if is_shared and (change.created or was_stub or values.get(_OWN) != importer_id):
        return None
    fields = {} if change.created else {name: (change.old[name], new) for name, new in change.new.items()}
    made = Change.NEW if change.created else Change.CHANGED
    if not change.created and change.old.get("vendor_id", ...) is None:
        made = Change.MATCHED
    return Difference(made, kind, _first(values, _IDS), _first(values, _NAMES), fields)


def _first(row: Any, names: tuple[str, ...]) -> str | None:
    return next((row[name] for name in names if row.get(name)), None)
