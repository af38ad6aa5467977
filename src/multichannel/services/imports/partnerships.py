"""The importer's partnerships, and the partners it names by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from multichannel.domain.partnerships import OPEN, Partnership, PartnershipStatus
from multichannel.domain.tenants import PartnerType, TenantKind
from multichannel.importing.export import Found
from multichannel.importing.partnerships import ImportedPartnerRelationship, PartnerRelationshipType
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row


@dataclass(frozen=True)
class Side:
    """What the importer is in a partnership: its column, the other's column and type, and who can be it."""

    own: str
    other: str
    other_type: PartnerType
    importers: frozenset[PartnerType]
    refusal: str


# A direct-bill partner may be enrolled as a provider or as a reseller besides.
SIDES: Final = {
    PartnerRelationshipType.IS_INDIRECT_CLOUD_SOLUTION_PROVIDER_OF: Side(
        own="provider_id",
        other="reseller_id",
        other_type=PartnerType.INDIRECT_RESELLER,
        importers=frozenset({PartnerType.INDIRECT_PROVIDER, PartnerType.DIRECT_BILL}),
        refusal="has no resellers; import this as the indirect provider.",
    ),
    PartnerRelationshipType.IS_INDIRECT_RESELLER_OF: Side(
        own="reseller_id",
        other="provider_id",
        other_type=PartnerType.INDIRECT_PROVIDER,
        importers=frozenset({PartnerType.INDIRECT_RESELLER, PartnerType.DIRECT_BILL}),
        refusal="has no indirect provider; import this as the reseller.",
    ),
}


@dataclass
class Attachment:
    """An item that attaches a reseller to a customer, and what became of it so far."""

    found: Found[ImportedPartnerRelationship]
    outcome: Outcome

    @property
    def reseller_id(self) -> str:
        """The reseller."""
        return self.found.facts.partner_id


@dataclass
class Resellers:
    """The importer's resellers: those with an active partnership, by number, by customer to be attached."""

    active: set[str] = field(default_factory=set)
    numbers: defaultdict[str | None, set[str]] = field(default_factory=lambda: defaultdict(set))
    attachments: defaultdict[str, list[Attachment]] = field(default_factory=lambda: defaultdict(list))

    def credited(self, number: str | None, before: Row | None) -> str | None:
        """The reseller on record by its number (R25); the one there was, while nobody says who has it."""
        holders = self.numbers.get(number, ()) if number else ()
        if len(holders) == 1:
            return next(iter(holders))
        if before is None or before["partner_number"] != number:
            return None
        there_was: str | None = before["partner_of_record_id"]
        return there_was if there_was in self.active else None


def store_partner_relationships(unit: ImportUnit) -> Resellers:
    """Make the importer's partnerships be as exported; the importer's resellers come back."""
    resellers = Resellers()
    for batch in unit.batches(ImportedPartnerRelationship):
        for kind, side in SIDES.items():
            one_side = [found for found in batch if found.facts.relationship_type is kind]
            _store_side(unit, side, _fit(unit, side, one_side), resellers)
    for row in unit.rows(Partnership, "provider_id").all():
        if row["status"] is PartnershipStatus.ACTIVE:
            resellers.active.add(row["reseller_id"])
            resellers.numbers[row["reseller_number"]].add(row["reseller_id"])
    return resellers


def _fit(
    unit: ImportUnit, side: Side, batch: Sequence[Found[ImportedPartnerRelationship]]
) -> list[Found[ImportedPartnerRelationship]]:
    """The items that can be stored, their partners known; the others are noted."""
    ids = {found.facts.partner_id for found in batch}
    problems, absent = unit.unfit(ids, TenantKind.PARTNER, "id")
    if unit.importer.id in ids:
        problems[unit.importer.id] = Problem("id", "CONTRADICTION", "This is the importing partner itself.")
    if unit.importer.type not in side.importers:
        sentence = f"The importing partner is of type {unit.importer.type} and {side.refusal}"
        problems = dict.fromkeys(ids, Problem("relationshipType", "WRONG_PARTNER_TYPE", sentence))
    fit = []
    for found in batch:
        if problem := problems.get(found.facts.partner_id):
            unit.reject(found, problem)
        else:
            fit.append(found)
    stubs = {each.facts.partner_id: each for each in fit if each.facts.partner_id in absent}
    unit.companies.add_partners([_stub(unit, side, found.facts) for found in stubs.values()])
    return fit


def _store_side(
    unit: ImportUnit,
    side: Side,
    batch: Sequence[Found[ImportedPartnerRelationship]],
    resellers: Resellers,
) -> None:
    items = [(found.facts.partner_id, found) for found in batch]
    rows = unit.rows(Partnership, side.own)
    existing = {
        partner_id: max(found, key=_weight)
        for partner_id, found in rows.grouped(side.other, dict(items)).items()
    }
    wanted = {
        partner_id: _partnership(unit, side, found.facts, existing.get(partner_id))
        for partner_id, found in items
    }
    outcomes = unit.settle(rows, existing, wanted)
    unit.tally(items, outcomes)
    if side.own == "provider_id":
        _remember(items, outcomes, resellers)


def _weight(row: Row) -> tuple[bool, datetime, str]:
    """Of several partnerships with one company: that which is open, or else the newest."""
    return row["status"] in OPEN, row["created_at"], row["id"]


def _remember(
    items: Sequence[tuple[str, Found[ImportedPartnerRelationship]]],
    outcomes: Mapping[str, Outcome],
    resellers: Resellers,
) -> None:
    """Keep what customers and subscriptions will want to know."""
    left = dict(outcomes)
    for partner_id, found in items:
        outcome = left.pop(partner_id, Outcome.UNCHANGED)
        if found.facts.customer_id is not None and found.facts.state is PartnershipStatus.ACTIVE:
            resellers.attachments[found.facts.customer_id].append(Attachment(found, outcome))


def _partnership(unit: ImportUnit, side: Side, facts: ImportedPartnerRelationship, before: Row | None) -> Row:
    return {
        side.own: unit.importer.id,
        side.other: facts.partner_id,
        "reseller_number": _reseller_number(side, facts, before),
        "addressed_to": facts.partner_id if side.own == "provider_id" else unit.importer.id,
        "status": facts.state,
        "market": before["market"] if before else unit.importer.market,
        "cloud": unit.importer.cloud,
    }


def _reseller_number(side: Side, facts: ImportedPartnerRelationship, before: Row | None) -> str | None:
    """The number of the reseller as its provider knows it; what an export does not say stays as it was."""
    said = facts.mpn_id if side.own == "provider_id" else None
    return said or (before["reseller_number"] if before else None)


def _stub(unit: ImportUnit, side: Side, facts: ImportedPartnerRelationship) -> Row:
    return {
        "id": facts.partner_id,
        "name": facts.name,
        "type": side.other_type,
        "market": unit.importer.market,
        "cloud": unit.importer.cloud,
        "partner_number": facts.mpn_id,
        "created_at": unit.now,
    }
