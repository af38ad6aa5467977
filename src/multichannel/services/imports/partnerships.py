"""Imports the partnerships of the importing partner, with the partners that they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from multichannel.domain.partnerships import OPEN, Partnership, PartnershipStatus
from multichannel.domain.tenants import PartnerType, TenantKind
from multichannel.importing.partnerships import ImportedPartnerRelationship, PartnerRelationshipType
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.importing.spool import LocatedItem
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

Item: TypeAlias = LocatedItem[ImportedPartnerRelationship]


@dataclass(frozen=True)
class PartnershipSide:
    """The importer's side of a partnership: columns, type of the other partner, own allowed types."""

    own: str
    other: str
    other_type: PartnerType
    importers: frozenset[PartnerType]
    refusal: str


# A direct-bill partner may also be enrolled as a provider or as a reseller.
SIDES: Final = {
    PartnerRelationshipType.IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF: PartnershipSide(
        own="provider_id",
        other="reseller_id",
        other_type=PartnerType.INDIRECT_RESELLER,
        importers=frozenset({PartnerType.INDIRECT_PROVIDER, PartnerType.DIRECT_BILL}),
        refusal="cannot have resellers. Import this as the indirect provider.",
    ),
    PartnerRelationshipType.IS_INDIRECT_RESELLER_OF: PartnershipSide(
        own="reseller_id",
        other="provider_id",
        other_type=PartnerType.INDIRECT_PROVIDER,
        importers=frozenset({PartnerType.INDIRECT_RESELLER, PartnerType.DIRECT_BILL}),
        refusal="cannot have an indirect provider. Import this as the reseller.",
    ),
}


@dataclass
class Attachment:
    """An item that attaches a reseller to a customer, with its outcome so far."""

    item: Item
    outcome: Outcome

    @property
    def reseller_id(self) -> str:
        """The tenant id of the reseller."""
        return self.item.facts.partner_id


@dataclass
class Resellers:
    """The importer's resellers: active ones, by partner number, and attachments by customer."""

    active: set[str] = field(default_factory=set)
    numbers: defaultdict[str | None, set[str]] = field(default_factory=lambda: defaultdict(set))
    attachments: defaultdict[str, list[Attachment]] = field(default_factory=lambda: defaultdict(list))

    def credited(self, number: str | None, before: Row | None) -> str | None:
        """The partner of record by its number (R25); the former one while the number is unknown."""
        holders = self.numbers.get(number, ()) if number else ()
        if len(holders) == 1:
            return next(iter(holders))
        if before is None or before["partner_number"] != number:
            return None
        former: str | None = before["partner_of_record_id"]
        return former if former in self.active else None


def store_partner_relationships(unit: ImportUnit) -> Resellers:
    """Store the importer's partnerships as exported; returns the importer's resellers."""
    resellers = Resellers()
    for batch in unit.batches(ImportedPartnerRelationship):
        for kind, side in SIDES.items():
            one_side = [item for item in batch if item.facts.relationship_type is kind]
            _store_side(unit, side, _valid_items(unit, side, one_side), resellers)
    for row in unit.rows(Partnership, "provider_id").all():
        if row["status"] is PartnershipStatus.ACTIVE:
            resellers.active.add(row["reseller_id"])
            resellers.numbers[row["reseller_number"]].add(row["reseller_id"])
    return resellers


def _valid_items(unit: ImportUnit, side: PartnershipSide, batch: Sequence[Item]) -> list[Item]:
    """The items that can be stored, with their partners added; the others are rejected."""
    ids = {item.facts.partner_id for item in batch}
    problems, absent = unit.tenant_conflicts(ids, TenantKind.PARTNER, "id")
    if unit.importer.id in ids:
        problems[unit.importer.id] = Problem("id", "CONTRADICTION", "This is the importing partner itself.")
    if unit.importer.type not in side.importers:
        sentence = f"The importing partner is of type {unit.importer.type}, which {side.refusal}"
        problems = dict.fromkeys(ids, Problem("relationshipType", "WRONG_PARTNER_TYPE", sentence))
    valid = unit.accepted(batch, lambda facts: problems.get(facts.partner_id))
    stubs = {each.facts.partner_id: each for each in valid if each.facts.partner_id in absent}
    unit.companies.add_partners([_stub(unit, side, item.facts) for item in stubs.values()])
    return valid


def _store_side(unit: ImportUnit, side: PartnershipSide, batch: Sequence[Item], resellers: Resellers) -> None:
    items = [(item.facts.partner_id, item) for item in batch]
    rows = unit.rows(Partnership, side.own)
    existing = {
        partner_id: max(candidates, key=_preference)
        for partner_id, candidates in rows.grouped(side.other, dict(items)).items()
    }
    wanted = {
        partner_id: _partnership(unit, side, item.facts, existing.get(partner_id))
        for partner_id, item in items
    }
    outcomes = unit.reconcile(rows, existing, wanted)
    unit.count_outcomes(items, outcomes)
    if side.own == "provider_id":
        _collect_attachments(items, outcomes, resellers)


def _preference(row: Row) -> tuple[bool, datetime, str]:
    """Of several partnerships with one company: the open one, else the newest."""
    return row["status"] in OPEN, row["created_at"], row["id"]


def _collect_attachments(
    items: Sequence[tuple[str, Item]], outcomes: Mapping[str, Outcome], resellers: Resellers
) -> None:
    left = dict(outcomes)
    for partner_id, item in items:
        outcome = left.pop(partner_id, Outcome.UNCHANGED)
        if item.facts.customer_id is not None and item.facts.state is PartnershipStatus.ACTIVE:
            resellers.attachments[item.facts.customer_id].append(Attachment(item, outcome))


def _partnership(
    unit: ImportUnit, side: PartnershipSide, facts: ImportedPartnerRelationship, before: Row | None
) -> Row:
    return {
        side.own: unit.importer.id,
        side.other: facts.partner_id,
        "reseller_number": _reseller_number(side, facts, before),
        "addressed_to": facts.partner_id if side.own == "provider_id" else unit.importer.id,
        "status": facts.state,
        "market": before["market"] if before else unit.importer.market,
        "cloud": unit.importer.cloud,
    }


def _reseller_number(
    side: PartnershipSide, facts: ImportedPartnerRelationship, before: Row | None
) -> str | None:
    """The reseller's partner number as its provider knows it; unchanged if the export has none."""
    number = facts.mpn_id if side.own == "provider_id" else None
    return number or (before["reseller_number"] if before else None)


def _stub(unit: ImportUnit, side: PartnershipSide, facts: ImportedPartnerRelationship) -> Row:
    return {
        "id": facts.partner_id,
        "name": facts.name,
        "type": side.other_type,
        "market": unit.importer.market,
        "cloud": unit.importer.cloud,
        "partner_number": facts.mpn_id,
        "created_at": unit.now,
    }
