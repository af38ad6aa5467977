"""Versions of a policy by name: a folder, or a revision of the git repository that holds the policy."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.workbench.git import git


@dataclass(frozen=True)
class Revision:
    """A version of the policy and its name."""

    name: str
    source: PolicySource
    folder: Path | None
    """None for a git revision."""

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
            return Revision(name, PolicySource.read(folder), folder)
        except PolicyInvalid as error:
            raise PolicyInvalid(f"{name}: {error.message}") from None
    rev, colon, path = name.partition(":")
    place = PurePosixPath(path).as_posix() if colon else _path_in_repository(default)
    commit = _commit(rev, name)
    tree = f"{commit}:{'' if place == '.' else place}"
    names = git("ls-tree", "-z", "--name-only", "--end-of-options", tree)
    if names is None:
        raise PolicyInvalid(f"{name}: no folder {place} in {rev}")
    files = sorted(item for item in names.decode("utf-8", "replace").split("\0") if item.endswith(".polar"))
    if not files:
        raise PolicyInvalid(f"{name}: {place} contains no .polar file")
    return Revision(name, PolicySource(tuple((file, _text(tree, file, name)) for file in files)), None)


def display_path(folder: Path) -> str:
    """The path of a folder, relative if it is inside the working directory."""
    path = os.path.relpath(folder.resolve())
    return str(folder.resolve()) if path.startswith("..") else path


def _text(tree: str, file: str, name: str) -> str:
    whole = f"{tree}{'' if tree.endswith(':') else '/'}{file}"
    text = git("cat-file", "blob", whole)
    try:
        if text is not None:
            return text.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise PolicyInvalid(f"{name}: {file}: {error}") from error
    raise PolicyInvalid(f"{name}: {file} cannot be read from git")


def _commit(rev: str, name: str) -> str:
    """The id of a commit; a name that looks like an option is not taken for one."""
    if shutil.which("git") is None:
        raise BadInput(f"{name!r} is neither a folder nor a git revision (git is not installed).")
    if git("rev-parse", "--git-dir") is None:
        raise BadInput(f"{name!r} is neither a folder nor a git revision (not inside a git repository).")
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if not rev or commit is None:
        raise BadInput(f"{name!r} is neither a folder nor a revision of this git repository.")
    return commit.decode().strip()


def _path_in_repository(folder: Path) -> str:
    """The path of a folder relative to the root of the repository."""
    top = git("rev-parse", "--show-toplevel")
    if top is None:
        return "policies"
    try:
        return folder.resolve().relative_to(Path(top.decode().strip()).resolve()).as_posix()
    except ValueError:
        return "policies"
