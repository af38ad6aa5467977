"""Imports customers: the shared company profile, and the importer's relationship and billing profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from multichannel.domain.customers import BillingProfile
from multichannel.domain.domains import ascii_domain
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import TenantKind
from multichannel.importing import table_columns as columns
from multichannel.importing.customers import ImportedCustomer, RelationshipToPartner
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.importing.spool import LocatedItem
from multichannel.services.imports.delegated_admin import store_delegated_admin
from multichannel.services.imports.partnerships import Resellers
from multichannel.services.imports.profiles import store_profiles
from multichannel.services.imports.relationships import choose, permitted_resellers, relationships_with
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

_UNSPECIFIED: Final = (None, RelationshipToPartner.UNKNOWN)
_UP_TO_CUSTOMER: Final = frozenset(
    {RelationshipStatus.REQUESTED, RelationshipStatus.DECLINED, RelationshipStatus.ENDED_BY_CUSTOMER}
)


def store_customers(unit: ImportUnit, resellers: Resellers) -> None:
    """Store relationships, billing profiles and domains as exported; a stub gets its company profile."""
    for each in unit.batches(ImportedCustomer):
        batch = _linked_by_domain(unit, each, resellers)
        items = [(item.facts.vendor_id, item) for item in _valid_items(unit, batch, resellers)]
        facts = {customer_id: item.facts for customer_id, item in items}
        if unit.options.is_dry_run:
            unit.described |= facts.keys()
        related = _store_relationships(unit, dict(items), resellers)
        _verify_domains(unit, facts)
        billed = _store_billing_profiles(unit, facts)
        outcomes = {key: _combined_outcome(outcome, billed.get(key)) for key, outcome in related.items()}
        unit.count_outcomes(items, outcomes)


def _valid_items(
    unit: ImportUnit, batch: Sequence[LocatedItem[ImportedCustomer]], resellers: Resellers
) -> list[LocatedItem[ImportedCustomer]]:
    """The items that can be stored, with their customers added; the others are rejected."""
    ids = {item.facts.vendor_id for item in batch}
    problems, absent = unit.tenant_conflicts(ids, TenantKind.CUSTOMER, "id")
    valid = unit.accepted(
        batch, lambda facts: problems.get(facts.vendor_id) or _reseller_problem(unit, facts, resellers)
    )
    store_profiles(unit, {item.facts.vendor_id: item.facts for item in valid}, absent)
    return valid


def _linked_by_domain(
    unit: ImportUnit, batch: list[LocatedItem[ImportedCustomer]], resellers: Resellers
) -> list[LocatedItem[ImportedCustomer]]:
    """Link customers that the importer created here to the directories that the vendor gave them (R54).

    The export names such a customer by a directory that is unknown here, and by its domain.
    """
    domains = {item.facts.vendor_id: _domains(item.facts) for item in batch}
    _, absent = unit.tenant_conflicts(domains, TenantKind.CUSTOMER, "id")
    known = unit.companies.unlinked_customers(
        unit.importer, {each for key in absent for each in domains[key]}
    )
    links: dict[str, str] = {}
    for directory_id in sorted(absent):
        row_id = next((known[each] for each in domains[directory_id] if each in known), None)
        if row_id is not None and row_id not in links.values():
            links[directory_id] = row_id
    if not links:
        return batch
    unit.companies.link_in_bulk(links, cloud=unit.importer.cloud, now=unit.now)
    for item in batch:
        if row_id := links.get(item.facts.vendor_id):
            sentence = f"This is the customer {row_id}, which was added here; the two are linked now."
            unit.file(item).note(item.index, Problem("id", "MATCHED", sentence))
    for directory_id in links.keys() & resellers.attachments.keys():
        resellers.attachments[links[directory_id]] = resellers.attachments.pop(directory_id)
    return unit.with_known_customers(batch)


def _domains(facts: ImportedCustomer) -> list[str]:
    """Its domains in ASCII form, the primary one first; what is not a domain is left out."""
    names = (facts.domain, *facts.custom_domains)
    return [each for name in names if name is not None and (each := ascii_domain(name)) is not None]


def _verify_domains(unit: ImportUnit, facts: Mapping[str, ImportedCustomer]) -> None:
    """Verify the domains that the vendor names (R58)."""
    owners: dict[str, str] = {}
    for customer_id, each in facts.items():
        for domain in _domains(each):
            owners.setdefault(domain, customer_id)
    unit.companies.verify_domains(owners, cloud=unit.importer.cloud, now=unit.now)


def _reseller_problem(unit: ImportUnit, facts: ImportedCustomer, resellers: Resellers) -> Problem | None:
    """R23: only a reseller with an active partnership is attached to a customer."""
    reseller_id = _associated(unit, facts)
    if reseller_id is None or reseller_id in resellers.active:
        return None
    return Problem(
        "associatedPartnerId",
        "UNKNOWN_RESELLER",
        f"{reseller_id} has no active partnership as a reseller. Import the partner relationships as well.",
    )


def _associated(unit: ImportUnit, facts: ImportedCustomer) -> str | None:
    """The reseller that the export names; a reseller's own export names itself, which is ignored."""
    reseller_id = facts.associated_partner_id
    return None if reseller_id == unit.importer.id else reseller_id


