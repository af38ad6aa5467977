"""Versions of a policy by name, a folder or a git revision, and the lines changed since a revision."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import INVARIANTS
from multichannel.policy.language.source import PolicySource
from multichannel.workbench.invariants import Invariant, read

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")
FILE = re.compile(r'^\+\+\+ "?b/([^"\t]*)')
PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--relative", "--src-prefix=a/", "--dst-prefix=b/")
"""Options of `git diff` against the settings of the user."""


@dataclass(frozen=True)
class Revision:
    """A version of the policy and its name."""

    name: str
    source: PolicySource
    folder: Path | None
    """None for a git revision."""
    invariants_text: str | None = None
    """The file of invariants as the version has it."""

    def invariants(self) -> tuple[Invariant, ...]:
        """What the version says that no edit may ever allow; PolicyInvalid names the version."""
        if self.invariants_text is None:
            return ()
        try:
            return read(Path(INVARIANTS), self.invariants_text)
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{self.name}: {error.message}") from None

    def load(self) -> Policy:
        """Load the policy; PolicyInvalid names the version if it does not load."""
        try:
            return Policy(self.source)
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{self.name}: {error.message}") from None


def revision(name: str, default: Path) -> Revision:
    """A folder, else a git revision; `REV:path` names another folder of a revision than the default.

    BadInput if there is neither, PolicyInvalid if it contains no policy.
    """
    folder = Path(name)
    if name and folder.is_dir():
        try:
            beside = folder / INVARIANTS
            text = beside.read_text("utf-8") if beside.is_file() else None
            return Revision(name, PolicySource.read(folder), folder, text)
        except UnicodeDecodeError as error:
            raise PolicyInvalid(f"{name}: {INVARIANTS}: {error}") from error
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{name}: {error.message}") from None
    rev, colon, path = name.partition(":")
    place = PurePosixPath(path).as_posix() if colon else _path_in_repository(default)
    commit = _commit(rev, Path(), f"{name!r} is neither a folder nor a git revision")
    tree = f"{commit}:{'' if place == '.' else place}"
    names = _git("ls-tree", "-z", "--name-only", "--end-of-options", tree)
    if names is None:
        raise PolicyInvalid(f"{name}: no folder {place} in {rev}")
    listed = names.decode("utf-8", "replace").split("\0")
    files = sorted(item for item in listed if item.endswith(".polar"))
    if not files:
        raise PolicyInvalid(f"{name}: {place} contains no .polar file")
    source = PolicySource(tuple((file, _text(tree, file, name)) for file in files))
    return Revision(name, source, None, _text(tree, INVARIANTS, name) if INVARIANTS in listed else None)


def changed_lines(folder: Path, rev: str) -> dict[str, set[int]]:
    """By file name the numbers of lines added or changed since a revision; all lines of an untracked file.

    BadInput if there is no such revision.
    """
    commit = _commit(rev, folder, f"{folder} cannot be compared with {rev!r}")
    diff = _git("diff", "--unified=0", *PLAIN, "--end-of-options", commit, "--", "*.polar", folder=folder)
    lines: defaultdict[str, set[int]] = defaultdict(set)
    name = ""
    for line in (diff or b"").decode("utf-8", "replace").splitlines():
        if file := FILE.match(line):
            name = file[1]
        elif name and (hunk := HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            lines[name].update(range(first, first + count))
    untracked = _git("ls-files", "--others", "--exclude-standard", "-z", "--", "*.polar", folder=folder)
    for name in filter(None, (untracked or b"").decode("utf-8", "replace").split("\0")):
        if (folder / name).is_file():
            lines[name].update(range(1, (folder / name).read_text("utf-8").count("\n") + 2))
    return lines


def display_path(folder: Path) -> str:
    """The path of a folder, relative if it is inside the working directory."""
    path = os.path.relpath(folder.resolve())
    return str(folder.resolve()) if path.startswith("..") else path


def _text(tree: str, file: str, name: str) -> str:
    text = _git("cat-file", "blob", f"{tree}{'' if tree.endswith(':') else '/'}{file}")
    try:
        if text is not None:
            return text.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"{name}: {file}: {error}") from error
    raise PolicyInvalid(f"{name}: {file} cannot be read from git")


def _commit(rev: str, folder: Path, problem: str) -> str:
    """The id of a commit; a name that looks like an option is not taken for one."""
    if shutil.which("git") is None:
        raise BadInput(f"{problem}: git is not installed.")
    if _git("rev-parse", "--git-dir", folder=folder) is None:
        raise BadInput(f"{problem}: not inside a git repository.")
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}", folder=folder)
    if not rev or commit is None:
        raise BadInput(f"{problem}: no such revision in this git repository.")
    return commit.decode().strip()


def _path_in_repository(folder: Path) -> str:
    """The path of a folder relative to the root of the repository."""
    top = _git("rev-parse", "--show-toplevel")
    path, root = folder.resolve(), Path(top.decode().strip()).resolve() if top else None
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else "policies"


def _git(*arguments: str, folder: Path = Path()) -> bytes | None:
    """What git prints in a folder; None if it fails."""
    done = subprocess.run(  # noqa: S603  (no shell; names follow --end-of-options, or are ids of objects)
        ("git", "-C", str(folder.resolve()), *arguments),  # noqa: S607  (whichever git the user works with)
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
