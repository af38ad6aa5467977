"""Work that is done aside: handed to a thread of its own, bounded, and never waited for."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from multichannel.decision_log.decisions import Decision

log = logging.getLogger(__name__)

MAX_WAITING = 1_000
"""How many may wait; of more, the decisions are dropped and counted."""

LOG_INTERVAL = 60.0
"""Seconds between two complaints about what goes wrong with every decision."""

Decisions = Sequence[Decision]


class ThrottledLogger:
    """Complains of a fault at once, and while it goes on once a minute, with how many decisions it met."""

    def __init__(self, words: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`words` say what went wrong with how many, which stands for `%d`."""
        self._words = words
        self._clock = clock
        self._count = 0
        self._not_before = clock()

    def log(self, count: int, fault: Exception) -> None:
        """Note a fault, and so many decisions that it met."""
        self._count += count
        if self._clock() >= self._not_before:
            log.error(self._words, self._count, exc_info=fault)
            self._count, self._not_before = 0, self._clock() + LOG_INTERVAL


class BackgroundWorker:
    """A listener that handles what it hears in a thread of its own, while the block lasts."""

    def __init__(
        self, handle: Callable[[Decisions, int], None], *, sample: float, waiting: int = MAX_WAITING
    ) -> None:
        """`handle` is given decisions, and how many were lost, to it or by it, since the last time."""
        self.sample = sample
        self._handle = handle
        self._queue: queue.Queue[Decisions | None] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._dropped = 0
        self._faults = ThrottledLogger("%d decisions could not be handled")
        self._thread = threading.Thread(target=self._work, name="decisions", daemon=True)

    def submit(self, decisions: Decisions) -> None:
        """Take decisions, or drop and count them when too many wait."""
        try:
            self._queue.put_nowait(decisions)
        except queue.Full:
            with self._lock:
                self._dropped += len(decisions)

    def __enter__(self) -> None:
        """Begin to handle."""
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        """Handle what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (batch := self._queue.get()) is not None:
            self._handle_safely(batch)
        self._handle_safely(())
        if self._dropped:
            log.warning("%d decisions are lost, and nothing tells of them", self._dropped)

    def _handle_safely(self, batch: Decisions) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if not batch and not dropped:
            return
        try:
            self._handle(batch, dropped)
        except Exception as fault:  # noqa: BLE001  (whatever it is, the next may do; it is logged)
            if batch:
                self._faults.log(len(batch), fault)
            with self._lock:
                self._dropped += len(batch) + dropped


def all_of(blocks: Iterable[AbstractContextManager[Any]]) -> ExitStack:
    """A block in which all of these last."""
    stack = ExitStack()
    with stack:
        for block in blocks:
            stack.enter_context(block)
        return stack.pop_all()
