"""Versions of a policy: the files of the policy folder, and earlier versions stored for rollback.

A version is identified by the SHA-256 of its policy, its folder by that of all files including cases. Several
processes may share the folder: a new version is written beside it and renamed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.language.source import PolicySource, read_texts
from multichannel.policy.testing.case_files import SUFFIX
from multichannel.policy.testing.cast import CAST

INVARIANTS = "invariants.yaml"
UNCHECKED = ".unchecked"
"""Beside the files of a version: what was wrong with it when it was put in force."""
KEPT = 20
SHORT = 12
"""The digits of a digest that are displayed."""
PIN, LOCK = "pin.json", ".lock"
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class PolicyFiles:
    """The files of a policy, its cases and its invariants at the time of reading."""

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> PolicyFiles:
        """Read each file once; PolicyInvalid if one cannot be read or there is no policy file.

        Files of editors and deployments do not belong to the policy.
        """
        others = {CAST, INVARIANTS}
        return cls(read_texts(folder, lambda name: name.endswith((".polar", SUFFIX)) or name in others))

    @cached_property
    def source(self) -> PolicySource:
        """The policy without its cases."""
        return PolicySource(tuple((name, text) for name, text in self.texts if name.endswith(".polar")))

    @property
    def has_cases(self) -> bool:
        """Whether there are cases to run."""
        return any(name.endswith(SUFFIX) for name, _ in self.texts)

    @cached_property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file."""
        return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in self.texts}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of all files, including cases and invariants."""
        return hashlib.sha256(json.dumps(self.digests, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A kept version: the digest of its policy, and when it was last loaded from the policy folder."""

    digest: str
    kept_as: str
    since: datetime


@dataclass(frozen=True, slots=True)
class RollbackPin:
    """A version that is current while the policy folder holds one of the policies in `over`."""

    kept_as: str
    over: frozenset[str]
    since: datetime


class Versions:
    """The folder of kept versions, and the rollback pin."""

    def __init__(self, folder: Path) -> None:
        """The folder is created when the first version is kept."""
        self.folder = folder

    def has_proved(self, files: PolicyFiles) -> bool:
        """Whether exactly these files, including cases, are kept, and were in order when they were."""
        try:
            return self.read(files.digest) == files and not (self.place(files.digest) / UNCHECKED).exists()
        except PolicyInvalid:
            return False

    def place(self, kept_as: str) -> Path:
        """The folder of a version."""
        return self.folder / kept_as

    def read(self, kept_as: str) -> PolicyFiles:
        """The files of a version; PolicyInvalid if they have been changed."""
        files = PolicyFiles.read(self.place(kept_as))
        if files.digest != kept_as:
            raise PolicyInvalid(f"{self.place(kept_as)} has changed since it was stored")
        return files

    def kept(self) -> tuple[KeptVersion, ...]:
        """All versions, newest first; of those that differ only in their cases, the newest."""
        found: dict[str, KeptVersion] = {}
        for since, kept_as in sorted(self._entries(), reverse=True):
            try:
                digest = self.read(kept_as).source.digest
            except PolicyInvalid:
                continue
            found.setdefault(digest, KeptVersion(digest, kept_as, since))
        return tuple(found.values())

    def find(self, prefix: str) -> KeptVersion:
        """The version whose policy digest begins with a prefix; BadInput unless there is exactly one."""
        if not prefix:
            raise BadInput("The digest is empty. To list versions: multichannel policy rollback --list")
        found = [version for version in self.kept() if version.digest.startswith(prefix.lower())]
        if len(found) == 1:
            return found[0]
        problem = "More than one version begins" if found else "No kept version begins"
        raise BadInput(f"{problem} with {prefix}. To list versions: multichannel policy rollback --list")

    def keep(self, files: PolicyFiles, since: datetime, *, unchecked: str = "") -> None:
        """Keep a version, and delete the oldest beyond the limit. Raises OSError.

        `unchecked` says what was let pass; without it, the version is in order from now on.
        """
        place = self.place(files.digest)
        if not place.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write(files, place, unchecked)
        elif not unchecked:
            (place / UNCHECKED).unlink(missing_ok=True)
        moment = int(since.timestamp() * 1e9)
        os.utime(place, ns=(moment, moment))
        self._prune()

    @property
    def pin(self) -> RollbackPin | None:
        """The pin, if there is a valid one."""
        try:
            read = json.loads((self.folder / PIN).read_text("utf-8"))
            pin = RollbackPin(read["version"], frozenset(read["over"]), datetime.fromisoformat(read["since"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pin if NAME.fullmatch(str(pin.kept_as)) else None

    def set_pin(self, pin: RollbackPin) -> None:
        """Set or replace the pin. Raises OSError."""
        content = {"version": pin.kept_as, "over": sorted(pin.over), "since": pin.since.isoformat()}
        with self._alone(), tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as written:
            written.write(json.dumps(content))
            written.flush()
            new = Path(written.name)
            try:
                new.chmod(0o644)
                new.replace(self.folder / PIN)
            except OSError:
                new.unlink(missing_ok=True)
                raise

    def release(self, pin: RollbackPin | None = None) -> bool:
        """Release the pin, or only this one if given; False if there was none."""
        if not (self.folder / PIN).exists():
            return False
        with self._alone():
            if pin is not None and self.pin != pin:
                return False
            (self.folder / PIN).unlink(missing_ok=True)
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from setting or releasing a pin."""
        with (self.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _entries(self) -> Iterator[tuple[datetime, str]]:
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(OSError):  # another process has just dropped an old version
                if NAME.fullmatch(entry.name):
                    yield datetime.fromtimestamp(entry.stat().st_mtime, UTC), entry.name

    def _write(self, files: PolicyFiles, place: Path, unchecked: str) -> None:
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            for name, text in files.texts:
                (new / name).write_text(text, "utf-8", newline="")
            if unchecked:
                (new / UNCHECKED).write_text(unchecked, "utf-8")
            new.chmod(0o755)
            new.rename(place)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            if not place.is_dir():  # another process was quicker
                raise

    def _prune(self) -> None:
        pin = self.pin
        for _, kept_as in sorted(self._entries(), reverse=True)[KEPT:]:
            if pin is None or kept_as != pin.kept_as:
                shutil.rmtree(self.place(kept_as), ignore_errors=True)
