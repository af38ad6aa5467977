"""Which Chromium the browser tests drive, said in the header of every run.

Where there is none, they are left out; under CI (`CI=true`) they run nevertheless, and fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

INSTALL = "there is no chromium on PATH: `apt-get install chromium` brings one"
# No sandbox because containers run as root; the rest keeps Chromium from calling its maker.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_report_header() -> str:
    """Say which Chromium the browser tests use, or that they are left out."""
    if path := shutil.which("chromium"):
        return f"Chromium for the browser tests: {path}"
    return f"Browser tests {'FAIL' if os.environ.get('CI') else 'are LEFT OUT'}: {INSTALL}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the browser tests on a machine without Chromium, unless that machine is CI."""
    if shutil.which("chromium") or os.environ.get("CI"):
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


# Not for the whole session: while Playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium without a window, and expectations that are patient on a busy machine."""
    expect.set_options(timeout=30_000)
    path = shutil.which("chromium")
    if path is None:
        pytest.fail(INSTALL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
