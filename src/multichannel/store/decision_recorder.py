"""Records the decisions of sampled operations; other operations record nothing, at no cost.

An operation is what one request does, from signing in to its last read. It is recorded whole or not at all,
and its decisions go to the sinks at its end, even if a transaction failed.

`records_list` and `records_rows` decorate methods that decide. A decorated method gives the same result by
the same statements; the facts of a record take further ones. Its class gives the decision to record as
`_pending(operation, *arguments)`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from sqlalchemy import select

from multichannel.decision_log.decisions import Decision, ListDecision, RecordDecision
from multichannel.errors import Denied
from multichannel.store.facts import facts_of

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action
    from multichannel.store.access import Access

Method = TypeVar("Method", bound=Callable[..., Any])
Actions = Callable[["Resource", Mapping[str, Any]], Collection["Action"]]


class DecisionSink(Protocol):
    """Receives decisions."""

    @property
    def sample(self) -> float:
        """The share of operations whose decisions this sink receives, from 0 to 1."""

    def submit(self, decisions: Sequence[Decision]) -> None:
        """Take the decisions of one operation; must neither block nor raise, as a request is waiting."""


Sample = tuple[DecisionSink, ...]
"""The sinks that receive the decisions of an operation; an operation without any is not recorded."""


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

    def sample(self) -> Sample:
        """The sinks for one operation, drawn by chance."""
        drawn = random.random()  # noqa: S311  (a sample, not a secret)
        return tuple(sink for sink in self._sinks if drawn < sink.sample)

    def operation(self, sample: Sample | None = None) -> AbstractContextManager[None]:
        """One operation of this thread; part of the outer one if there is one. It may have been sampled."""
        if getattr(self._thread, "is_open", False):
            return NESTED
        return self._sampled(self.sample() if sample is None else sample)

    @contextmanager
    def _sampled(self, sinks: Sample) -> Iterator[None]:
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


def read_levels(resource: Resource, _options: Mapping[str, Any]) -> Collection[Action]:
    """The list holds what may be read at any level."""
    return resource.reads


def requested_action(_resource: Resource, options: Mapping[str, Any]) -> Collection[Action]:
    """The list holds the rows on which the action in the argument `to` is granted."""
    return (options["to"],)


def records_list(actions: Actions, rows: Callable[[Any], int] = len) -> Callable[[Method], Method]:
    """Record a call as one list, filtered by these actions; `rows` counts the rows of the result."""

    def decorate(method: Method) -> Method:
        @wraps(method)
        def decide(self: Any, *arguments: Any, **options: Any) -> Any:
            pending = self._pending(method.__name__, *arguments)
            result = method(self, *arguments, **options)
            if pending is not None:
                pending.listed(actions(pending.resource, options), rows(result))
            return result

        return cast("Method", decide)

    return decorate


def records_rows(method: Method) -> Method:
    """Record the verdict on each row that is fetched by id."""

    @wraps(method)
    def decide(self: Any, row_ids: str | Collection[str], *, to: Action) -> Any:
        pending = self._pending(method.__name__)
        if pending is None:
            return method(self, row_ids, to=to)
        ids = [row_ids] if isinstance(row_ids, str) else row_ids
        try:
            rows = method(self, row_ids, to=to)
        except Denied:
            granted = set() if isinstance(row_ids, str) else _granted(pending, to, ids)
            pending.rows(to, {row_id: row_id in granted for row_id in ids})
            raise
        pending.rows(to, dict.fromkeys(ids, True))
        return rows

    return cast("Method", decide)


def _granted(pending: PendingDecision, action: Action, ids: Collection[str]) -> set[str]:
    access, identity = pending.access, pending.resource.mapped.id
    granted = access.granted(action, pending.resource)
    return {row[0] for row in access.run(select(identity).where(identity.in_(sorted(ids)), granted))}
