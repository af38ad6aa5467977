"""Where the tests keep their files: in memory, where there is enough of it.

SQLite waits for the disk at every commit, which is most of the time of a test that writes; and a PostgreSQL
database is three hundred files, which are copied for a test and deleted after it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108  (pytest makes a private folder in it)
ENOUGH = 2 * 1024**3
"""A run takes less than half of it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Before the first folder is made: this process and all it starts have their files there."""
    if "TMPDIR" not in os.environ and _serves(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # to be looked up again


def pytest_report_header() -> str:
    """Say where the files are, as a run is slower where they are on a disk."""
    return f"Files of the tests: {tempfile.gettempdir()}"


def _serves(folder: Path) -> bool:
    """Whether files can be written to a folder, programs among them run, and many of them fit into it."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC and shutil.disk_usage(folder).free >= ENOUGH
