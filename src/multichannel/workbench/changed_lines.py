"""Which lines of a folder's files are new since a git revision."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

from multichannel.errors import BadInput

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
FILE = re.compile(r'^\+\+\+ "?b/([^"\t]*)')


def changed_lines(folder: Path, revision: str) -> dict[str, frozenset[int]]:
    """By file name the lines that are new or changed in the policy files as they are now, from 1.

    Of a file that git does not know yet, these are all. BadInput where there is no such revision.
    """
    if shutil.which("git") is None or _git(folder, "rev-parse", "--git-dir") is None:
        raise BadInput(f"{folder} is in no git repository, so there is no revision to compare it with")
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not revision or found is None:
        raise BadInput(f"{revision or 'an empty name'} is no revision of the repository that {folder} is in")
    lines = _of_diff(folder, found.strip())
    others = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.polar") or ""
    for name in filter(None, others.split("\0")):
        if (folder / name).is_file():
            lines[name].update(range(1, (folder / name).read_text("utf-8").count("\n") + 2))
    return {name: frozenset(numbers) for name, numbers in lines.items()}


def _of_diff(folder: Path, commit: str) -> defaultdict[str, set[int]]:
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--relative", "--src-prefix=a/")
    diff = _git(folder, "diff", *options, "--dst-prefix=b/", "--end-of-options", commit, "--", "*.polar")
    lines: defaultdict[str, set[int]] = defaultdict(set)
    name = ""
    for line in (diff or "").splitlines():
        if file := FILE.match(line):
            name = file[1]
        elif name and (hunk := HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[name].update(range(first, first + count))
    return lines


def _git(folder: Path, *arguments: str) -> str | None:
    """What git answers there; None where it refuses."""
    done = subprocess.run(  # noqa: S603  (no shell; names follow --end-of-options, or are ids of objects)
        ("git", "-C", str(folder.resolve()), *arguments),  # noqa: S607  (whichever git the user works with)
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout if done.returncode == 0 else None
