"""Records the decisions of sampled operations; other operations record nothing, at no cost.

An operation is what one request does, from signing in to its last read. It is recorded whole or not at all,
and its decisions go to the sinks at its end, even if a transaction failed.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from multichannel.decision_log.decisions import Decision, ListDecision, RecordDecision
from multichannel.store.facts import facts_of

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action
    from multichannel.store.access import Access


class DecisionSink(Protocol):
    """Receives decisions."""

    @property
    def sample(self) -> float:
        """The share of operations whose decisions this sink receives, from 0 to 1."""

    def submit(self, decisions: Sequence[Decision]) -> None:
        """Take the decisions of one operation; must neither block nor raise, as a request is waiting."""


class Recording:
    """The decisions of one operation so far."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.decisions: list[Decision] = []
        self.clock = clock

    def rewind(self, length: int) -> None:
        """Drop the decisions after the first `length`: the transaction that made them is run again."""
        del self.decisions[length:]


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """A decision that is being made: what it is about, and since when."""

    recording: Recording
    access: Access
    resource: Resource
    operation: str
    started: float = field(default_factory=time.perf_counter)

    def record(self, action: Action, facts: Any | None, *, allowed: bool) -> None:
        """Record the verdict on one record."""
        self._add(RecordDecision(**self._shared(), action=action, facts=facts, allowed=allowed))

    def rows(self, action: Action, verdicts: Mapping[str, bool]) -> None:
        """Record the verdicts on rows by id, with the facts of those that exist."""
        shared, tenant_id = self._shared(), self.access.principal.tenant_id
        for row_id, allowed in verdicts.items():
            facts = facts_of(self.access.run, self.resource, row_id, tenant_id=tenant_id)
            self._add(RecordDecision(**shared, action=action, facts=facts, allowed=allowed))

    def listed(self, actions: Collection[Action], rows: int) -> None:
        """Record that a list was filtered to the rows on which one of the actions is granted."""
        self._add(ListDecision(**self._shared(), actions=tuple(actions), rows=rows))

    def _add(self, decision: Decision) -> None:
        self.recording.decisions.append(decision)

    def _shared(self) -> dict[str, Any]:
        return {
            "time": self.recording.clock(),
            "policy": self.access.policy,
            "operation": self.operation,
            "principal": self.access.principal,
            "resource": self.resource,
            "microseconds": round((time.perf_counter() - self.started) * 1e6),
        }


class DecisionRecorder:
    """Samples operations for each sink, and passes their decisions on."""

    def __init__(self, clock: Callable[[], datetime], sinks: Sequence[DecisionSink]) -> None:
        self._clock = clock
        self._sinks = sinks
        self._thread = threading.local()

    @property
    def recording(self) -> Recording | None:
        """The recording of this thread's operation; None if it is not sampled."""
        current: Recording | None = getattr(self._thread, "recording", None)
        return current

    def operation(self) -> AbstractContextManager[None]:
        """One operation of this thread; part of the outer one if there is one."""
        return NESTED if getattr(self._thread, "is_open", False) else self._sampled()

    @contextmanager
    def _sampled(self) -> Iterator[None]:
        drawn = random.random()  # noqa: S311  (a sample, not a secret)
        sinks = [sink for sink in self._sinks if drawn < sink.sample]
        recording = Recording(self._clock) if sinks else None
        self._thread.is_open, self._thread.recording = True, recording
        try:
            yield
        finally:
            self._thread.is_open, self._thread.recording = False, None
            if recording is not None and recording.decisions:
                for sink in sinks:
                    sink.submit(tuple(recording.decisions))


NESTED: AbstractContextManager[None] = nullcontext()
"""A block that is part of an operation, or of one that cannot be recorded."""
