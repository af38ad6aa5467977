"""The expiry job of a running service: in a thread, at an interval."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from multichannel.errors import Unavailable
from multichannel.services.expiry import sweep
from multichannel.store.store import Store

log = logging.getLogger(__name__)


@asynccontextmanager
async def expiry_job(store: Store, seconds: float) -> AsyncIterator[None]:
    """Run the job while the block lasts; at the end, wait for a run in progress."""
    stop = asyncio.Event()
    task = asyncio.create_task(_run_until(stop, store, seconds))
    try:
        yield
    finally:
        stop.set()
        await task


async def _run_until(stop: asyncio.Event, store: Store, seconds: float) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
            return
        await asyncio.to_thread(expire_once, store)


def expire_once(store: Store) -> None:
    """Run the job once; errors are logged, and the next run tries again."""
    try:
        sweep(store)
    except Unavailable as fault:
        log.warning("the expiry job met a fault (%s), the next run tries again: %s", fault.kind, fault)
    except Exception:
        log.exception("the expiry job failed; the next run tries again")
