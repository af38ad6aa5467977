"""Versions of a policy by name: a folder, or a revision of the git repository that the policy is kept in."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource


@dataclass(frozen=True)
class Revision:
    """One version of the policy, and what it was called."""

    name: str
    source: PolicySource
    folder: Path | None
    """None for what is read from git."""

    def load(self) -> Policy:
        """The policy; PolicyInvalid names the version that does not load."""
        try:
            return Policy(self.source)
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{self.name}: {error.message}") from None


def revision(name: str, usual: Path) -> Revision:
    """A folder of that name, else a git revision, with `REV:path` for a folder of it other than the usual.

    BadInput where there is no such thing, PolicyInvalid where it holds no policy.
    """
    folder = Path(name)
    if name and folder.is_dir():
        try:
            return Revision(name, PolicySource.read(folder), folder)
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{name}: {error.message}") from None
    rev, colon, path = name.partition(":")
    place = PurePosixPath(path).as_posix() if colon else _place(usual)
    commit = _commit(rev, name)
    tree = f"{commit}:{'' if place == '.' else place}"
    listed = _git("ls-tree", "-z", "--name-only", "--end-of-options", tree)
    if listed is None:
        raise PolicyInvalid(f"{name}: there is no folder {place} in {rev}")
    files = sorted(item for item in listed.decode("utf-8", "replace").split("\0") if item.endswith(".polar"))
    if not files:
        raise PolicyInvalid(f"{name}: {place} holds no policy there: no .polar file is in it")
    return Revision(name, PolicySource(tuple((file, _text(tree, file, name)) for file in files)), None)


def path_told(folder: Path) -> str:
    """A folder as people call it: from here, where that is shorter."""
    found = os.path.relpath(folder.resolve())
    return str(folder.resolve()) if found.startswith("..") else found


def _text(tree: str, file: str, name: str) -> str:
    whole = f"{tree}{'' if tree.endswith(':') else '/'}{file}"
    text = _git("cat-file", "blob", whole)
    try:
        if text is not None:
            return text.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"{name}: {file}: {error}") from error
    raise PolicyInvalid(f"{name}: {file} is no file that git can show")


def _commit(rev: str, name: str) -> str:
    """The id of a commit; a name that looks like an option is a name all the same."""
    if shutil.which("git") is None:
        raise BadInput(f"{name} is no folder, and there is no git to ask for a revision of that name")
    if _git("rev-parse", "--git-dir") is None:
        raise BadInput(f"{name} is no folder, and here is no git repository to have a revision of that name")
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if not rev or found is None:
        raise BadInput(f"{name} is neither a folder nor a revision of this repository")
    return found.decode().strip()


def _place(usual: Path) -> str:
    """Where the usual folder is in the repository."""
    top = _git("rev-parse", "--show-toplevel")
    if top is None:
        return "policies"
    try:
        return usual.resolve().relative_to(Path(top.decode().strip()).resolve()).as_posix()
    except ValueError:
        return "policies"


def _git(*arguments: str) -> bytes | None:
    """What git answers; None where it refuses."""
    done = subprocess.run(  # noqa: S603  (no shell; names follow --end-of-options, or are ids of objects)
        ("git", *arguments),  # noqa: S607  (whichever git the user works with)
        capture_output=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
