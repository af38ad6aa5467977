"""Reloads the policy of a running service when its files change.

File notifications report most changes at once. Polling finds the others, such as a link with a new target,
or files on a file system without notifications.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

from watchfiles import awatch

from multichannel.policy.deployment.reloader import Reloader

log = logging.getLogger(__name__)

POLL_INTERVAL = 2.0
"""Seconds between two polls."""
QUIET_MS, MAX_WAIT_MS = 100, 800
"""Changed files are read after so long without a further change, and after so long in any case."""

_Watched = tuple[tuple[Path, int], ...]
"""Folders with their inodes: a folder that replaced another must be watched anew."""


@asynccontextmanager
async def policy_watcher(reloader: Reloader | None, interval: float = POLL_INTERVAL) -> AsyncIterator[None]:
    """Watch while the block lasts, and reload in a thread; at the end, wait for a reload in progress."""
    if reloader is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_watch_until(stop, reloader, interval))
    try:
        yield
    finally:
        stop.set()
        await task


async def _watch_until(stop: asyncio.Event, reloader: Reloader, interval: float) -> None:
    is_logged = False
    while not stop.is_set():
        await asyncio.to_thread(reload_once, reloader)
        try:
            await _watch(stop, reloader, interval)
        except Exception as error:  # noqa: BLE001  (the folder may come back)
            if not is_logged:
                log.warning("file notifications failed, falling back to polling the policy folder: %s", error)
            is_logged = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), interval)


async def _watch(stop: asyncio.Event, reloader: Reloader, interval: float) -> None:
    """Reload on each change, until other folders must be watched."""
    watched = _watched(reloader)
    changes = awatch(
        *(path for path, _ in watched),
        watch_filter=None,
        recursive=False,
        debounce=MAX_WAIT_MS,
        step=QUIET_MS,
        rust_timeout=round(interval * 1000),
        yield_on_timeout=True,
        stop_event=stop,
    )
    async with aclosing(changes):
        async for _ in changes:
            await asyncio.to_thread(reload_once, reloader)
            if _watched(reloader) != watched:
                return


def _watched(reloader: Reloader) -> _Watched:
    """The policy folder and the folder of versions, resolved; OSError if the former is missing."""
    versions = reloader.versions.folder
    folders = [reloader.folder.resolve(strict=True), *([versions.resolve()] if versions.is_dir() else [])]
    return tuple((folder, folder.stat().st_ino) for folder in folders)


def reload_once(reloader: Reloader) -> None:
    """Reload if something has changed; errors are logged, and the current policy stays."""
    try:
        reloader.reload()
    except Exception:
        log.exception("policy reload failed; keeping the current policy")
