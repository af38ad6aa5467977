"""Transactions: reading in one snapshot, writing in one unit that is run whole or not at all."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from multichannel.domain.audit import AuditStatus
from multichannel.errors import Busy, Denied, NotPermitted, Refused
from multichannel.store.audit.audit_writer import AuditWriter
from multichannel.store.audit.mutation_context import (
    IdempotencyKeys,
    MutationContext,
    ReplayedRefusal,
    refused_outcome,
)
from multichannel.store.decision_recorder import NESTED, DecisionRecorder
from multichannel.store.engines import READING, WRITING, execution_options
from multichannel.store.session import GuardedSession
from multichannel.store.unit_of_work import PUBLIC_URL, UnitOfWork

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.vocabulary import Principal

T = TypeVar("T")
ATTEMPTS = 30
"""Some seconds in all: every writer of a tenant waits for its audit chain."""
SERIALIZATION, DEADLOCK, UNIQUE, LOCK_NOT_AVAILABLE = "40001", "40P01", "23505", "55P03"
CONFLICTS = {SERIALIZATION, DEADLOCK}
CONFLICTS_OF_ACTS = {*CONFLICTS, UNIQUE}
"""Of two acts that store the same at once one fails; run again, it finds what the other has stored."""
BUSY = "Somebody else is changing this at the moment, and nothing was written. Try again."
LONGEST_PAUSE = 0.05


class Store:
    """A database under a policy, with a clock."""

    def __init__(
        self,
        engine: Engine,
        policy: Callable[[], Policy],
        clock: Callable[[], datetime],
        *,
        public_url: str = PUBLIC_URL,
    ) -> None:
        """`policy` gives the one in force; links that are read out of the store begin with `public_url`."""
        self._public_url = public_url
        self.engine = engine
        self._in_force = policy
        self._kept = threading.local()
        self.clock = clock
        self.committed: list[Callable[[], None]] = []
        """Called after each act that was committed, by the thread that did it."""
        self.recorder: DecisionRecorder | None = None
        """Listens to what is decided; None where nobody does."""

    def with_policy(self, policy: Policy) -> Store:
        """The same database under another policy; nobody listens to it."""
        return Store(self.engine, lambda: policy, self.clock, public_url=self._public_url)

    def operation(self) -> AbstractContextManager[None]:
        """What this thread does while the block lasts is decided by one policy, the one now in force.

        It is listened to as a whole, or not at all.
        """
        return self._operation() if self._kept_policy is None else NESTED

    @property
    def _kept_policy(self) -> Policy | None:
        return getattr(self._kept, "policy", None)

    @contextmanager
    def _operation(self) -> Iterator[None]:
        self._kept.policy = self._in_force()
        try:
            with NESTED if self.recorder is None else self.recorder.operation():
                yield
        finally:
            self._kept.policy = None

    def _policy(self) -> Policy:
        return self._kept_policy or self._in_force()

    @contextmanager
    def reading(self, principal: Principal) -> Iterator[UnitOfWork]:
        """One snapshot to read from."""
        with self._connected(READING) as session:
            yield UnitOfWork(session, self._policy(), principal, self.clock(), public_url=self._public_url)

    def is_reachable(self) -> bool:
        """Whether the database does."""
        try:
            with self.engine.connect() as connection:
                return connection.exec_driver_sql("SELECT 1").scalar() == 1
        except SQLAlchemyError:
            return False

    def write(self, principal: Principal, use_case: Callable[[UnitOfWork], T]) -> T:
        """Run what the service does for itself in one transaction; it keeps no books.

        It is run again from its start when the database asks for that. Busy when others stay in the way;
        nothing has been written then.
        """
        with self.operation():
            return self._again(lambda: self._write_once(principal, use_case), CONFLICTS)

    def act(self, principal: Principal, act: MutationContext, use_case: Callable[[UnitOfWork], str]) -> str:
        """Run a mutation in one transaction with its books; gives the id of what it changed.

        With an idempotency key the first outcome is given again. What is refused or denied is recorded in a
        transaction of its own, in the chain of whoever asked alone, and raised.
        """
        with self.operation():
            outcome = self._act(principal, act, use_case)
        for tell in self.committed:
            tell()
        return outcome

    def _act(self, principal: Principal, act: MutationContext, use_case: Callable[[UnitOfWork], str]) -> str:
        try:
            return self._again(lambda: self._act_once(principal, act, use_case))
        except ReplayedRefusal:
            raise
        except Refused as refusal:
            self._again(partial(self._refuse_once, principal, act, refusal))
            raise
        except Denied as denial:
            reasons = denial.reasons if isinstance(denial, NotPermitted) else ()
            told = (denial.code, *reasons)
            self._again(partial(self._record_once, principal, act, AuditStatus.DECLINED, told))
            raise

    def _write_once(self, principal: Principal, use_case: Callable[[UnitOfWork], T]) -> T:
        with self._connected(WRITING) as session:
            outcome = use_case(UnitOfWork(session, self._policy(), principal, self.clock()))
            session.flush()
            _commit(session)
            return outcome

    def _act_once(
        self, principal: Principal, act: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> str:
        with self._connected(WRITING) as session:
            policy, now = self._policy(), self.clock()
            keys = IdempotencyKeys(session, principal.tenant_id, act)
            first = keys.first_outcome()
            if first is not None:
                return first
            ledger = AuditWriter(session, policy, principal, now, act)
            session.before_writing = ledger.before_flush
            outcome = use_case(UnitOfWork(session, policy, principal, now, act.user_id))
            session.flush()
            ledger.record_success(session.changes)
            keys.keep({"id": outcome}, now)
            _commit(session)
            return outcome

    def _refuse_once(self, principal: Principal, act: MutationContext, refusal: Refused) -> None:
        """Remember a refusal with its key; if another call was quicker, its outcome stays."""
        with self._connected(WRITING) as session:
            now = self.clock()
            keys = IdempotencyKeys(session, principal.tenant_id, act)
            if not keys.is_used():
                keys.keep(refused_outcome(refusal), now)
            ledger = AuditWriter(session, self._policy(), principal, now, act)
            ledger.record_failure(AuditStatus.FAILED, [refusal.code])
            _commit(session)

    def _record_once(
        self, principal: Principal, act: MutationContext, status: AuditStatus, reasons: tuple[str, ...]
    ) -> None:
        with self._connected(WRITING) as session:
            AuditWriter(session, self._policy(), principal, self.clock(), act).record_failure(status, reasons)
            _commit(session)

    def _again(self, attempt: Callable[[], T], conflicts: Collection[str] = CONFLICTS_OF_ACTS) -> T:
        """What the attempt gives, once no other transaction is in its way."""
        tries = 1
        notes = None if self.recorder is None else self.recorder.notes
        place = 0 if notes is None else notes.place
        while True:
            try:
                return attempt()
            except DBAPIError as error:
                # Another was in the way and nothing was written; a lost COMMIT is not among these.
                if getattr(error.orig, "sqlstate", None) not in conflicts:
                    raise
                if tries == ATTEMPTS:
                    raise Busy(BUSY) from error
            if notes is not None:
                notes.forget(place)
            time.sleep(random.uniform(0, LONGEST_PAUSE * min(tries, 5)))  # noqa: S311  (it spreads rivals, it hides nothing)
            tries += 1

    @contextmanager
    def _connected(self, mode: str) -> Iterator[GuardedSession]:
        try:
            with self.operation(), self.engine.connect() as connection:
                connection.execution_options(**execution_options(self.engine, mode))
                with GuardedSession(connection) as session:
                    session.recording = None if self.recorder is None else self.recorder.notes
                    yield session
        except PoolTimeout as error:
            raise Busy(BUSY) from error
        except DBAPIError as error:
            if _is_locked(error):
                raise Busy(BUSY) from error
            raise


def _commit(session: GuardedSession) -> None:
    session.get_bind().commit()  # type: ignore[union-attr]  # bound to a connection at birth


def _is_locked(error: DBAPIError) -> bool:
    """The database has waited for another's lock for as long as it waits."""
    locked_out = getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
    return locked_out or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
