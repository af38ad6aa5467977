"""A running service notices that its policy has changed; what goes wrong it survives."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from multichannel.policy.deployment.reloader import Reloader
from multichannel.server import policy_watcher as module
from multichannel.server.policy_watcher import policy_watcher
from tests.policy.authoring import Author

SOON = 0.1
NEVER = 3600.0
PATIENCE = 30


@pytest.fixture
def author(tmp_path: Path) -> Author:
    author = Author(tmp_path)
    author.begins()
    return author


def await_changes(reloader: Reloader, looked: float, *changes: Callable[[], object]) -> None:
    """Make one change after the other, each when what came of the one before has been told."""
    told = threading.Event()
    reloader.live.listeners.append(lambda _outcomes: told.set())

    async def watch() -> None:
        async with policy_watcher(reloader, looked):
            for change in changes:
                told.clear()
                await asyncio.to_thread(change)
                assert await asyncio.to_thread(told.wait, PATIENCE)

    asyncio.run(watch())


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the system has been asked to tell of changes."""
    begun = threading.Event()

    async def awatch(*paths: Path, **options: Any) -> AsyncIterator[Any]:
        changes = watchfiles.awatch(*paths, **options)
        first = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)  # the watch begins with its first step
        begun.set()
        yield await first
        async for change in changes:
            yield change

    monkeypatch.setattr(module, "awatch", awatch)
    return begun


def test_an_edit_causes_a_notification(author: Author, begun: threading.Event) -> None:
    reloader = author.serves()

    await_changes(
        reloader,
        NEVER,
        lambda: begun.wait(PATIENCE) and author.edits("second"),
        author.breaks,
        lambda: author.edits("third"),
    )

    assert reloader.live.current().digest == author.digest


def test_a_rollback_causes_a_notification(author: Author, begun: threading.Event) -> None:
    first = author.digest
    reloader = author.serves()
    author.edits("second")
    reloader.reload()

    def pin() -> None:
        begun.wait(PATIENCE)
        author.pins(first)

    await_changes(reloader, NEVER, pin)

    assert reloader.live.current().digest == first


def test_swapping_the_folder_behind_linked_files_causes_a_notification(
    author: Author, begun: threading.Event
) -> None:
    """As an orchestrator lays out mounted configuration."""
    for version in ("..1", "..2"):
        shutil.copytree(author.folder, author.root / version)
    (author.root / "..2" / "user.polar").write_text("# nobody\n")
    for path in author.folder.iterdir():
        path.unlink()
        path.symlink_to(Path("..data") / path.name)
    for version in ("..1", "..2"):
        (author.root / version).rename(author.folder / version)
    (author.folder / "..data").symlink_to("..1")
    reloader = author.serves()

    def swap() -> None:
        begun.wait(PATIENCE)
        (author.folder / "..new").symlink_to("..2")
        (author.folder / "..new").replace(author.folder / "..data")

    await_changes(reloader, NEVER, swap)

    assert reloader.live.current().digest == author.digest
    assert "# nobody\n" in dict(reloader.live.current().source.texts).values()


def test_the_new_target_of_a_linked_folder_is_found_and_watched(
    author: Author,
) -> None:
    author.folder.rename(author.root / "one")
    shutil.copytree(author.root / "one", author.root / "two")
    (author.root / "two" / "user.polar").write_text("# nobody\n")
    author.folder.symlink_to("one")
    reloader = author.serves()

    def point_elsewhere() -> None:
        (author.root / "new").symlink_to("two")
        (author.root / "new").replace(author.folder)

    await_changes(reloader, SOON, point_elsewhere, lambda: author.edits("in two"))

    assert reloader.live.current().digest == author.digest


def test_a_removed_and_recreated_folder_is_found(author: Author, caplog: pytest.LogCaptureFixture) -> None:
    reloader = author.serves()
    aside = author.root / "aside"

    await_changes(
        reloader,
        SOON,
        lambda: author.folder.rename(aside),
        lambda: aside.rename(author.folder),
        lambda: author.edits("second"),
    )

    assert reloader.live.current().digest == author.digest
    assert reloader.live.state.problem is None
    [refused] = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert refused.endswith(f"{author.folder}: No such file or directory")


def test_without_notifications_changes_are_polled(
    author: Author, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_paths: Path, **_options: Any) -> None:
        raise OSError("no watches are left")

    monkeypatch.setattr(module, "awatch", refuse)
    reloader = author.serves()

    await_changes(reloader, SOON, lambda: author.edits("second"), lambda: author.edits("third"))

    assert reloader.live.current().digest == author.digest
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "file notifications failed, falling back to polling the policy folder: no watches are left"
    ]


def test_a_failed_reload_is_logged_and_the_next_one_works(
    author: Author, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reloader = author.serves()
    look, failures = reloader.reload, [RuntimeError("the disk is on fire")]

    def fail_first() -> None:
        if failures:
            raise failures.pop()
        look()

    monkeypatch.setattr(reloader, "reload", fail_first)
    await_changes(reloader, SOON, lambda: author.edits("second"))

    assert reloader.live.current().digest == author.digest
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "policy reload failed; keeping the current policy"
    caplog.clear()


def test_without_a_reloader_nothing_is_watched() -> None:
    async def watch() -> int:
        async with policy_watcher(None):
            return len(asyncio.all_tasks())

    assert asyncio.run(watch()) == 1
