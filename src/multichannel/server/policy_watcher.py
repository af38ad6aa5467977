"""Watches the policy of a running service.

The system tells of most changes at once. A look now and then finds the others, such as a link that points
elsewhere, or files on a disk that tells of nothing.
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

LOOKED = 2.0
"""Seconds between two looks."""
QUIET, LONGEST = 100, 800
"""Milliseconds without a change before what has changed is read; and for how long that is waited for."""

_Watched = tuple[tuple[Path, int], ...]
"""Folders and their inodes: one that was put in the place of another has to be watched anew."""


@asynccontextmanager
async def policy_watcher(reloader: Reloader | None, looked: float = LOOKED) -> AsyncIterator[None]:
    """Reload while the block lasts, in a thread of its own; a reload that runs at its end is waited for."""
    if reloader is None:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(_watch_until(stop, reloader, looked))
    try:
        yield
    finally:
        stop.set()
        await task


async def _watch_until(stop: asyncio.Event, reloader: Reloader, looked: float) -> None:
    tells = True
    while not stop.is_set():
        await asyncio.to_thread(reload_once, reloader)
        try:
            await _follow(stop, reloader, looked)
        except Exception as error:  # noqa: BLE001  (whatever is the matter with the folder, it may come back)
            if tells:
                log.warning("changes of the policy are told by nobody, and looked for: %s", error)
            tells = False
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), looked)


async def _follow(stop: asyncio.Event, reloader: Reloader, looked: float) -> None:
    """Reload whenever something may have changed, until other folders are to be watched."""
    watched = _watched(reloader)
    changes = awatch(
        *(path for path, _ in watched),
        watch_filter=None,
        recursive=False,
        debounce=LONGEST,
        step=QUIET,
        rust_timeout=round(looked * 1000),
        yield_on_timeout=True,
        stop_event=stop,
    )
    async with aclosing(changes):
        async for _ in changes:
            await asyncio.to_thread(reload_once, reloader)
            if _watched(reloader) != watched:
                return


def _watched(reloader: Reloader) -> _Watched:
    """The author's folder and that of the versions, where they are now; OSError without the first."""
    kept = reloader.versions.folder
    folders = [reloader.folder.resolve(strict=True), *([kept.resolve()] if kept.is_dir() else [])]
    return tuple((folder, folder.stat().st_ino) for folder in folders)


def reload_once(reloader: Reloader) -> None:
    """One look; what goes wrong is logged, and the policy in force stays."""
    try:
        reloader.reload()
    except Exception:
        log.exception("the policy could not be looked at; the one in force stays")
