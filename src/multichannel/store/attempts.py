"""Attempts at a transaction: it is run again from its start after a conflict, or a lost connection."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from multichannel.errors import Busy, DatabaseUnavailable, OutcomeUnknown, Unavailable
from multichannel.store.database_faults import BUSY

if TYPE_CHECKING:
    from multichannel.store.decision_recorder import Recording

T = TypeVar("T")
ATTEMPTS = 30
"""A few seconds in all: every writer of a tenant waits for the tenant's audit chain."""
SERIALIZATION, DEADLOCK, UNIQUE = "40001", "40P01", "23505"
CONFLICTS = {SERIALIZATION, DEADLOCK}
MUTATION_CONFLICTS = {*CONFLICTS, UNIQUE}
"""Of two mutations that store the same row at once one fails; run again, it finds the other's row."""
LONGEST_PAUSE = 0.05
AFTER_LOSS = (0.1, 0.4, 1.0)
"""Seconds before each attempt after a connection was lost: a server that starts again has time to."""


class Attempts:
    """Runs one transaction until it succeeds, or fails for good."""

    def __init__(
        self, conflicts: Collection[str], recording: Recording | None, *, is_repeatable: bool
    ) -> None:
        """`is_repeatable` says that an attempt finds out whether an earlier one was committed."""
        self._conflicts, self._recording, self._is_repeatable = conflicts, recording, is_repeatable
        self._length = 0 if recording is None else len(recording.decisions)
        self._pauses = list(AFTER_LOSS)
        self._unknown: OutcomeUnknown | None = None

    def run(self, attempt: Callable[[], T]) -> T:
        """The result. Busy if a conflict persists, OutcomeUnknown if nobody can say what was committed."""
        tries = 1
        while True:
            try:
                return attempt()
            except DBAPIError as error:
                # In these conflicts nothing was written.
                if getattr(error.orig, "sqlstate", None) not in self._conflicts:
                    raise
                if tries == ATTEMPTS:
                    raise self._unknown or Busy(BUSY) from error
                pause = random.uniform(0, LONGEST_PAUSE * min(tries, 5))  # noqa: S311  (it only spreads rivals)
            except Unavailable as fault:
                pause = self._pause_after(fault)
            if self._recording is not None:
                self._recording.rewind(self._length)
            time.sleep(pause)
            tries += 1

    def _pause_after(self, fault: Unavailable) -> float:
        """How long to wait before the next attempt; if there is none, raises the fault or what is unknown."""
        if isinstance(fault, OutcomeUnknown):
            self._unknown = fault
        was_lost = isinstance(fault, DatabaseUnavailable) and (
            fault.is_lost or len(self._pauses) < len(AFTER_LOSS)
        )
        may_repeat = self._unknown is None or self._is_repeatable
        if was_lost and may_repeat and self._pauses:
            return self._pauses.pop(0)
        raise self._unknown or fault
