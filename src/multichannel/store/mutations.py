"""Mutations: a use case, its audit records and the outcome of its key in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from multichannel.domain.audit import AuditStatus
from multichannel.domain.tenants import Tenant
from multichannel.errors import Denied, NotPermitted, Refused
from multichannel.store.attempts import CONFLICTS
from multichannel.store.audit.audit_writer import AuditEntry, AuditWriter
from multichannel.store.audit.bulk_audit import BulkAudit
from multichannel.store.audit.mutation_context import (
    IdempotencyKeys,
    MutationContext,
    ReplayedRefusal,
    refused_outcome,
)
from multichannel.store.engines import WRITING
from multichannel.store.unit_of_work import UnitOfWork
from multichannel.store.users import principal_of, select_tenants

if TYPE_CHECKING:
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a mutation would do: the id of what it would change or make, and the tenant's audit entries."""

    row_id: str
    entries: tuple[AuditEntry, ...]


class Mutations:
    """Runs the mutations of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def act(
        self, principal: Principal, mutation: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> str:
        """See `Store.act`."""
        mutation = mutation.with_key()
        attempt = _numbered(partial(self._act_once, principal, mutation, use_case))
        try:
            return self._store.again(attempt, is_repeatable=mutation.idempotency is not None)
        except ReplayedRefusal:
            raise
        except (Refused, Denied) as failure:
            record = _numbered(partial(self._record_failure, principal, mutation, failure))
            self._store.again(record, is_repeatable=mutation.has_own_key)
            raise

    def dry_run(
        self, principal: Principal, mutation: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> DryRun:
        """See `Store.dry_run`."""
        return self._store.again(partial(self._dry_run_once, principal, mutation, use_case))

    def _dry_run_once(
        self, principal: Principal, mutation: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> DryRun:
        with self._store.transaction(principal, WRITING) as access:
            first = IdempotencyKeys(access, mutation).first_outcome()
            if first is not None:
                return DryRun(first, ())
            session, writer = access.session, AuditWriter(access, mutation)
            session.before_writing = writer.before_flush
            outcome = use_case(UnitOfWork(access, mutation.user_id))
            session.flush()
            return DryRun(outcome, tuple(writer.own_entries(session.changes)))

    def act_in_bulk(
        self,
        principal: Principal,
        mutation: MutationContext,
        use_case: Callable[[UnitOfWork], T],
        *,
        is_dry_run: bool = False,
    ) -> T:
        """See `Store.act_in_bulk`."""
        attempt = partial(self._act_in_bulk_once, principal, mutation, use_case, is_dry_run=is_dry_run)
        return self._store.again(attempt, CONFLICTS)

    def _act_in_bulk_once(
        self,
        principal: Principal,
        mutation: MutationContext,
        use_case: Callable[[UnitOfWork], T],
        *,
        is_dry_run: bool,
    ) -> T:
        with self._store.transaction(principal, WRITING) as access:
            actor = access.run(select_tenants().where(Tenant.id == mutation.resource_id))
            acting = access.standing_in_for(principal_of(actor[0])) if actor else access
            with BulkAudit(acting, mutation) as audit:
                access.session.begin_bulk(audit)
                outcome = use_case(UnitOfWork(access))
                access.session.flush()
                if is_dry_run:
                    return outcome
                audit.write(self._store.clock())
            access.session.commit_connection()
            return outcome

    def _act_once(
        self,
        principal: Principal,
        mutation: MutationContext,
        use_case: Callable[[UnitOfWork], str],
        *,
        tries: int,
    ) -> str:
        """One attempt, after so many; nobody can have used a key of the service's own before the first."""
        with self._store.transaction(principal, WRITING) as access:
            session, keys = access.session, IdempotencyKeys(access, mutation)
            first = keys.first_outcome() if tries or not mutation.has_own_key else None
            if first is not None:
                return first
            writer = AuditWriter(access, mutation)
            session.before_writing = writer.before_flush
            outcome = use_case(UnitOfWork(access, mutation.user_id, codes=mutation.codes))
            session.flush()
            writer.record_success(session.changes)
            keys.keep({"id": outcome})
            session.commit_connection()
            return outcome

    def _record_failure(
        self, principal: Principal, mutation: MutationContext, failure: Refused | Denied, *, tries: int
    ) -> None:
        """Record a denial or a refusal; a refusal with its key, too, unless another call used it first.

        A key of the service's own that is used shows that the first attempt was committed.
        """
        reasons = failure.reasons if isinstance(failure, NotPermitted) else ()
        status = AuditStatus.DECLINED
        with self._store.transaction(principal, WRITING) as access:
            keys = IdempotencyKeys(access, mutation)
            if isinstance(failure, Refused):
                status = AuditStatus.FAILED
            if mutation.has_own_key:
                if tries and keys.is_used():
                    return
                keys.keep(refused_outcome(failure))
            elif isinstance(failure, Refused) and not keys.is_used():
                keys.keep(refused_outcome(failure))
            AuditWriter(access, mutation).record_failure(status, (failure.code, *reasons))
            access.session.commit_connection()


def _numbered(attempt: Callable[..., T]) -> Callable[[], T]:
    """An attempt that is told how many there were before it."""
    tries = count()
    return lambda: attempt(tries=next(tries))
