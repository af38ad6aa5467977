"""The lines of policy files that were added or changed since a git revision."""

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
    """By file name the numbers of added and changed lines; all lines of an untracked file.

    BadInput if there is no such revision.
    """
    if shutil.which("git") is None or _git(folder, "rev-parse", "--git-dir") is None:
        raise BadInput(f"{folder} is not inside a git repository, so it cannot be compared with a revision")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not revision or commit is None:
        raise BadInput(f"{revision!r} is not a revision of the git repository of {folder}")
    lines = _of_diff(folder, commit.strip())
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
    """The output of git in a folder; None if it fails."""
    done = subprocess.run(  # noqa: S603  (no shell; names follow --end-of-options, or are ids of objects)
        ("git", "-C", str(folder.resolve()), *arguments),  # noqa: S607  (whichever git the user works with)
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout if done.returncode == 0 else None