def _store_relationships(
    unit: ImportUnit, items: Mapping[str, LocatedItem[ImportedCustomer]], resellers: Resellers
) -> dict[str, Outcome]:
    facts = {customer_id: item.facts for customer_id, item in items.items()}
    rows = unit.rows(ResellerRelationship)
    named: dict[str, str | None] = {}
    for customer_id, each in facts.items():
        attached = resellers.attachments.pop(customer_id, None)
        reseller_id = _associated(unit, each)
        if reseller_id is None and attached and (chosen := choose(unit, attached)):
            reseller_id = chosen.reseller_id
        named[customer_id] = reseller_id
    named = permitted_resellers(unit, named)
    existing = relationships_with(unit, named)
    wanted = {
        customer_id: _relationship(unit, each, existing.get(customer_id), named[customer_id])
        for customer_id, each in facts.items()
    }
    for customer_id, item in items.items():
        before, status = existing.get(customer_id), wanted[customer_id]["status"]
        if notice := _notice(unit, item.facts, before, status):
            unit.file(item).note(item.index, notice)
    outcomes = unit.reconcile(rows, existing, wanted)
    allowed = {customer_id: each.allow_delegated_access for customer_id, each in facts.items()}
    changed = store_delegated_admin(unit, relationships_with(unit, named), allowed)
    return outcomes | {key: Outcome.UPDATED for key in changed if outcomes[key] is Outcome.UNCHANGED}


def _relationship(
    unit: ImportUnit, facts: ImportedCustomer, before: Row | None, reseller_id: str | None
) -> Row:
    """Values that the export does not have stay unchanged."""
    status = _status(unit, facts, before)
    return {
        "partner_id": unit.importer.id,
        "customer_id": facts.vendor_id,
        "addressed_to": before["addressed_to"] if before else facts.vendor_id,
        "associated_partner_id": reseller_id or (before["associated_partner_id"] if before else None),
        "status": status,
        # An accepted request does not expire any more.
        "expires_at": before["expires_at"] if before and status is not RelationshipStatus.ACTIVE else None,
        "closed_at": before["closed_at"] if before and status is not RelationshipStatus.ACTIVE else None,
        "commerce_id": facts.commerce_id or (before["commerce_id"] if before else None),
        "market": facts.market or (before["market"] if before else unit.importer.market),
        "cloud": unit.importer.cloud,
    }


def _status(unit: ImportUnit, facts: ImportedCustomer, before: Row | None) -> RelationshipStatus:
    """The status that a customer's `relationshipToPartner` gives the relationship.

    `reseller`, and for an Advisor `advisor`, makes a new relationship active, and so does an absent value.
    An absent or `unknown` value changes nothing. Other values end an active relationship and do not affect
    an open request. One that was closed here is opened again only if the import is told to; what the customer
    has not answered, declined or ended (R14, R62), no import opens.
    """
    stored: RelationshipStatus | None = before["status"] if before else None
    relation = facts.relationship_to_partner
    if stored is not None and (relation in _UNSPECIFIED or stored in _UP_TO_CUSTOMER):
        return stored
    opening = {None, RelationshipToPartner.RESELLER}
    if not unit.sells:
        opening.add(RelationshipToPartner.ADVISOR)
    if relation not in opening:
        return RelationshipStatus.REMOVED if stored in (None, RelationshipStatus.ACTIVE) else stored
    if stored in (None, RelationshipStatus.ACTIVE) or unit.options.reopens:
        return RelationshipStatus.ACTIVE
    return stored


def _notice(
    unit: ImportUnit, facts: ImportedCustomer, before: Row | None, status: RelationshipStatus
) -> Problem | None:
    """What the importer has to know where the vendor's relationship is not what is stored here."""
    stored: RelationshipStatus | None = before["status"] if before else None
    is_open_there = facts.relationship_to_partner is RelationshipToPartner.RESELLER or (
        not unit.sells and facts.relationship_to_partner is RelationshipToPartner.ADVISOR
    )
    if before is None or stored is RelationshipStatus.ACTIVE or not is_open_there:
        return None
    field = "relationshipToPartner"
    if status is RelationshipStatus.ACTIVE:
        return Problem(
            field, "RELATIONSHIP_REOPENED", f"The relationship was {stored} here; it is active again."
        )
    if stored in _UP_TO_CUSTOMER:
        sentence = f"The relationship is {stored} here and stays so: only the customer can change that."
        return Problem(field, "RELATIONSHIP_NOT_OPEN", sentence)
    sentence = (
        f"The relationship is {stored} here and stays so. To open it again, add --reopen-relationships."
    )
    return Problem(field, "RELATIONSHIP_NOT_OPEN", sentence)


def _store_billing_profiles(unit: ImportUnit, facts: Mapping[str, ImportedCustomer]) -> dict[str, Outcome]:
    billed = {key: each.billing_profile for key, each in facts.items() if each.billing_profile}
    rows = unit.rows(BillingProfile)
    existing = rows.existing("customer_id", billed)
    wanted = {
        customer_id: {
            **columns.billing_profile(profile),
            "partner_id": unit.importer.id,
            "customer_id": customer_id,
            "cloud": unit.importer.cloud,
        }
        for customer_id, profile in billed.items()
    }
    return unit.reconcile(rows, existing, wanted)


def _combined_outcome(related: Outcome, billed: Outcome | None) -> Outcome:
    """Created if the relationship is new; else updated if the relationship or billing profile changed."""
    unchanged = related is Outcome.UNCHANGED and billed in (None, Outcome.UNCHANGED)
    return related if unchanged or related is Outcome.CREATED else Outcome.UPDATED
