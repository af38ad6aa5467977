"""Deadlines: what an operation runs on a database is stopped when its time is up, or nobody waits for it."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import capabilities
from psycopg.generators import cancel
from psycopg.waiting import wait_conn

from multichannel.errors import Abandoned, DatabaseUnavailable, DeadlineExceeded, MultichannelError

if TYPE_CHECKING:
    from sqlalchemy import Connection

INTERVAL = 0.05
"""Seconds between two looks at what runs."""

COMMIT_SECONDS = 3.0
CLOSING = 0.2
"""The last part of the time of an operation."""
CANCEL_SECONDS = 5.0


class Deadline:
    """By when one operation has to end: without `seconds`, at any time."""

    __slots__ = ("_abandoned", "_at", "is_writing", "seconds")

    def __init__(self, seconds: float = math.inf) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds
        self._abandoned = False
        self.is_writing = False
        """Whether a mutation has begun, which goes on to its end or to the deadline."""

    @property
    def remaining(self) -> float:
        """The seconds that are left, 0 at least."""
        return max(0.0, self._at - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the operation has to end now."""
        return time.monotonic() >= self._at or (self._abandoned and not self.is_writing)

    @property
    def is_closing(self) -> bool:
        """Whether nobody waits any more, or a part of the time is left that what has begun may need."""
        return self._abandoned or self.remaining < self.seconds * CLOSING

    def abandon(self) -> None:
        """Nobody waits for the operation any more: end it, unless it is writing."""
        self._abandoned = True

    def allow_commit(self) -> None:
        """Wait for a COMMIT that begins now: to stop it would leave open what was written."""
        self._at = max(self._at, time.monotonic() + COMMIT_SECONDS)

    def check(self) -> None:
        """DeadlineExceeded if the operation has to end now."""
        if self.is_over:
            raise self.exceeded()

    def exceeded(self) -> DeadlineExceeded:
        """Why the operation ends."""
        if self._abandoned:
            return Abandoned("stopped: its client has left")
        return DeadlineExceeded(f"stopped: after {self.seconds:g} seconds")

    def explained(self, fault: MultichannelError) -> MultichannelError:
        """The fault, or the deadline if that is why the connection was lost."""
        is_stopped = isinstance(fault, DatabaseUnavailable | DeadlineExceeded) and self.is_over
        return self.exceeded() if is_stopped else fault


class Watchdog:
    """One thread that stops what runs on connections past its deadline."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[object, tuple[Deadline, Callable[[], None]]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, deadline: Deadline, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop`, again and again, once the deadline is over; never after the block.

        It must not wait. A single call could come between two statements and stop nothing.
        """
        key = object()
        with self._changed:
            self._watched[key] = (deadline, stop)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._watched[key]

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._watched:
                    self._changed.wait()
                for deadline, stop in self._watched.values():
                    if deadline.is_over:
                        stop()
            time.sleep(INTERVAL)


WATCHDOG = Watchdog()
"""That of this process."""


@contextmanager
def stopping(connection: Connection, deadline: Deadline) -> Iterator[None]:
    """Stop what runs on a connection in the block at the deadline.

    SQLite interrupts it. A connection to PostgreSQL is closed, and given up: also if the server has answered
    in the meantime.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        with WATCHDOG.watching(deadline, driver.interrupt):
            yield
        return
    stopper = _PostgreSQLStopper(driver)
    try:
        with WATCHDOG.watching(deadline, stopper):
            yield
    finally:
        if stopper.has_stopped and not connection.invalidated:
            connection.invalidate()


@contextmanager
def closing_at(driver: Any, deadline: Deadline) -> Iterator[None]:
    """Cancel what runs on a connection of psycopg's in the block at the deadline, and close it."""
    with WATCHDOG.watching(deadline, _PostgreSQLStopper(driver)):
        yield


class _PostgreSQLStopper:
    """Cancels what runs on a connection, and closes it, so that it ends also if the server hangs."""

    def __init__(self, driver: Any) -> None:
        self._driver, self.has_stopped = driver, False

    def __call__(self) -> None:
        if self.has_stopped or self._driver.closed:
            return
        self.has_stopped = True
        cancel_soon(self._driver.pgconn)
        with suppress(OSError), socket.socket(fileno=os.dup(self._driver.pgconn.socket)) as shared:
            shared.shutdown(socket.SHUT_RDWR)


def cancel_soon(driver: Any) -> None:
    """Ask PostgreSQL, in a thread, to cancel what runs on a connection of libpq's; it may not answer.

    Older libpq waits for the server without letting other threads run, so it is not asked to.
    """
    if capabilities.has_cancel_safe():
        threading.Thread(target=_cancel, args=(driver.cancel_conn(),), daemon=True).start()


def _cancel(request: Any) -> None:
    with suppress(psycopg.Error):  # the server may be gone, or hang
        request.start()
        wait_conn(cancel(request), interval=INTERVAL, timeout=CANCEL_SECONDS)
