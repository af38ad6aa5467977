"""What the service does with its books: it walks the audit chains, and lets go of what is old (R53)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from multichannel.domain.audit import ChainVerification
from multichannel.domain.events import IDEMPOTENCY_KEY_LIFETIME, Event, IdempotencyKey
from multichannel.policy.schema.vocabulary import Action, SystemRole, system_principal
from multichannel.store.audit.audit_chains import ChainBroken
from multichannel.store.store import Store
from multichannel.store.unit_of_work import UnitOfWork

AUDITOR = system_principal(SystemRole.AUDITOR)
SWEEPER = system_principal(SystemRole.SWEEPER)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows were let go, and the chains that were left alone because they are not whole."""

    records: int
    events: int
    keys: int
    broken: tuple[str, ...]


def verify(store: Store) -> Iterator[ChainVerification]:
    """Walk every chain, each in a snapshot of its own."""
    for tenant_id in _tenants(store):
        yield verify_one(store, tenant_id)


def verify_one(store: Store, tenant_id: str) -> ChainVerification:
    """Walk the chain of one tenant; one that nothing was ever recorded for is whole and empty."""
    with store.reading(AUDITOR) as work:
        return work.chains.verify(tenant_id)


def prune(store: Store, *, older_than: timedelta) -> Pruned:
    """Let go of records and events that are older, and of idempotency keys after their own time."""
    before = store.clock() - older_than
    records, broken = 0, []
    for tenant_id in _tenants(store):
        try:
            records += _prune_one(store, tenant_id, before)
        except ChainBroken as refusal:
            broken.append(refusal.message)
    events, keys = store.write(SWEEPER, lambda work: _drop(work, before))
    return Pruned(records, events, keys, tuple(broken))


def _prune_one(store: Store, tenant_id: str, before: datetime) -> int:
    return store.write(SWEEPER, lambda work: work.chains.prune(tenant_id, before=before))


def _drop(work: UnitOfWork, before: datetime) -> tuple[int, int]:
    service = work.service(to=Action.EXPIRE)
    return (
        work.prune(service, Event, "occurred_at", before=before),
        work.prune(service, IdempotencyKey, "created_at", before=work.now - IDEMPOTENCY_KEY_LIFETIME),
    )


def _tenants(store: Store) -> Iterator[str]:
    after: str | None = None
    while True:
        with store.reading(AUDITOR) as work:
            found = work.chains.tenants(after=after)
        if not found:
            return
        yield from found
        after = found[-1]
