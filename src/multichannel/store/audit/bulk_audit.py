"""The audit log of an import: what a mutation has, for more rows than fit into memory.

Changes are kept in a temporary file, a batch at a time, and get their places in the chains at the end. So the
chains are locked in one order and for a short time, and events have the time at which they can be read.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from sqlalchemy import insert

from multichannel.domain.audit import AuditStatus, Event
from multichannel.store.audit.audit_writer import AuditEntry, AuditWriter, Heads, shared_with
from multichannel.store.audit.bulk_audience import BulkAudience
from multichannel.store.change_tracker import TRACKED, UNRECORDED, RowChange, json_value

if TYPE_CHECKING:
    from multichannel.domain.base import Base
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.access import Access
    from multichannel.store.audit.mutation_context import MutationContext

HEADS_AT_ONCE = 1000
"""How many chains are locked in one statement."""
Row: TypeAlias = Mapping[str, Any]


class StoredRow:
    """A row of a mapped class by column name, as an object."""

    __slots__ = ("model", "values")

    def __init__(self, model: Any, values: dict[str, Any]) -> None:
        self.model, self.values = model, values

    def __getattr__(self, name: str) -> Any:
        return self.values.get("status" if name == "stored_status" else name)

    @property
    def answered_for(self) -> str | None:
        """The customer, once it has answered the request that the row is."""
        customer_id: str | None = self.model.answered_for.fget(self)
        return customer_id


@dataclass(slots=True)
class StoredRowChange(RowChange):
    """A change of such a row; `is_further` if an earlier batch of the same import changed it."""

    is_further: bool = False

    @property
    def parties(self) -> set[str]:
        """The tenants that the row names."""
        values = self.row.values
        return {value for name in self.resource.mapped.parties if (value := values.get(name)) is not None}


class BulkAudit(AuditWriter):
    """Records what a transaction changes in bulk, with one tenant as the actor."""

    def __init__(self, access: Access, mutation: MutationContext) -> None:
        """`access` is that of the actor."""
        super().__init__(access, mutation)
        self._bulk_audience = self._audience = BulkAudience(access)
        self._pending: dict[str, StoredRowChange] = {}
        self._later: dict[str, RowChange] = {}
        self._completed: set[str] = set()
        self._tenants: set[str] = set()
        self.observe: Callable[[RowChange], None] = _ignore
        """Receives each change, once for each batch in which a row changes."""
        self._spool = TemporaryFile(prefix="multichannel-audit-")  # noqa: SIM115  (closed by __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def created(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        """Record rows that were inserted."""
        resource = TRACKED.get(model)
        if resource is None:
            return
        left_out = UNRECORDED | model.unrecorded
        for row in rows:
            change = StoredRowChange(resource, StoredRow(model, row), created=True)
            change.new = {
                name: json_value(value)
                for name, value in row.items()
                if value is not None and name not in left_out
            }
            change.old = dict.fromkeys(change.new)
            self._pending[row["id"]] = change

    def changing(self, model: type[Base], rows: Iterable[Row], before: Mapping[str, Row]) -> None:
        """Record rows that are about to be updated; `before` has what is stored, by id."""
        resource = TRACKED.get(model)
        if resource is None:
            return
        changes = [self._changing(resource, row, before[row["id"]]) for row in rows]
        leaving = [change for change in changes if change.former_parties]
        if leaving:
            self._audience.note_former_viewers(leaving)

    def note(self, row_id: str, name: str, old: Any, new: Any) -> None:
        """Add what belongs to a changed row and is stored elsewhere, such as the lines of a transfer."""
        self._pending[row_id].record(name, old, new)

    def settle(self) -> None:
        """Decide who learns of the changes so far, and keep their records."""
        changes = [change for change in self._pending.values() if change.is_change]
        self._pending.clear()
        fresh = []
        for change in changes:
            self.observe(change)
            if self._is_amendment(change):
                self._amend(change)
            else:
                fresh.append(change)
        if fresh:
            self._spool_changes(fresh)

    def _spool_changes(self, fresh: Sequence[RowChange]) -> None:
        audience = self._audience.of(list(fresh), self._principal.tenant_id)
        entries, events = [], []
        for change in fresh:
            event = self._event(change, None)
            events.append(event)
            tenant_ids = audience[id(change)]
            self._tenants |= tenant_ids
            entries += [self._entry(change, tenant_id, event["id"]) for tenant_id in sorted(tenant_ids)]
        pickle.dump((entries, events), self._spool, pickle.HIGHEST_PROTOCOL)

    def write(self, occurred_at: datetime) -> None:
        """Write records and events; nothing is changed in the transaction any more."""
        self.settle()
        heads: Heads = {}
        self._write_from(0, heads, occurred_at)
        others = [change for row_id, change in self._later.items() if row_id not in self._completed]
        if others:
            # Rows that another operation has changed at this very time.
            end = self._spool.seek(0, 2)
            self._later.clear()
            self._spool_changes(others)
            self._write_from(end, heads, occurred_at)
        if heads:
            self._move(heads)

    def _write_from(self, start: int, heads: Heads, occurred_at: datetime) -> None:
        """Write what was kept from a position on; the chains that it needs are locked."""
        tenants = iter(sorted(self._tenants - heads.keys()))
        while chunk := set(islice(tenants, HEADS_AT_ONCE)):
            heads |= self._heads(chunk)
        for entries, events in self._read_back(start):
            self._seal(heads, [self._amended(entry) for entry in entries], AuditStatus.SUCCEEDED)
            for event in events:
                event["occurred_at"] = occurred_at
            self._session.write_audit(insert(Event), events)

    def _changing(self, resource: Resource, row: Row, before: Row) -> StoredRowChange:
        change = self._pending.get(row["id"])
        if change is None:
            change = StoredRowChange(resource, StoredRow(resource.model, dict(before)), created=False)
            change.is_further = before.get("updated_at") == self._access.now
            self._pending[row["id"]] = change
        change.row.values.update(row)
        for name, value in row.items():
            if before[name] != value and name not in resource.mapped.unrecorded:
                change.record(name, before[name], value)
        return change

    def _is_amendment(self, change: StoredRowChange) -> bool:
        """Whether it adds to a record of this import, and concerns nobody whom that does not concern."""
        return change.is_further and change.new.keys().isdisjoint({*change.resource.mapped.parties, "status"})

    def _amend(self, change: RowChange) -> None:
        earlier = self._later.setdefault(change.row.id, change)
        if earlier is not change:
            earlier.old = change.old | earlier.old
            earlier.new |= change.new

    def _amended(self, entry: AuditEntry) -> AuditEntry:
        change = self._later.get(entry.resource_id or "")
        if change is None:
            return entry
        self._completed.add(change.row.id)
        is_own = entry.tenant_id == self._principal.tenant_id
        names = change.new.keys() if is_own else shared_with(entry.tenant_id, change) & change.new.keys()
        old = {name: change.old[name] for name in names if entry.old or not entry.new}
        return entry._replace(old=old | entry.old, new=entry.new | {name: change.new[name] for name in names})

    def _read_back(self, start: int) -> Iterator[tuple[list[AuditEntry], list[dict[str, Any]]]]:
        end = self._spool.seek(0, 2)
        self._spool.seek(start)
        while self._spool.tell() < end:
            yield pickle.load(self._spool)  # noqa: S301  (our own file, which has no name)


def _ignore(_change: RowChange) -> None:
    pass
