"""Several callers at once about one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any

from multichannel.services.expiry import sweep
from tests.stateful import cast
from tests.stateful.calls import global_id
from tests.stateful.service import Answer, Service

THREADS = 8
SECOND = timedelta(seconds=1)
Runner = Callable[[], Answer | None]


@dataclass(frozen=True)
class Race:
    """One row that several would decide at once."""

    service: Service
    resource: str
    row_id: str

    def by(self, who: str, mutation: str, **told: Any) -> Runner:
        """Somebody who calls a mutation on the row, as it was before it lapses."""
        caller = self.service.caller(next(row for row in cast.rows()["users"] if row["display_name"] == who))
        row = {"id": global_id(self.resource, self.row_id), **told}
        return lambda: self.service.change(caller, mutation, row)

    def by_sweeper(self, *, late: bool = True) -> Runner:
        """A sweeper whose clock says that the row has lapsed, or that nothing has."""
        then = self.service.at(self.service.clock.now + (2 * SECOND if late else timedelta(0)))

        def run() -> None:
            sweep(then.store)

        return run

    def run(self, runners: Sequence[Runner]) -> list[Answer]:
        """All of them at once; what came of each that had anything to say."""
        barrier = Barrier(len(runners))

        def wait_and_run(runner: Runner) -> Answer | None:
            barrier.wait()
            return runner()

        with ThreadPoolExecutor(len(runners)) as threads:
            answers = list(threads.map(wait_and_run, runners))
        return [answer for answer in answers if answer is not None]


def mixed(number: int, runners: Sequence[Runner]) -> Sequence[Runner]:
    """Another one first in each round."""
    first = number % len(runners)
    return [*runners[first:], *runners[:first]]
