"""Recognizes in an export the transfers that were made here, whichever of their partners imports them.

One that was made here is told by what happened here, and only takes the vendor's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from multichannel.domain.transfers import Transfer
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.importing.spool import LocatedItem
from multichannel.importing.transfers import ImportedTransfer
from multichannel.services.imports.matching import BEGINS_WITHIN, NEW
from multichannel.services.imports.unit import ImportUnit

Item = LocatedItem[ImportedTransfer]
_FIELD: Final = "id"


def without_made_here(unit: ImportUnit, batch: Sequence[Item]) -> list[Item]:
    """The items that were not made here. The others are linked, or rejected where several fit."""
    made = unit.transfers_made_with({item.facts.customer_id for item in batch})
    if not made:
        return list(batch)
    left: list[Item] = []
    linked: dict[str, str] = {}
    for item in batch:
        facts = item.facts
        known = [each for each in made if each.vendor_id == facts.vendor_id]
        found = known or [each for each in made if each.id not in linked and _fits(each, facts)]
        answer = unit.options.links.get(facts.vendor_id)
        chosen = [each for each in found if each.id == answer] if answer else found
        if not found or answer == NEW:
            left.append(item)
        elif len(chosen) != 1:
            unit.reject(item, _question(facts.vendor_id, found))
        else:
            _recognize(unit, item, chosen[0], linked)
    _link(unit, linked)
    return left


def _fits(made: Transfer, facts: ImportedTransfer) -> bool:
    """Whether both are between the same partners for the same customer, and began within days."""
    source = made.source_directory_id or made.source_partner_id
    target = made.target_directory_id or made.target_partner_id
    same = (source, target) == (facts.source_partner_id, facts.target_partner_id)
    began, there = made.requested_at or made.created_at, facts.created_time
    near = there is None or abs(began - there) <= BEGINS_WITHIN
    return same and made.customer_id == facts.customer_id and made.vendor_id is None and near


def _recognize(unit: ImportUnit, item: Item, made: Transfer, linked: dict[str, str]) -> None:
    is_own = made.owner_id == unit.importer.id
    if is_own and made.vendor_id is None:
        linked[made.id] = item.facts.vendor_id
        sentence = f"This is the transfer {made.id}, which was made here; the two are linked now."
        unit.file(item).note(item.index, Problem(_FIELD, "MATCHED", sentence))
    unit.file(item).count(Outcome.UPDATED if made.id in linked else Outcome.UNCHANGED)
    status = made.status_at(unit.now)
    if status is not item.facts.status:
        sentence = f"The transfer {made.id} is {status} here, and {item.facts.status} at the vendor."
        unit.file(item).note(item.index, Problem("status", "DIFFERS", sentence))


def _link(unit: ImportUnit, linked: Mapping[str, str]) -> None:
    rows = unit.rows(Transfer, "owner_id")
    before = rows.existing("id", linked)
    changed = [
        {"id": row_id, "vendor_id": linked[row_id], "version": row["version"] + 1, "updated_at": unit.now}
        for row_id, row in before.items()
    ]
    rows.update(changed, before.values())


def _question(vendor_id: str, found: Sequence[Transfer]) -> Problem:
    ids = ", ".join(sorted(each.id for each in found))
    sentence = (
        f"This may be one of several transfers that were made here: {ids}. Say which with "
        f"--link {vendor_id}=<its id>, or --link {vendor_id}={NEW} if it is none of them."
    )
    return Problem(_FIELD, "SEVERAL_MATCHES", sentence)
