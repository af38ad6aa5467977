"""What an export confirms of the changes that were made here, and what it contradicts.

The vendor's values count: a change that the export does not show is taken back here, and stays a task. What a
transfer has ended stays ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from multichannel.domain.subscriptions import Subscription
from multichannel.domain.vendor import (
    CONFIRMED,
    FOLLOWED,
    VendorRecord,
    VendorState,
    VendorTaskKind,
    after_export,
    plain,
)
from multichannel.importing.problems import Problem
from multichannel.importing.spool import LocatedItem
from multichannel.importing.subscriptions import ImportedSubscription
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

_CONFIRMED: Final = CONFIRMED.columns()
_SCHEDULE: Final = ("expires_at", "disabled_at", "deleted_at")
_REPORTED: Final = ("quantity", "status", "auto_renew_enabled", "commitment_end_date")


def confirmed_or_open(unit: ImportUnit, facts: ImportedSubscription, before: Row | None) -> Mapping[str, Any]:
    """The columns about the vendor; with the status here, if that is the one to stay."""
    if before is None or (before["vendor_id"] is not None and not before["vendor_changes"]):
        return _CONFIRMED
    exported = {name: getattr(facts, name) for name in FOLLOWED}
    record = after_export(before, exported, unit.now)
    return record.columns() | _kept(record, before)


def _kept(record: VendorRecord, before: Row) -> dict[str, Any]:
    is_released = record.vendor_task is VendorTaskKind.RELEASE
    return {name: before[name] for name in ("status", "auto_renew_enabled")} if is_released else {}


def report_differences(
    unit: ImportUnit,
    items: Mapping[str, LocatedItem[ImportedSubscription]],
    existing: Mapping[str, Row],
    wanted: Mapping[str, Row],
) -> None:
    """Tell the importer which changes the export does not show, and which values it has changed."""
    for vendor_id, row in wanted.items():
        before = existing.get(vendor_id)
        if before is None:
            continue
        if row["vendor_state"] is VendorState.DIFFERS:
            changes = row["vendor_changes"].items()
            values = [f"{name}: {here} → {there}" for name, (there, here) in changes]
            code = "DIFFERS"
            sentence = f"The export does not show what was changed here: {', '.join(values)}."
        elif values := [*_changed(before, row)]:
            code, sentence = "CHANGED_AT_VENDOR", f"The values of the vendor count: {', '.join(values)}."
        else:
            continue
        item = items[vendor_id]
        unit.file(item).note(item.index, Problem("id", code, sentence))


def _changed(before: Row, row: Row) -> Iterator[str]:
    for name in _REPORTED:
        if before[name] != row[name]:
            yield f"{name}: {plain(before[name])} → {plain(row[name])}"


def forget_schedules(unit: ImportUnit, existing: Mapping[str, Row], wanted: Mapping[str, Row]) -> None:
    """Of what the export gives another status or renewal, what was to follow from the former one."""
    outdated = [
        {"id": before["id"], **dict.fromkeys(_SCHEDULE)}
        for vendor_id, before in existing.items()
        if any(before[name] for name in _SCHEDULE)
        and any(
            wanted.get(vendor_id, before)[name] != before[name] for name in ("status", "auto_renew_enabled")
        )
    ]
    unit.rows(Subscription, "owner_id").update(outdated, existing.values())
