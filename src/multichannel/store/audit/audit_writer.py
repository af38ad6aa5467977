"""Writes the audit log of one transaction: a record in the chain of each tenant in the audience, and events.

The tenant that acts has old and new values in its chain; the others that it happened, and the status.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from multichannel.domain.audit import GENESIS, AuditChain, AuditRecord, AuditStatus, Event, seal_of
from multichannel.domain.base import new_id
from multichannel.domain.tenants import Cloud, TenantKind
from multichannel.domain.users import User
from multichannel.policy.schema.resources import (
    CUSTOMER,
    DELEGATED_ADMIN_GRANT,
    RELATIONSHIP,
    SUBSCRIPTION,
    TRANSFER,
)
from multichannel.store.audit.audience import ChangeAudience
from multichannel.store.prepared import PreparedStatement

if TYPE_CHECKING:
    from multichannel.store.access import Access
    from multichannel.store.audit.mutation_context import MutationContext
    from multichannel.store.change_tracker import RowChange

SHARED = {"status"}
"""The columns whose values every tenant in the audience receives; others it may read of the record itself."""

SHARED_WITH_CUSTOMER = SHARED | {"quantity", "auto_renew_enabled", "friendly_name"}
"""The columns of a subscription whose values its customer receives: what it pays, and under which name."""


Heads = dict[str, dict[str, Any]]
"""The ends of chains by tenant: length and last seal."""
HEADS = PreparedStatement(
    select(AuditChain.tenant_id, AuditChain.length, AuditChain.seal)
    .where(AuditChain.tenant_id.in_(bindparam("tenant_ids", expanding=True)))
    .order_by(AuditChain.tenant_id)
    .with_for_update()
)
MOVE_HEAD = PreparedStatement(
    update(AuditChain.__table__)  # type: ignore[arg-type]  # a mapped class has a table
    .where(AuditChain.tenant_id == bindparam("of_tenant"))
    .values(length=bindparam("new_length"), seal=bindparam("new_seal"))
)
INSERT_RECORDS, INSERT_EVENTS = (
    PreparedStatement(insert(model), keys=[column.name for column in model.__table__.columns])
    for model in (AuditRecord, Event)
)


class AuditEntry(NamedTuple):
    """One change of one row, for one tenant's chain, before it has its place there."""

    tenant_id: str
    cloud: Cloud
    resource_type: str
    resource_id: str | None
    customer_id: str | None
    old: dict[str, Any]
    new: dict[str, Any]
    event_id: str | None = None


