"""Transactions: reading in one snapshot, writing in one unit that is run whole or not at all."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from multichannel.errors import (
    DatabaseUnavailable,
    MultichannelError,
    OutcomeUnknown,
    Unavailable,
)
from multichannel.store.access import Access
from multichannel.store.attempts import CONFLICTS, MUTATION_CONFLICTS, Attempts
from multichannel.store.audit.mutation_context import (
    MutationContext,
)
from multichannel.store.connections import Connections
from multichannel.store.deadlines import Deadline
from multichannel.store.decision_recorder import NESTED, DecisionRecorder, Recording, Sample
from multichannel.store.engines import (
    READING,
    WRITING,
    execution_options,
    update_statistics,
)
from multichannel.store.mutations import DryRun, Mutations
from multichannel.store.session import GuardedSession
from multichannel.store.unit_of_work import PUBLIC_URL, UnitOfWork

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.vocabulary import Principal

T = TypeVar("T")
NO_CODES: Mapping[str, str] = MappingProxyType({})


class Store:
    """A database under a policy, with a clock."""

    def __init__(
        self,
        engine: Engine,
        policy: Callable[[], Policy],
        clock: Callable[[], datetime],
        *,
        public_url: str = PUBLIC_URL,
        operation_seconds: float = math.inf,
    ) -> None:
        """`policy` returns the current policy; links that the store hands out begin with `public_url`.

        An operation of a client may take `operation_seconds`.
        """
        self._public_url, self._operation_seconds = public_url, operation_seconds
        self.engine = engine
        self._current_policy = policy
        self._thread = threading.local()
        self.clock = clock
        self.committed: list[Callable[[], None]] = []
        """Called after each committed mutation, in its thread."""
        self._connections = Connections(engine)
        self.recorder: DecisionRecorder | None = None
        """Records decisions; None where no sink wants any."""

    def with_policy(self, policy: Policy) -> Store:
        """The same database under another policy, without a decision recorder."""
        return Store(self.engine, lambda: policy, self.clock, public_url=self._public_url)

    @property
    def policy(self) -> Policy:
        """The current policy."""
        return self._current_policy()

    def sample(self) -> Sample:
        """Who receives the decisions of the next operation."""
        return () if self.recorder is None else self.recorder.sample()

    def deadline(self) -> Deadline:
        """The deadline of an operation that begins now."""
        return Deadline(self._operation_seconds)

    @property
    def is_closing(self) -> bool:
        """Whether this thread's operation has so little time left that it should begin nothing long."""
        return self._operation_policy is not None and self._thread.deadline.is_closing

    def operation(
        self, sample: Sample | None = None, deadline: Deadline | None = None
    ) -> AbstractContextManager[None]:
        """While the block lasts, one policy decides all that this thread does: the current one.

        The decisions of the block are recorded together, or not at all; `sample` may have been drawn before.
        What it runs on the database is stopped at the deadline, if there is one.
        """
        return self._operation(sample, deadline) if self._operation_policy is None else NESTED

    @property
    def _operation_policy(self) -> Policy | None:
        return getattr(self._thread, "policy", None)

    @contextmanager
    def _operation(self, sample: Sample | None, deadline: Deadline | None) -> Iterator[None]:
        self._thread.policy, self._thread.deadline = self._current_policy(), deadline or Deadline()
        try:
            with NESTED if self.recorder is None else self.recorder.operation(sample):
                yield
        finally:
            self._thread.policy = None

    @property
    def is_recording(self) -> bool:
        """Whether the decisions of this thread's operation are recorded."""
        return self._recording is not None

    @property
    def _recording(self) -> Recording | None:
        return None if self.recorder is None else self.recorder.recording

    @contextmanager
    def reading(
        self, principal: Principal, *, user_id: str | None = None, codes: Mapping[str, str] = NO_CODES
    ) -> Iterator[UnitOfWork]:
        """One snapshot to read from; `codes` are those of invitations that were made just before."""
        with self.transaction(principal, READING) as access:
            yield UnitOfWork(access, user_id, public_url=self._public_url, codes=dict(codes))

    def is_ready(self) -> bool:
        """Whether the database answers, and takes writes if the last write failed because of the database.

        Ends within a few seconds, also if the database hangs.
        """
        return self._connections.is_ready()

    def update_statistics(self) -> None:
        """Have the database plan by what is stored now, after much has changed."""
        update_statistics(self.engine)

    def write(self, principal: Principal, use_case: Callable[[UnitOfWork], T]) -> T:
        """Run a use case of the service itself in one transaction, without audit records.

        It is run again from its start when the database asks for that. Busy if the conflict persists;
        nothing has been written then.
        """
        with self.operation():
            return self.again(lambda: self._write_once(principal, use_case), CONFLICTS)

    def act(
        self, principal: Principal, mutation: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> str:
        """Run a mutation in one transaction with its audit records; returns the id of what it changed.

        With an idempotency key, a repeated call gets the first outcome. A refusal or denial is recorded in
        a transaction of its own, in the chain of the principal's tenant alone, and raised.
        """
        with self.operation():
            outcome = Mutations(self).act(principal, mutation, use_case)
        for notify in self.committed:
            notify()
        return outcome

    def dry_run(
        self, principal: Principal, mutation: MutationContext, use_case: Callable[[UnitOfWork], str]
    ) -> DryRun:
        """What a mutation would do, or its refusal or denial. Nothing is kept, and nothing recorded."""
        with self.operation():
            return Mutations(self).dry_run(principal, mutation, use_case)

    def act_in_bulk(
        self,
        principal: Principal,
        mutation: MutationContext,
        use_case: Callable[[UnitOfWork], T],
        *,
        is_dry_run: bool = False,
    ) -> T:
        """Run a use case that writes in bulk, in one transaction with its audit records.

        `mutation` is about the partner that acts, in whose name the service itself, `principal`, writes.
        Nothing of a dry run is kept.
        """
        with self.operation():
            outcome = Mutations(self).act_in_bulk(principal, mutation, use_case, is_dry_run=is_dry_run)
        for notify in () if is_dry_run else self.committed:
            notify()
        return outcome

    def _write_once(self, principal: Principal, use_case: Callable[[UnitOfWork], T]) -> T:
        with self.transaction(principal, WRITING) as access:
            outcome = use_case(UnitOfWork(access))
            access.session.flush()
            access.session.commit_connection()
            return outcome

    def again(
        self,
        attempt: Callable[[], T],
        conflicts: Collection[str] = MUTATION_CONFLICTS,
        *,
        is_repeatable: bool = False,
    ) -> T:
        """The result of a transaction, which is attempted again after conflicts and lost connections."""
        return Attempts(conflicts, self._recording, is_repeatable=is_repeatable).run(attempt)

    @contextmanager
    def transaction(self, principal: Principal, mode: str) -> Iterator[Access]:
        """Access in a new transaction, which is rolled back unless it is committed."""
        with self.operation():
            deadline: Deadline = self._thread.deadline
            deadline.is_writing = deadline.is_writing or mode == WRITING
            session: GuardedSession | None = None
            try:
                with self._connections.open(deadline) as connection:
                    connection.execution_options(**execution_options(self.engine, mode))
                    with GuardedSession(connection, deadline) as session:
                        session.recording = self._recording
                        policy = self._operation_policy or self._current_policy()
                        yield Access(session, policy, principal, self.clock())
            except Unavailable as fault:
                cause = _cause(fault, session, deadline)
                if isinstance(cause, DatabaseUnavailable) and cause.is_lost:
                    self._connections.note_loss()
                if mode == WRITING and isinstance(cause, DatabaseUnavailable):
                    self._connections.has_failed_to_write = True
                if cause is fault:
                    raise
                raise cause from fault


def _cause(fault: Unavailable, session: GuardedSession | None, deadline: Deadline) -> MultichannelError:
    """What a fault of a transaction means: its time may be up, or its COMMIT may have been carried out."""
    if isinstance(fault, DatabaseUnavailable) and fault.is_lost:
        if session is None:  # there was no connection to lose
            fault.is_lost = False
        elif session.is_committing:
            return OutcomeUnknown(str(fault))
    return deadline.explained(fault)
