"""Maintenance of the audit log: verification of its chains, and deletion of old rows (R53)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from multichannel.domain.audit import (
    IDEMPOTENCY_KEY_LIFETIME,
    RETENTION,
    ChainMark,
    ChainVerification,
    Event,
    IdempotencyKey,
)
from multichannel.errors import Refused
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.services.audit_checkpoint import Checkpoint
from multichannel.store.audit.audit_chains import ChainBroken
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

AUDITOR = system_principal(SystemRole.AUDITOR)
SWEEPER = system_principal(SystemRole.SWEEPER)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """How many rows were deleted, and why chains that are not intact were left unchanged."""

    records: int
    events: int
    keys: int
    broken: tuple[str, ...]


def verify(store: Store, since: Checkpoint | None = None) -> Iterator[ChainVerification]:
    """Verify every chain, each in its own snapshot, and that it continues a checkpoint."""
    marks = _marks(store, since)
    for tenant_id in _tenants(store):
        yield verify_one(store, tenant_id, marks.pop(tenant_id, None))
    for tenant_id, mark in marks.items():
        yield verify_one(store, tenant_id, mark)


def verify_one(store: Store, tenant_id: str, mark: ChainMark | None = None) -> ChainVerification:
    """Verify the chain of one tenant; without records it is intact."""
    with store.reading(AUDITOR) as work:
        return work.chains.verify(tenant_id, mark)


def take_checkpoint(store: Store) -> Checkpoint:
    """The heads of all chains, each verified; Refused if one is broken."""
    at, chains = store.clock(), {}
    for verified in verify(store):
        if verified.flaw is not None:
            raise Refused(f"{verified}. No checkpoint was made of broken chains.")
        chains[verified.head.tenant_id] = ChainMark(verified.head.length, verified.head.seal)
    return Checkpoint(at, chains)


def _marks(store: Store, since: Checkpoint | None) -> dict[str, ChainMark]:
    if since is None:
        return {}
    may_be_pruned = store.clock() - since.at >= RETENTION
    return {tenant_id: replace(mark, may_be_pruned=may_be_pruned) for tenant_id, mark in since.chains.items()}


def verify_tenant(store: Store, typed: str, since: Checkpoint | None = None) -> ChainVerification:
    """Verify the chain of the tenant that an operator names (R54); Refused if there is none."""
    with store.reading(AUDITOR) as work:
        tenant_id = work.chains.tenant_id(typed)
    if tenant_id is None:
        raise Refused(f"Tenant {typed} not found. List them: multichannel tenant list")
    return verify_one(store, tenant_id, _marks(store, since).get(tenant_id))


def prune(store: Store, *, older_than: timedelta) -> PruneResult:
    """Delete audit records and events that are older, and idempotency keys after their lifetime."""
    before = store.clock() - older_than
    records, broken = 0, []
    for tenant_id in _tenants(store):
        try:
            records += _prune_one(store, tenant_id, before)
        except ChainBroken as refusal:
            broken.append(refusal.message)
    events, keys = store.write(SWEEPER, lambda work: _prune_events_and_keys(work, before))
    return PruneResult(records, events, keys, tuple(broken))


def _prune_one(store: Store, tenant_id: str, before: datetime) -> int:
    return store.write(SWEEPER, lambda work: work.chains.prune(tenant_id, before=before))


def _prune_events_and_keys(work: UnitOfWork, before: datetime) -> tuple[int, int]:
    service = work.service(to=Action.EXPIRE)
    return (
        work.prune(service, Event, "occurred_at", before=before),
        work.prune(service, IdempotencyKey, "created_at", before=work.now - IDEMPOTENCY_KEY_LIFETIME),
    )


def _tenants(store: Store) -> Iterator[str]:
    after: str | None = None
    while True:
        with store.reading(AUDITOR) as work:
            tenant_ids = work.chains.tenants(after=after)
        if not tenant_ids:
            return
        yield from tenant_ids
        after = tenant_ids[-1]
