"""A bounded queue drained by one background thread; producers never block."""

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
"""Operations in the queue; the decisions of further ones are dropped and counted."""

LOG_INTERVAL = 60.0
"""Seconds between two log lines about a failure that affects every decision."""

Decisions = Sequence[Decision]


class ThrottledLogger:
    """Logs a failure at once, and then once a minute with the number of decisions affected."""

    def __init__(self, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`message` has a `%d` for the number of decisions."""
        self._message = message
        self._clock = clock
        self._count = 0
        self._not_before = clock()

    def log(self, count: int, error: Exception) -> None:
        """Count a failure that affected so many decisions, and log it if it is time."""
        self._count += count
        if self._clock() >= self._not_before:
            log.error(self._message, self._count, exc_info=error)
            self._count, self._not_before = 0, self._clock() + LOG_INTERVAL


class BackgroundWorker:
    """A decision sink that handles what is submitted in a thread of its own, while the block lasts."""

    def __init__(
        self, handle: Callable[[Decisions, int], None], *, sample: float, waiting: int = MAX_WAITING
    ) -> None:
        """`handle` receives decisions, and how many were dropped since its last successful call."""
        self.sample = sample
        self._handle = handle
        self._queue: queue.Queue[Decisions | None] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._dropped = 0
        self._failures = ThrottledLogger("%d decisions could not be handled")
        self._thread = threading.Thread(target=self._work, name="decisions", daemon=True)

    def submit(self, decisions: Decisions) -> None:
        """Queue decisions; if the queue is full, drop and count them."""
        try:
            self._queue.put_nowait(decisions)
        except queue.Full:
            with self._lock:
                self._dropped += len(decisions)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        """Handle what is queued, and stop."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (decisions := self._queue.get()) is not None:
            self._handle_safely(decisions)
        self._handle_safely(())
        if self._dropped:
            log.warning("%d decisions were dropped and not logged", self._dropped)

    def _handle_safely(self, decisions: Decisions) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        if not decisions and not dropped:
            return
        try:
            self._handle(decisions, dropped)
        except Exception as error:  # noqa: BLE001  (logged; the next decisions may succeed)
            if decisions:
                self._failures.log(len(decisions), error)
            with self._lock:
                self._dropped += len(decisions) + dropped


def enter_all(blocks: Iterable[AbstractContextManager[Any]]) -> ExitStack:
    """Enter all blocks; they end with the one returned."""
    stack = ExitStack()
    with stack:
        for block in blocks:
            stack.enter_context(block)
        return stack.pop_all()
