"""The decision log: JSON lines for `policy replay`, written from a queue that never blocks."""

from __future__ import annotations

import errno
import logging
import os
import queue
import stat
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from multichannel.decision_log.decisions import DROPPED, Decision
from multichannel.decision_log.encoding import DecisionLines
from multichannel.errors import Misconfigured

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


OWNER_ONLY = 0o600


class LineFile:
    """A file to which several processes append whole lines, and which may be rotated at any time.

    After a failure, such as a full disk, the next line starts on a new line: only the cut one is lost.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; Misconfigured if that fails."""
        self._path = path
        self._is_cut = False
        try:
            self._file = self._open()
        except OSError as problem:
            raise Misconfigured(f"{path} cannot be written: {problem.strerror}.") from None

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Append lines together; OSError if that fails."""
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        if not self._is_current():
            file, self._file = self._file, self._open()
            os.close(file)
            self._is_cut = False
        rest = b"\n" + text if self._is_cut else text
        while rest:
            rest = rest[os.write(self._file, rest) :]
            self._is_cut = bool(rest)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        """The file, created with its folder if missing; OSError for anything but a regular file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A pipe without a reader would block.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self._path, flags, OWNER_ONLY)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, "Not a regular file", str(self._path))
        return file

    def _is_current(self) -> bool:
        """Whether the path still names the open file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(status, os.fstat(self._file))


class DecisionLog(BackgroundWorker):
    """Writes the decisions of a share of operations to a file."""

    def __init__(self, path: Path, key: str, *, sample: float) -> None:
        """`key` hashes ids. Misconfigured if the file cannot be written."""
        super().__init__(self._write, sample=sample)
        self._file = LineFile(path)
        self._lines = DecisionLines(key)

    def __exit__(self, *_error: object) -> None:
        """Write what is queued, and close the file."""
        super().__exit__()
        self._file.close()

    def _write(self, decisions: Decisions, dropped: int) -> None:
        notice = [{"kind": DROPPED, "count": dropped}] if dropped else []
        self._file.add([*map(self._lines.line, decisions), *notice])
