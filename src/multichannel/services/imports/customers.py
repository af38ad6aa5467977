"""Customers as exported: the profile they share with all, and what is between them and the importer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from multichannel.domain.customers import BillingProfile
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import TenantKind
from multichannel.importing import rows as columns
from multichannel.importing.customers import ImportedCustomer, RelationshipToPartner
from multichannel.importing.export import Found
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.services.imports.attachments import choose
from multichannel.services.imports.partnerships import Resellers
from multichannel.services.imports.relationships import relationships_with
from multichannel.services.imports.unit import ImportUnit
from multichannel.store.write.owner_bulk_writer import Row

_SAYS_NOTHING: Final = (None, RelationshipToPartner.UNKNOWN)


def store_customers(unit: ImportUnit, resellers: Resellers) -> None:
    """Make the importer's relationships and billing profiles be as exported; a stub gets its profile."""
    for batch in unit.batches(ImportedCustomer):
        items = [(found.facts.vendor_id, found) for found in _fit(unit, batch, resellers)]
        facts = {customer_id: found.facts for customer_id, found in items}
        related = _store_relationships(unit, facts, resellers)
        billed = _store_billing_profiles(unit, facts)
        outcomes = {key: _combined(outcome, billed.get(key)) for key, outcome in related.items()}
        unit.tally(items, outcomes)


def _fit(
    unit: ImportUnit, batch: Sequence[Found[ImportedCustomer]], resellers: Resellers
) -> list[Found[ImportedCustomer]]:
    """The items that can be stored, their customers known; the others are noted."""
    ids = {found.facts.vendor_id for found in batch}
    problems, absent = unit.unfit(ids, TenantKind.CUSTOMER, "id")
    fit = []
    for found in batch:
        if problem := problems.get(found.facts.vendor_id) or _misattached(unit, found.facts, resellers):
            unit.reject(found, problem)
        else:
            fit.append(found)
    facts = {found.facts.vendor_id: found.facts for found in fit}
    _describe(unit, facts, absent)
    return fit


def _misattached(unit: ImportUnit, facts: ImportedCustomer, resellers: Resellers) -> Problem | None:
    """R23: only a reseller with an active partnership is attached to a customer."""
    reseller_id = _associated(unit, facts)
    if reseller_id is None or reseller_id in resellers.active:
        return None
    sentence = (
        f"{reseller_id} is no reseller with an active partnership; import the partner relationships as well."
    )
    return Problem("associatedPartnerId", "UNKNOWN_RESELLER", sentence)


def _associated(unit: ImportUnit, facts: ImportedCustomer) -> str | None:
    """The reseller an export names; a reseller's own names itself, which says nothing."""
    reseller_id = facts.associated_partner_id
    return None if reseller_id == unit.importer.id else reseller_id


def _describe(unit: ImportUnit, facts: Mapping[str, ImportedCustomer], absent: set[str]) -> None:
    """Give new customers and stubs their profile; a profile that is there stays."""
    stubs = unit.companies.stubs(facts.keys() - absent)
    profiles = {key: _profile(unit, facts[key]) for key in facts if key in absent | stubs}
    unit.companies.add_customers(
        [
            {**profile, "created_at": unit.now, "cloud": unit.importer.cloud}
            for key, profile in profiles.items()
            if key in absent
        ]
    )
    unit.companies.fill_customers([profile for key, profile in profiles.items() if key in stubs])


def _profile(unit: ImportUnit, facts: ImportedCustomer) -> Row:
    profile = columns.company_profile(facts)
    market = profile["country"] or unit.importer.market
    return {**profile, "id": facts.vendor_id, "market": market, "updated_at": unit.now}


def _store_relationships(
    unit: ImportUnit, facts: Mapping[str, ImportedCustomer], resellers: Resellers
) -> dict[str, Outcome]:
    rows = unit.rows(ResellerRelationship)
    named: dict[str, str | None] = {}
    for customer_id, each in facts.items():
        attached = resellers.attachments.pop(customer_id, None)
        reseller_id = _associated(unit, each)
        if reseller_id is None and attached and (chosen := choose(unit, attached)):
            reseller_id = chosen.reseller_id
        named[customer_id] = reseller_id
    existing = relationships_with(unit, named)
    wanted = {
        customer_id: _relationship(unit, each, existing.get(customer_id), named[customer_id])
        for customer_id, each in facts.items()
    }
    return unit.settle(rows, existing, wanted)


def _relationship(
    unit: ImportUnit, facts: ImportedCustomer, before: Row | None, reseller_id: str | None
) -> Row:
    """What an export does not say stays as it was."""
    status = _status(unit, facts, before)
    delegated = facts.allow_delegated_access
    if delegated is None:
        delegated = before["delegated_admin"] if before else False
    return {
        "partner_id": unit.importer.id,
        "customer_id": facts.vendor_id,
        "addressed_to": before["addressed_to"] if before else facts.vendor_id,
        "associated_partner_id": reseller_id or (before["associated_partner_id"] if before else None),
        "status": status,
        "delegated_admin": delegated and status is not RelationshipStatus.REMOVED,
        "commerce_id": facts.commerce_id or (before["commerce_id"] if before else None),
        "market": facts.market or (before["market"] if before else unit.importer.market),
        "cloud": unit.importer.cloud,
    }


def _status(unit: ImportUnit, facts: ImportedCustomer, before: Row | None) -> RelationshipStatus:
    """What a customer's `relationshipToPartner` makes of the relationship.

    Only `reseller`, and for an Advisor `advisor`, opens it. Nothing, or `unknown`, changes nothing;
    a new customer exported without the field is a customer like those it stands among. The others
    end an active relationship, and leave alone a request that is under way.
    """
    stored: RelationshipStatus | None = before["status"] if before else None
    said = facts.relationship_to_partner
    if said in _SAYS_NOTHING and stored is not None:
        return stored
    opening = {None, RelationshipToPartner.RESELLER}
    if not unit.sells:
        opening.add(RelationshipToPartner.ADVISOR)
    if said in opening:
        return RelationshipStatus.ACTIVE
    return RelationshipStatus.REMOVED if stored in (None, RelationshipStatus.ACTIVE) else stored


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
    return unit.settle(rows, existing, wanted)


def _combined(related: Outcome, billed: Outcome | None) -> Outcome:
    """A customer is new if the relationship is, and else has changed if either has."""
    unchanged = related is Outcome.UNCHANGED and billed in (None, Outcome.UNCHANGED)
    return related if unchanged or related is Outcome.CREATED else Outcome.UPDATED
