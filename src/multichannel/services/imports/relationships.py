"""Relationships with customers that an export names but does not describe, and the resellers of customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from multichannel.domain.customers import Customer
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.tenants import TenantKind
from multichannel.importing.problems import Problem
from multichannel.importing.report import Outcome
from multichannel.importing.spool import LocatedItem
from multichannel.services.imports.partnerships import Attachment, Resellers
from multichannel.services.imports.unit import ImportUnit, batches
from multichannel.store.write.owner_bulk_writer import Row

_NO_RESELLERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class EnsuredCustomers:
    """Customers named by an export: their problems, and those that are new to the importer."""

    problems: Mapping[str, Problem]
    inferred: frozenset[str]


def ensure_customers(
    unit: ImportUnit, named: Mapping[str, LocatedItem[Any]], attached: Mapping[str, str] = _NO_RESELLERS
) -> EnsuredCustomers:
    """Create missing customers, and a relationship where the importer sells to one without (R21).

    `named` has the item that names each customer. A customer without a relationship or subscription of the
    importer counts as inferred; `attached` is the reseller that serves it.
    """
    related = relationships_with(unit, {customer_id: attached.get(customer_id) for customer_id in named})
    unrelated = named.keys() - related.keys()
    problems, absent = unit.tenant_conflicts(unrelated, TenantKind.CUSTOMER, "links.self.uri")
    unit.companies.add_customers([stub(unit, customer_id) for customer_id in sorted(absent)])
    valid = unrelated - problems.keys()
    inferred = valid - unit.known_to_advisor
    for customer_id in inferred:
        unit.file(named[customer_id]).inferred += 1
    unit.known_to_advisor.update(inferred)
    if unit.sells:
        wanted = {customer_id: _inferred(unit, customer_id, attached) for customer_id in sorted(valid)}
        unit.reconcile(unit.rows(ResellerRelationship), {}, wanted)
    return EnsuredCustomers(problems, frozenset(inferred))


def attach_reseller_relationships(unit: ImportUnit, resellers: Mapping[str, str]) -> dict[str, Outcome]:
    """Attach resellers to customers that the importer has a relationship with."""
    rows = unit.rows(ResellerRelationship)
    existing = relationships_with(unit, resellers)
    permitted = permitted_resellers(unit, resellers)
    wanted = {
        customer_id: {
            "partner_id": unit.importer.id,
            "customer_id": customer_id,
            "associated_partner_id": permitted[customer_id] or row["associated_partner_id"],
        }
        for customer_id, row in existing.items()
    }
    return unit.reconcile(rows, existing, wanted)


def permitted_resellers(unit: ImportUnit, resellers: Mapping[str, str | None]) -> dict[str, str | None]:
    """The resellers that an export names for customers, without those that the customer has ended (R62).

    It has ended the reseller's own relationship, or its part in the importer's, and has not permitted either
    since.
    """
    named = {(customer_id, each) for customer_id, each in resellers.items() if each is not None}
    if not named:
        return dict(resellers)
    rows = [
        row
        for group in unit.rows(ResellerRelationship).grouped("customer_id", resellers).values()
        for row in group
    ]
    through = [((row["customer_id"], row["associated_partner_id"]), row["status"]) for row in rows]
    detached = {(row["customer_id"], each) for row in rows for each in row["detached_reseller_ids"]}
    own = unit.relationships_of({each for _, each in named}, {customer_id for customer_id, _ in named})
    barred = _ended(through, detached) | _ended(own)
    return {key: None if (key, each) in barred else each for key, each in resellers.items()}


def _ended(
    links: Sequence[tuple[tuple[str, str | None], RelationshipStatus]],
    detached: Collection[tuple[str, str | None]] = (),
) -> set[tuple[str, str | None]]:
    """The pairs of customer and reseller that the customer has ended and not permitted again."""
    ended = {pair for pair, status in links if status is RelationshipStatus.ENDED_BY_CUSTOMER}
    return {*ended, *detached} - {pair for pair, status in links if status is RelationshipStatus.ACTIVE}


def relationships_with(unit: ImportUnit, resellers: Mapping[str, str | None]) -> dict[str, Row]:
    """The importer's relationship with each customer: an active one, else the newest.

    One that the customer has ended comes before a newer request, which only the customer answers (R62). Of
    several active ones, the one through the reseller that the export names for the customer (R24).
    """
    rows_by_customer = unit.rows(ResellerRelationship).grouped("customer_id", resellers)
    return {
        customer_id: max(rows, key=partial(_preference, reseller_id=resellers[customer_id]))
        for customer_id, rows in rows_by_customer.items()
    }


def _preference(row: Row, reseller_id: str | None) -> tuple[bool, bool, bool, datetime, str]:
    active = row["status"] is RelationshipStatus.ACTIVE
    ended = row["status"] is RelationshipStatus.ENDED_BY_CUSTOMER
    return active, ended, row["associated_partner_id"] == reseller_id, row["created_at"], row["id"]


def stub(unit: ImportUnit, customer_id: str) -> Row:
    """A customer of which only the tenant id is known."""
    blank = {column.name: None for column in Customer.__table__.columns if column.nullable}
    return {
        **blank,
        "id": customer_id,
        "custom_domains": [],
        "cloud": unit.importer.cloud,
        "created_at": unit.now,
        "updated_at": unit.now,
    }


def _inferred(unit: ImportUnit, customer_id: str, attached: Mapping[str, str]) -> Row:
    return {
        "partner_id": unit.importer.id,
        "customer_id": customer_id,
        "addressed_to": customer_id,
        "associated_partner_id": attached.get(customer_id),
        "status": RelationshipStatus.ACTIVE,
        "commerce_id": None,
        "market": unit.importer.market,
        "cloud": unit.importer.cloud,
    }


_FIELD: Final = "links.self.uri"


def attach_resellers(unit: ImportUnit, resellers: Resellers) -> None:
    """Attach resellers to customers that the export does not describe."""
    for batch in batches(sorted(resellers.attachments)):
        chosen = {
            customer_id: attachment
            for customer_id in batch
            if (attachment := choose(unit, resellers.attachments[customer_id])) is not None
        }
        partners = {customer_id: attachment.reseller_id for customer_id, attachment in chosen.items()}
        named = ensure_customers(unit, {key: each.item for key, each in chosen.items()}, partners)
        outcomes = attach_reseller_relationships(unit, partners)
        for customer_id, attachment in chosen.items():
            if problem := named.problems.get(customer_id):
                unit.reject(attachment.item, problem)
            elif customer_id in named.inferred or outcomes[customer_id] is not Outcome.UNCHANGED:
                _count_change(unit, attachment)
        unit.bulk_changes.settle()


def choose(unit: ImportUnit, attachments: Sequence[Attachment]) -> Attachment | None:
    """The attachment of a customer; None, with the items rejected, if several resellers compete."""
    first = attachments[0]
    rivals = [each for each in attachments if each.reseller_id != first.reseller_id]
    for rival in rivals:
        sentence = (
            f"Only one reseller can be attached to a customer; {first.reseller_id} is attached as well."
        )
        unit.reject(rival.item, Problem(_FIELD, "CONTRADICTION", sentence))
    return None if rivals else first


def _count_change(unit: ImportUnit, attachment: Attachment) -> None:
    """Count an item as updated if it changed a relationship but no partnership."""
    if attachment.outcome is Outcome.UNCHANGED:
        unit.file(attachment.item).count(Outcome.UNCHANGED, -1)
        unit.file(attachment.item).count(Outcome.UPDATED)
