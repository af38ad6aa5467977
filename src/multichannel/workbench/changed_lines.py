"""The lines of policy files that were added or changed since a git revision."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from pathlib import Path

from multichannel.errors import BadInput
from multichannel.workbench.git import git

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
FILE = re.compile(r'^\+\+\+ "?b/([^"\t]*)')


def changed_lines(folder: Path, revision: str) -> dict[str, frozenset[int]]:
    """By file name the numbers of added and changed lines; all lines of an untracked file.

    BadInput if there is no such revision.
    """
    if shutil.which("git") is None or git("rev-parse", "--git-dir", folder=folder) is None:
        raise BadInput(f"{folder} is not inside a git repository, so it cannot be compared with a revision")
    commit = git(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", folder=folder
    )
    if not revision or commit is None:
        raise BadInput(f"{revision!r} is not a revision of the git repository of {folder}")
    lines = _of_diff(folder, commit.decode().strip())
    others = git("ls-files", "--others", "--exclude-standard", "-z", "--", "*.polar", folder=folder)
    for name in filter(None, _text(others).split("\0")):
        if (folder / name).is_file():
            lines[name].update(range(1, (folder / name).read_text("utf-8").count("\n") + 2))
    return {name: frozenset(numbers) for name, numbers in lines.items()}


def _of_diff(folder: Path, commit: str) -> defaultdict[str, set[int]]:
    options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--relative", "--src-prefix=a/")
    rest = ("--dst-prefix=b/", "--end-of-options", commit, "--", "*.polar")
    diff = git("diff", *options, *rest, folder=folder)
    lines: defaultdict[str, set[int]] = defaultdict(set)
    name = ""
    for line in _text(diff).splitlines():
        if file := FILE.match(line):
            name = file[1]
        elif name and (hunk := HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[name].update(range(first, first + count))
    return lines


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", "replace")
