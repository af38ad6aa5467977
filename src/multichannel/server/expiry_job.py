"""The sweeper of a running service: in a thread, each time an interval has passed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from multichannel.services.expiry import sweep
from multichannel.store.store import Store

log = logging.getLogger(__name__)


@asynccontextmanager
async def expiry_job(store: Store, seconds: float) -> AsyncIterator[None]:
    """Sweep while the block lasts; a sweep that runs at its end is waited for."""
    stop = asyncio.Event()
    task = asyncio.create_task(_sweep_until(stop, store, seconds))
    try:
        yield
    finally:
        stop.set()
        await task


async def _sweep_until(stop: asyncio.Event, store: Store, seconds: float) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)
            return
        await asyncio.to_thread(expire_once, store)


def expire_once(store: Store) -> None:
    """One sweep; what goes wrong is logged, and tried again the next time."""
    try:
        sweep(store)
    except Exception:
        log.exception("the sweep failed; what is due is written down the next time")
