"""One import under way: whose it is, what it reads, and the book of what became of each item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Final, TypeVar

from multichannel.domain.base import Base, new_id
from multichannel.domain.subscriptions import Subscription
from multichannel.domain.tenants import Partner, PartnerType, TenantKind
from multichannel.importing.export import Export, Found
from multichannel.importing.payloads import Imported
from multichannel.importing.problems import Problem
from multichannel.importing.report import FileReport, Outcome
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.write.owner_bulk_writer import OwnerBulkWriter, Row

BATCH: Final = 1000
"""As many items are held at a time."""

T = TypeVar("T")
F = TypeVar("F", bound=Imported)

TENANT_CONFLICT: Final = "TENANT_CONFLICT"
"""One code and one sentence: a report does not tell what a tenant is to others, nor in which cloud."""


class ImportUnit:
    """What every step of an import works with. It is made anew when the transaction is run again."""

    def __init__(self, work: UnitOfWork, importer: Partner, export: Export) -> None:
        """`importer` was fetched for the import."""
        self.importer = importer
        self.export = export
        self.report = export.blank_report()
        self.now = work.now
        self.companies = work.tenant_directory(importer)
        self._work = work

    @property
    def sells(self) -> bool:
        """Whether what the importer exports was bought through CSP."""
        return self.importer.type is not PartnerType.ADVISOR

    @cached_property
    def advised(self) -> set[str]:
        """The customers an Advisor knows by its subscriptions alone, and those inferred since."""
        return set() if self.sells else self.rows(Subscription, "owner_id").distinct("customer_id")

    def rows(self, model: type[Base], column: str = "partner_id") -> OwnerBulkWriter:
        """The importer's own rows of a kind."""
        return self._work.bulk_writer(self.importer, model, column)

    def batches(self, kind: type[F]) -> Iterator[list[Found[F]]]:
        """All facts of a kind, some at a time."""
        return batches(self.export.read(kind, self.report))

    def file(self, found: Found[Imported]) -> FileReport:
        """The report on the file that an item stands in."""
        return self.report.files[found.file]

    def reject(self, found: Found[Imported], problem: Problem) -> None:
        """Note that an item cannot be stored."""
        self.file(found).reject(found.item, [problem])

    def unfit(self, ids: Iterable[str], kind: TenantKind, field: str) -> tuple[dict[str, Problem], set[str]]:
        """What stands against tenants being of a kind, and those that nobody has named before."""
        wanted = set(ids)
        known = self.companies.known(wanted)
        problems: dict[str, Problem] = {}
        for tenant_id, company in known.items():
            if company.kind is not kind or company.cloud is not self.importer.cloud:
                sentence = f"{tenant_id} cannot be a {kind} of this partner here; ask the operator."
                problems[tenant_id] = Problem(field, TENANT_CONFLICT, sentence)
        return problems, wanted - known.keys()

    def settle(
        self,
        rows: OwnerBulkWriter,
        existing: Mapping[str, Row],
        wanted: Mapping[str, Row],
        touched: Collection[str] = (),
    ) -> dict[str, Outcome]:
        """Make the importer's rows be as wanted; what is so already, and not touched, stays as it is."""
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
            ]
        )
        return outcomes

    def tally(self, items: Iterable[tuple[str, Found[Any]]], outcomes: Mapping[str, Outcome]) -> None:
        """Count what became of items by key; who repeats another changes nothing."""
        left = dict(outcomes)
        for key, found in items:
            self.file(found).count(left.pop(key, Outcome.UNCHANGED))

    def _next_version(self, row: Row) -> dict[str, Any]:
        return {"id": row["id"], "version": row["version"] + 1, "updated_at": self.now}


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """The same items, some at a time."""
    left = iter(items)
    while batch := list(islice(left, BATCH)):
        yield batch


def _outcome(before: Row | None, wanted: Row) -> Outcome:
    if before is None:
        return Outcome.CREATED
    same = all(before[name] == value for name, value in wanted.items())
    return Outcome.UNCHANGED if same else Outcome.UPDATED