class AuditWriter:
    """Writes the audit log of one transaction."""

    def __init__(self, access: Access, mutation: MutationContext) -> None:
        self._access = access
        self._session = access.session
        self._principal = access.principal
        self._mutation = mutation
        self._audience = ChangeAudience(access)

    def before_flush(self, changes: Iterable[RowChange]) -> None:
        """Find the viewers of rows that are about to stop naming them."""
        leaving = [change for change in changes if change.former_parties]
        if leaving:
            self._audience.note_former_viewers(leaving)

    def record_success(self, changes: Iterable[RowChange]) -> None:
        """Write an event for each changed row, and a record for each tenant in its audience."""
        changed = list(changes)
        entries, events = self._described(changed)
        if not changed and self._audience.is_known(self._principal.tenant_id):
            entries = [self._bare_entry()]
        self._append(AuditStatus.SUCCEEDED, entries)
        if events:
            self._session.write_audit(INSERT_EVENTS, events)

    def own_entries(self, changes: Iterable[RowChange]) -> list[AuditEntry]:
        """What the chain of the tenant that acts would say of changes."""
        entries, _ = self._described(list(changes))
        return [each for each in entries if each.tenant_id == self._principal.tenant_id]

    def record_failure(self, status: AuditStatus, reasons: Iterable[str]) -> None:
        """Record that nothing was done, in the chain of the principal's own tenant alone, if it has one."""
        if self._principal.kind is TenantKind.SYSTEM:
            return
        self._append(status, [self._bare_entry()], tuple(reasons))

    def _described(self, changed: list[RowChange]) -> tuple[list[AuditEntry], list[dict[str, Any]]]:
        """An entry for each tenant in the audience of each changed row, and an event for each row."""
        own = self._principal.tenant_id
        audience = self._audience.of(changed, own)
        entries: list[AuditEntry] = []
        events: list[dict[str, Any]] = []
        transfer_id = next((each.row.id for each in changed if each.resource is TRANSFER), None)
        for change in changed:
            event = self._event(change, transfer_id)
            events.append(event)
            tenant_ids = sorted(audience[id(change)] - ({own} if "id" in change.redacted else set()))
            entries += [self._entry(change, tenant_id, event["id"]) for tenant_id in tenant_ids]
        return entries, events

    def _event(self, change: RowChange, transfer_id: str | None) -> dict[str, Any]:
        return {
            "id": new_id(),
            "occurred_at": self._access.now,
            "operation": self._mutation.operation,
            "resource_type": change.resource.name,
            "resource_id": change.row.id,
            "customer_id": _customer_of(change),
            "transfer_id": change.row.id if change.resource is TRANSFER else transfer_id,
            "correlation_id": self._mutation.correlation_id,
        }

    def _entry(self, change: RowChange, tenant_id: str, event_id: str) -> AuditEntry:
        own = tenant_id == self._principal.tenant_id
        columns = change.new.keys() - change.redacted if own else shared_with(tenant_id, change)
        return AuditEntry(
            tenant_id,
            self._audience.cloud_of(tenant_id),
            change.resource.name,
            change.row.id,
            _customer_for(change, tenant_id),
            {} if change.created else {name: value for name, value in change.old.items() if name in columns},
            {name: value for name, value in change.new.items() if name in columns},
            event_id,
        )

    def _bare_entry(self) -> AuditEntry:
        return AuditEntry(
            self._principal.tenant_id,
            self._principal.cloud or Cloud.PUBLIC,
            self._mutation.resource_type,
            self._mutation.resource_id,
            None,
            {},
            {},
        )

    def _append(self, status: AuditStatus, entries: list[AuditEntry], reasons: tuple[str, ...] = ()) -> None:
        """Give each entry its place at the end of its tenant's chain."""
        heads = self._heads({entry.tenant_id for entry in entries})
        if entries:
            self._seal(heads, entries, status, reasons)
            self._move(heads)

    def _seal(
        self, heads: Heads, entries: list[AuditEntry], status: AuditStatus, reasons: tuple[str, ...] = ()
    ) -> None:
        records = []
        for entry in entries:
            head = heads[entry.tenant_id]
            head["length"] += 1
            record = self._record(entry, status, reasons, head["length"])
            record["seal"] = head["seal"] = seal_of(head["seal"], record)
            records.append(record)
        self._session.write_audit(INSERT_RECORDS, records)

    def _record(
        self, entry: AuditEntry, status: AuditStatus, reasons: tuple[str, ...], number: int
    ) -> dict[str, Any]:
        own = entry.tenant_id == self._principal.tenant_id
        # R60: the customer learns who acted in its tenant; nobody else does.
        delegated = self._session.delegated_by is not None and self._audience.is_customer(entry.tenant_id)
        return {
            "id": new_id(),
            "tenant_id": entry.tenant_id,
            "number": number,
            "operation_date": self._access.now,
            "operation": self._mutation.operation,
            "status": status,
            "actor_tenant_id": self._principal.tenant_id,
            "actor_user_id": self._mutation.user_id if own or delegated else None,
            "delegated_admin_grant_id": self._session.delegated_by if own or delegated else None,
            "actor_name": self._actor_name if own or delegated else None,
            "resource_type": entry.resource_type,
            "resource_id": entry.resource_id,
            "customer_id": entry.customer_id,
            "old_value": entry.old,
            "new_value": entry.new,
            "reasons": list(reasons),
            "event_id": entry.event_id,
            "correlation_id": self._mutation.correlation_id,
            "cloud": entry.cloud,
        }

    @cached_property
    def _actor_name(self) -> str | None:
        """The name of a person who acts by delegation."""
        if self._session.delegated_by is None:
            return None
        rows = self._access.run(select(User.display_name).where(User.id == self._mutation.user_id))
        return rows[0].display_name if rows else None

    def _heads(self, tenant_ids: set[str]) -> Heads:
        """The ends of the chains, locked in one order; a chain begins with its first record."""
        rows = self._access.run(HEADS, {"tenant_ids": sorted(tenant_ids)})
        heads = {row.tenant_id: {"length": row.length, "seal": row.seal} for row in rows}
        fresh = sorted(tenant_ids - heads.keys())
        if fresh:
            self._session.write_audit(insert(AuditChain), [{"tenant_id": tenant_id} for tenant_id in fresh])
        return heads | {tenant_id: {"length": 0, "seal": GENESIS} for tenant_id in fresh}

    def _move(self, heads: Heads) -> None:
        rows = [
            {"of_tenant": key, "new_length": head["length"], "new_seal": head["seal"]}
            for key, head in sorted(heads.items())
        ]
        self._session.write_audit(MOVE_HEAD, rows)


def shared_with(tenant_id: str, change: RowChange) -> set[str]:
    """The columns whose values a tenant receives of what another has changed."""
    is_customer = change.resource is SUBSCRIPTION and change.row.customer_id == tenant_id
    return SHARED_WITH_CUSTOMER if is_customer else SHARED


def _customer_of(change: RowChange) -> str | None:
    row = change.row
    customer_id: str | None = row.id if change.resource is CUSTOMER else getattr(row, "customer_id", None)
    return customer_id


def _customer_for(change: RowChange, tenant_id: str) -> str | None:
    """The customer, unless it has not yet answered a request: until then, only the customer learns its id."""
    row, customer_id = change.row, _customer_of(change)
    if change.resource in {RELATIONSHIP, DELEGATED_ADMIN_GRANT} and tenant_id != customer_id:
        customer_id = row.answered_for
    return customer_id
