"""The context of one import: importer, export, report, and reconciliation of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any, Final, TypeVar, cast

from multichannel.domain.base import Base, new_id
from multichannel.domain.relationships import RelationshipStatus, ResellerRelationship
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerType, TenantKind
from multichannel.domain.transfers import Transfer
from multichannel.importing.customers import ImportedCustomer
from multichannel.importing.export import Export
from multichannel.importing.payloads import Imported
from multichannel.importing.problems import Problem
from multichannel.importing.report import FileReport, Outcome
from multichannel.importing.spool import LocatedItem
from multichannel.importing.transfers import ImportedTransfer
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter, Row

BATCH: Final = 1000
"""The number of items processed at a time."""

T = TypeVar("T")
F = TypeVar("F", bound=Imported)

TENANT_CONFLICT: Final = "TENANT_CONFLICT"
"""One code and one message, so that a report does not reveal what a tenant is to others, or its cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What an import is told to do beyond the usual."""

    reopens: bool = False
    """Open relationships again that were removed or canceled here, or have expired."""
    keeps_going: bool = False
    """Store the items that can be stored, and leave the others out."""
    links: Mapping[str, str] = field(default_factory=dict)
    """By vendor id, the subscription made here that it is, or `new`: answers where several fit."""
    is_dry_run: bool = False
    """Store nothing, and report what would change."""


class ImportUnit:
    """What every step of an import works with; a retried transaction gets a new one."""

    def __init__(self, work: UnitOfWork, importer: Partner, export: Export, options: ImportOptions) -> None:
        self.importer = importer
        self.options = options
        self.export = export
        self.report = export.report_so_far() if options.keeps_going else export.blank_report()
        # For a dry run: the customers that the export describes, those with subscriptions, and these.
        self.described: set[str] = set()
        self.sold_to: set[str] = set()
        self.seen: set[str] = set()
        self.now = work.now
        self.companies = work.tenant_directory(importer)
        self.bulk_changes = work.bulk_changes
        self._work = work

    @property
    def sells(self) -> bool:
        """Whether the importer sells through CSP."""
        return self.importer.type is not PartnerType.ADVISOR

    @cached_property
    def known_to_advisor(self) -> set[str]:
        """Customers of an Advisor that are known by subscriptions alone, or were inferred in this import."""
        return set() if self.sells else self.rows(Subscription, "owner_id").distinct("customer_id")

    @cached_property
    def has_unlinked(self) -> bool:
        """Whether the importer sells anything that was made here and is not linked with the vendor yet."""
        return self.sells and self.rows(Subscription, "owner_id").has_any_without("vendor_id")

    def rows(self, model: type[Base], column: str = "partner_id") -> OwnerBulkWriter:
        """The importer's own rows of a table."""
        return self._work.bulk_writer(self.importer, model, column)

    def relationships_of(
        self, partner_ids: Collection[str], customer_ids: Collection[str]
    ) -> list[tuple[tuple[str, str | None], RelationshipStatus]]:
        """Customer, partner and status of each relationship that partners have themselves."""
        found = self._work.query_for(self.importer).all(
            ResellerRelationship, partner_id=sorted(partner_ids), customer_id=sorted(customer_ids)
        )
        return [((str(row.customer_id), row.partner_id), row.stored_status) for row in found]

    def transfers_made_with(self, customer_ids: Collection[str]) -> list[Transfer]:
        """The transfers of customers that were made here, and of which the importer is a side."""
        queries, of = self._work.query_for(self.importer), {"customer_id": sorted(customer_ids)}
        sides = ("source_partner_id", "target_partner_id")
        rows = [row for side in sides for row in queries.all(Transfer, **of, **{side: self.importer.id})]
        return [row for row in rows if row.initiated_by is not None]

    def batches(self, kind: type[F]) -> Iterator[list[LocatedItem[F]]]:
        """All facts of a kind, in batches. They name customers by their ids here, not by directory ids."""
        for batch in batches(self.export.read(kind, self.report)):
            yield self.with_known_customers(batch)
            self.bulk_changes.settle()

    def with_known_customers(self, batch: list[LocatedItem[F]]) -> list[LocatedItem[F]]:
        """The items with the ids of their customers, where these differ from the directory ids.

        A transfer makes no relationship: of a customer that the importer has nothing to do with it keeps what
        the export says.
        """
        named = {customer_id for item in batch if (customer_id := _customer_of(item.facts)) is not None}
        is_history = any(isinstance(item.facts, ImportedTransfer) for item in batch)
        of = self.importer if is_history else None
        ids = self.companies.linked_customers(named, self.importer.cloud, of=of)
        return [_renamed(item, ids) for item in batch] if ids else batch

    def file(self, item: LocatedItem[Imported]) -> FileReport:
        """The report on the file of an item."""
        return self.report.files[item.file]

    def reject(self, item: LocatedItem[Imported], problem: Problem) -> None:
        """Record that an item cannot be stored."""
        self.file(item).reject(item.index, [problem])

    def accepted(
        self, items: Iterable[LocatedItem[F]], problem_of: Callable[[F], Problem | None]
    ) -> list[LocatedItem[F]]:
        """The items without a problem; the others are rejected."""
        accepted = []
        for item in items:
            if problem := problem_of(item.facts):
                self.reject(item, problem)
            else:
                accepted.append(item)
        return accepted

    def tenant_conflicts(
        self, ids: Iterable[str], kind: TenantKind, field: str
    ) -> tuple[dict[str, Problem], set[str]]:
        """Problems of tenants with another kind or cloud, and the ids of tenants that do not exist."""
        wanted = set(ids)
        known = self.companies.known(wanted)
        problems: dict[str, Problem] = {}
        for tenant_id, kind_and_cloud in known.items():
            if kind_and_cloud != (kind, self.importer.cloud):
                sentence = f"{tenant_id} cannot be a {kind} of this partner. Contact the operator."
                problems[tenant_id] = Problem(field, TENANT_CONFLICT, sentence)
        return problems, wanted - known.keys()

    def reconcile(
        self,
        rows: OwnerBulkWriter,
        existing: Mapping[str, Row],
        wanted: Mapping[str, Row],
        touched: Collection[str] = (),
    ) -> dict[str, Outcome]:
        """Insert and update the importer's rows; rows that are equal and not in `touched` stay unchanged."""
        outcomes = {key: _outcome(existing.get(key), row) for key, row in wanted.items()}
        for key in touched:
            if outcomes[key] is Outcome.UNCHANGED:
                outcomes[key] = Outcome.UPDATED
        rows.insert(
            [
                {"id": new_id(), **wanted[key], "created_at": self.now, "updated_at": self.now}
                for key, outcome in outcomes.items()
                if outcome is Outcome.CREATED
            ]
        )
        rows.update(
            [
                {**wanted[key], **self._next_version(existing[key])}
                for key, outcome in outcomes.items()
                if outcome is Outcome.UPDATED
            ],
            existing.values(),
        )
        return outcomes

    def count_outcomes(
        self, items: Iterable[tuple[str, LocatedItem[Any]]], outcomes: Mapping[str, Outcome]
    ) -> None:
        """Count the outcomes of items by key; a repeated item counts as unchanged."""
        left = dict(outcomes)
        for key, item in items:
            self.file(item).count(left.pop(key, Outcome.UNCHANGED))

    def _next_version(self, row: Row) -> dict[str, Any]:
        return {"id": row["id"], "version": row["version"] + 1, "updated_at": self.now}


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in batches."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def _customer_of(facts: Imported) -> str | None:
    """The customer that facts are about, if any."""
    return facts.vendor_id if isinstance(facts, ImportedCustomer) else facts.customer_id


def _renamed(item: LocatedItem[F], ids: Mapping[str, str]) -> LocatedItem[F]:
    """The item with the id of its customer in place of the directory id, where the two differ."""
    facts: Imported = item.facts
    customer_id = ids.get(_customer_of(facts) or "")
    if customer_id is None:
        return item
    if isinstance(facts, ImportedCustomer):
        facts = replace(facts, vendor_id=customer_id, tenant_id=customer_id)
    else:
        facts = replace(facts, customer_id=customer_id)
    return LocatedItem(item.file, item.index, cast("F", facts))


def _outcome(before: Row | None, wanted: Row) -> Outcome:
    if before is None:
        return Outcome.CREATED
    same = all(before[name] == value for name, value in wanted.items())
    return Outcome.UNCHANGED if same else Outcome.UPDATED
