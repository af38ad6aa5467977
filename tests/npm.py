"""The npm packages that tests run, installed from lock files once for all workers and runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from multichannel.explorer.build import NO_NODE, Npm, find_npm

INSTALLED = Path(sys.prefix) / "npm"
"""Beside the Python packages; goes when the virtual environment does."""


def npm() -> Npm:
    """The npm of this machine, or of its wheel."""
    found = find_npm()
    assert found is not None, NO_NODE
    return found


def node_environment() -> dict[str, str]:
    """The environment of this process, with the node that npm runs on first in PATH."""
    path = os.pathsep.join([str(npm().node_folder), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path}


def installed(sources: Path) -> Path:
    """A copy of a folder with a lock file, and `node_modules` in it; not to be written to."""
    files = sorted(path for path in sources.iterdir() if path.is_file())
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    folder = INSTALLED / f"{sources.name}-{digest[:16]}"
    INSTALLED.mkdir(exist_ok=True)
    with (INSTALLED / f"{sources.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be about to install the same
        if not folder.is_dir():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for path in files:
                shutil.copy(path, partial)
            npm().run("ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=partial)
            partial.rename(folder)
    return folder
