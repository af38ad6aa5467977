"""The runner of bulk operations: in a thread of a running service, one page after the other.

A page belongs to one runner, by a lease in its row. Its items are run with keys of their own: a page whose
runner did not return is done by another, and what the first had done is found by its keys.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from multichannel.domain.base import new_id
from multichannel.domain.bulk_operations import BulkItemStatus
from multichannel.errors import MultichannelError, Unauthenticated, Unavailable
from multichannel.graphql.bulk.items import BulkMutation, ItemResult, failure
from multichannel.policy.schema.resources import BULK_OPERATION
from multichannel.policy.schema.vocabulary import SystemRole, system_principal
from multichannel.services.bulk_operations import (
    LeasedPage,
    lease_page,
    record_page,
    waiting_operations,
)
from multichannel.services.sign_in import sign_in
from multichannel.store.audit.mutation_context import OWN_KEY, MutationContext
from multichannel.store.store import Store

log = logging.getLogger(__name__)
RUNNER = system_principal(SystemRole.BULK_RUNNER)
SECONDS = 2.0
"""Between two looks for operations that wait."""


@asynccontextmanager
async def bulk_runner(store: Store, seconds: float = SECONDS) -> AsyncIterator[None]:
    """Run what waits while the block lasts; at the end, wait for the page in progress."""
    stop = asyncio.Event()
    task = asyncio.create_task(_run_until(stop, BulkRunner(store), seconds))
    try:
        yield
    finally:
        stop.set()
        await task


async def _run_until(stop: asyncio.Event, runner: BulkRunner, seconds: float) -> None:
    while not stop.is_set():
        if not await asyncio.to_thread(runner.run_page):
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)


class BulkRunner:
    """One of any number of runners."""

    def __init__(self, store: Store) -> None:
        self._store, self._id = store, new_id()
        self._last = ""
        self._noted: type[Exception] | None = None

    def run_page(self) -> bool:
        """Do the next page of an operation that waits; False if there is none, or it has to wait."""
        try:
            leased = self._lease()
            has_run = leased is not None and self._run(leased)
        except Exception as cause:  # noqa: BLE001  (of the job, which goes on)
            self._note(cause)
            return False
        self._noted = None
        return has_run

    def _note(self, cause: Exception) -> None:
        """Log why the runner cannot work, once for each kind of cause in a row."""
        if type(cause) is self._noted:
            return
        self._noted = type(cause)
        if isinstance(cause, MultichannelError):
            log.warning("bulk operations cannot be run now, the runner tries again: %s", cause)
        else:
            log.error("the bulk runner failed, and tries again", exc_info=cause)

    def _lease(self) -> LeasedPage | None:
        """A page of the operations in turn, so that a long one does not hold up the others."""
        # Looking for work is nothing that reviewers of decisions look for.
        with self._store.operation(()), self._store.reading(RUNNER) as work:
            waiting = waiting_operations(work)
        for row_id in sorted(waiting, key=lambda each: (each <= self._last, each)):
            leased: list[LeasedPage | None] = []
            act = MutationContext("run_bulk_operation", BULK_OPERATION.name, row_id)
            self._store.act(
                RUNNER,
                act,
                lambda work: _kept(leased, lease_page(work, row_id, self._id)),  # noqa: B023  (run at once)
            )
            if leased[-1] is not None:
                self._last = row_id
                return leased[-1]
        return None

    def _run(self, leased: LeasedPage) -> bool:
        """Do the items of a page and store their results."""
        mutation = BulkMutation(leased.mutation)
        results = [
            _as_json(number, self._result(leased, mutation, number, item)) for number, item in leased.items
        ]
        act = MutationContext("run_bulk_operation", BULK_OPERATION.name, leased.operation_id)
        stored: list[bool] = []
        self._store.act(RUNNER, act, lambda work: _kept(stored, record_page(work, leased, self._id, results)))
        return stored[-1]

    def _result(self, leased: LeasedPage, mutation: BulkMutation, number: int, item: Any) -> ItemResult:
        """The result of an item, decided for the user as it is now."""
        key = f"{OWN_KEY}{leased.operation_id}{OWN_KEY}{number}"
        with self._store.operation(deadline=self._store.deadline()):
            try:
                caller = sign_in(self._store, leased.user)
                return mutation.run(self._store, caller, item, key=key)
            except Unauthenticated as fault:
                error = {"code": fault.code, "message": "The user who started this is no longer active."}
                return ItemResult(BulkItemStatus.DENIED, errors=(error,))
            except Unavailable as fault:
                return failure(fault)


def _kept(results: list[Any], result: Any) -> str:
    """Remember the result of a transaction that is committed; of several attempts, that of the last."""
    results.append(result)
    return str(result is not None)


def _as_json(number: int, result: ItemResult) -> dict[str, Any]:
    told: dict[str, Any] = {"number": number, "status": result.status.value}
    if result.record_id is not None:
        told["id"] = result.record_id
    return {**told, "errors": [*result.errors]} if result.errors else told
