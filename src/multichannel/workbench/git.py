"""Running git."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(*arguments: str, folder: Path | None = None) -> bytes | None:
    """What git prints, in a folder or here; None where it fails."""
    place = ("-C", str(folder.resolve())) if folder else ()
    done = subprocess.run(  # noqa: S603  (no shell; names follow --end-of-options, or are ids of objects)
        ("git", *place, *arguments),  # noqa: S607  (whichever git the user works with)
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
