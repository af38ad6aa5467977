"""Decisions, noted where they are made in operations that somebody listens to; others cost nothing.

An operation is what one request does, from signing in to its last read: it is listened to whole or not at
all. Its decisions are handed over when it ends, whatever became of its transactions.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from multichannel.decision_log.decisions import Decision, ListDecision, RecordDecision
from multichannel.store.facts import Run, facts_of

if TYPE_CHECKING:
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal


class DecisionSink(Protocol):
    """Who is told decisions."""

    @property
    def sample(self) -> float:
        """The share of operations to be told of, from 0 to 1."""

    def submit(self, decisions: Sequence[Decision]) -> None:
        """Take the decisions of one operation, at once and without failing: somebody waits."""


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """What a decision is about, and since when it has been asked for."""

    policy: Policy
    principal: Principal
    resource: Resource
    operation: str
    since: float

    def told(self, now: datetime) -> dict[str, Any]:
        """What is said of every decision, once it is made."""
        return {
            "time": now,
            "policy": self.policy,
            "operation": self.operation,
            "principal": self.principal,
            "resource": self.resource,
            "microseconds": round((time.perf_counter() - self.since) * 1e6),
        }


class Recording:
    """The decisions of one operation so far."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """`clock` gives their time."""
        self.decisions: list[Decision] = []
        self._clock = clock

    @staticmethod
    def asked(policy: Policy, principal: Principal, resource: Resource, operation: str) -> PendingDecision:
        """A question that is about to be put."""
        return PendingDecision(policy, principal, resource, operation, time.perf_counter())

    def record(self, asked: PendingDecision, action: Action, facts: Any | None, *, allowed: bool) -> None:
        """Note the verdict on one record of facts."""
        told = asked.told(self._clock())
        self.decisions.append(RecordDecision(**told, action=action, facts=facts, allowed=allowed))

    def rows(self, run: Run, asked: PendingDecision, action: Action, verdicts: Mapping[str, bool]) -> None:
        """Note the verdicts on rows by id, with the facts of those there are."""
        told = asked.told(self._clock())
        for row_id, allowed in verdicts.items():
            facts = facts_of(run, asked.resource, row_id, tenant_id=asked.principal.tenant_id)
            self.decisions.append(RecordDecision(**told, action=action, facts=facts, allowed=allowed))

    def listed(self, asked: PendingDecision, actions: Collection[Action], rows: int) -> None:
        """Note that a list was kept to what is granted."""
        told = asked.told(self._clock())
        self.decisions.append(ListDecision(**told, actions=tuple(actions), rows=rows))

    @property
    def place(self) -> int:
        """Where the next decision will stand."""
        return len(self.decisions)

    def forget(self, place: int) -> None:
        """Leave out what was decided from there on: it is decided again."""
        del self.decisions[place:]


class DecisionRecorder:
    """Draws which operations are listened to, by whom, and gathers what is decided in them."""

    def __init__(self, clock: Callable[[], datetime], listeners: Sequence[DecisionSink]) -> None:
        """Each listener has a share of its own."""
        self._clock = clock
        self._listeners = listeners
        self._thread = threading.local()

    @property
    def notes(self) -> Recording | None:
        """Where to note decisions in this thread; None where nobody listens."""
        found: Recording | None = getattr(self._thread, "notes", None)
        return found

    def operation(self) -> AbstractContextManager[None]:
        """One operation of this thread; part of the outer one if there is one."""
        return NESTED if getattr(self._thread, "is_open", False) else self._begun()

    @contextmanager
    def _begun(self) -> Iterator[None]:
        drawn = random.random()  # noqa: S311  (a sample, not a secret)
        heard_by = [listener for listener in self._listeners if drawn < listener.sample]
        notes = Recording(self._clock) if heard_by else None
        self._thread.is_open, self._thread.notes = True, notes
        try:
            yield
        finally:
            self._thread.is_open, self._thread.notes = False, None
            if notes is not None and notes.decisions:
                for listener in heard_by:
                    listener.submit(tuple(notes.decisions))


NESTED: AbstractContextManager[None] = nullcontext()
"""What is part of an operation, or of one that nobody could listen to."""
