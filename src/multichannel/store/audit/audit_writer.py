"""The books: audit records in the chain of every tenant concerned, and events, written with the change.

A tenant is concerned by a change of an object that names it, if the policy lets anybody of it see the object.
The tenant that acts has old and new values in its chain; the others that it happened, and the status.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from multichannel.domain.audit import GENESIS, AuditChain, AuditRecord, AuditStatus, sealed
from multichannel.domain.base import new_id
from multichannel.domain.events import Event
from multichannel.domain.relationships import ResellerRelationship
from multichannel.domain.tenants import Cloud
from multichannel.domain.transfers import Transfer
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.vocabulary import Principal
from multichannel.store.audit.audience import ChangeAudience
from multichannel.store.audit.mutation_context import MutationContext
from multichannel.store.change_tracker import RowChange
from multichannel.store.session import GuardedSession

SHARED = {"status"}
"""What every tenant concerned is told of a change; the rest it may read of the object itself."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act on one object, in one tenant's chain, before it has its place there."""

    tenant_id: str
    cloud: Cloud
    resource_type: str
    resource_id: str | None
    customer_id: str | None
    old: dict[str, Any]
    new: dict[str, Any]
    event_id: str | None = None


class AuditWriter:
    """Keeps the books of one transaction."""

    def __init__(
        self,
        session: GuardedSession,
        policy: Policy,
        principal: Principal,
        now: datetime,
        act: MutationContext,
    ) -> None:
        """`principal` is who acts."""
        self._session = session
        self._principal = principal
        self._now = now
        self._act = act
        self._parties = ChangeAudience(session, policy, now)

    def before_flush(self, changes: Iterable[RowChange]) -> None:
        """Before a flush: who is concerned by objects that are about to stop naming them."""
        leaving = [change for change in changes if change.former_parties]
        if leaving:
            self._parties.note_leaving(leaving)

    def record_success(self, changes: Iterable[RowChange]) -> None:
        """Record what was done: an event for each changed object, a record for each tenant concerned."""
        changed = list(changes)
        own = self._principal.tenant_id
        tenants = self._parties.concerned(changed, own)
        entries: list[AuditEntry] = []
        events: list[dict[str, Any]] = []
        transfer_id = next((each.row.id for each in changed if isinstance(each.row, Transfer)), None)
        for change in changed:
            event = self._event(change, transfer_id)
            events.append(event)
            told = sorted(tenants[id(change)] - ({own} if "id" in change.redacted else set()))
            entries += [self._entry(change, tenant_id, event["id"]) for tenant_id in told]
        if not changed and own in self._parties.known:
            entries = [self._bare_entry()]
        self._append(AuditStatus.SUCCEEDED, entries)
        if events:
            self._session.write_audit(insert(Event), events)

    def record_failure(self, status: AuditStatus, reasons: Iterable[str]) -> None:
        """Record that nothing was done, in the chain of the one who asked and in no other."""
        self._append(status, [self._bare_entry()], tuple(reasons))

    def _event(self, change: RowChange, transfer_id: str | None) -> dict[str, Any]:
        return {
            "id": new_id(),
            "occurred_at": self._now,
            "operation": self._act.operation,
            "resource_type": change.resource.name,
            "resource_id": change.row.id,
            "customer_id": _customer_of(change),
            "transfer_id": change.row.id if isinstance(change.row, Transfer) else transfer_id,
            "correlation_id": self._act.correlation_id,
        }

    def _entry(self, change: RowChange, tenant_id: str, event_id: str) -> AuditEntry:
        told = change.new.keys() - change.redacted if tenant_id == self._principal.tenant_id else SHARED
        return AuditEntry(
            tenant_id,
            self._parties.cloud_of(tenant_id),
            change.resource.name,
            change.row.id,
            _customer_told(change, tenant_id),
            {} if change.created else {name: value for name, value in change.old.items() if name in told},
            {name: value for name, value in change.new.items() if name in told},
            event_id,
        )

    def _bare_entry(self) -> AuditEntry:
        act, principal = self._act, self._principal
        return AuditEntry(
            principal.tenant_id,
            principal.cloud or Cloud.PUBLIC,
            act.resource_type,
            act.resource_id,
            None,
            {},
            {},
        )

    def _append(self, status: AuditStatus, entries: list[AuditEntry], reasons: tuple[str, ...] = ()) -> None:
        """Give each entry its place at the end of its tenant's chain."""
        heads = self._heads({entry.tenant_id for entry in entries})
        records = []
        for entry in entries:
            head = heads[entry.tenant_id]
            head["length"] += 1
            record = self._record(entry, status, reasons, head["length"])
            record["seal"] = head["seal"] = sealed(head["seal"], record)
            records.append(record)
        if records:
            self._session.write_audit(insert(AuditRecord), records)
            self._move(heads)

    def _record(
        self, entry: AuditEntry, status: AuditStatus, reasons: tuple[str, ...], number: int
    ) -> dict[str, Any]:
        own = entry.tenant_id == self._principal.tenant_id
        return {
            "id": new_id(),
            "tenant_id": entry.tenant_id,
            "number": number,
            "operation_date": self._now,
            "operation": self._act.operation,
            "status": status,
            "actor_tenant_id": self._principal.tenant_id,
            "actor_user_id": self._act.user_id if own else None,
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "customer_id": entry.customer_id,
            "old_value": entry.old,
            "new_value": entry.new,
            "reasons": list(reasons),
            "event_id": entry.event_id,
            "correlation_id": self._act.correlation_id,
            "cloud": entry.cloud,
        }

    def _heads(self, tenant_ids: set[str]) -> dict[str, dict[str, Any]]:
        """Where the chains end, locked in one order; a chain begins with its first record."""
        statement = (
            select(AuditChain.tenant_id, AuditChain.length, AuditChain.seal)
            .where(AuditChain.tenant_id.in_(sorted(tenant_ids)))
            .order_by(AuditChain.tenant_id)
            .with_for_update()
        )
        rows = self._session.decided(statement, {})
        found = {row.tenant_id: {"length": row.length, "seal": row.seal} for row in rows}
        fresh = sorted(tenant_ids - found.keys())
        if fresh:
            self._session.write_audit(insert(AuditChain), [{"tenant_id": tenant_id} for tenant_id in fresh])
        return found | {tenant_id: {"length": 0, "seal": GENESIS} for tenant_id in fresh}

    def _move(self, heads: dict[str, dict[str, Any]]) -> None:
        statement = (
            update(AuditChain.__table__)  # type: ignore[arg-type]  # a mapped class has a table
            .where(AuditChain.tenant_id == bindparam("of_tenant"))
            .values(length=bindparam("new_length"), seal=bindparam("new_seal"))
        )
        rows = [
            {"of_tenant": key, "new_length": head["length"], "new_seal": head["seal"]}
            for key, head in sorted(heads.items())
        ]
        self._session.write_audit(statement, rows)


def _customer_of(change: RowChange) -> str | None:
    row = change.row
    found: str | None = row.id if change.resource.name == "Customer" else getattr(row, "customer_id", None)
    return found


def _customer_told(change: RowChange, tenant_id: str) -> str | None:
    """The customer concerned. Whom a request was addressed to is the customer's alone until it answers."""
    row, found = change.row, _customer_of(change)
    if isinstance(row, ResellerRelationship) and tenant_id != found:
        return row.answered_for
    return found
