"""The decision log: what the policy decided, as lines of JSON that a replay can decide again."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from multichannel.decision_log.background_worker import BackgroundWorker, Decisions
from multichannel.decision_log.decisions import DROPPED
from multichannel.decision_log.encoding import DecisionLines
from multichannel.errors import Misconfigured

OWNER_ONLY = 0o600


class LineFile:
    """A file that several processes add whole lines to, and that may be rotated away at any time.

    After a failure, such as of a full disk, it goes on on a new line: what was cut off spoils no other.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; Misconfigured where that cannot be."""
        self._path = path
        self._is_cut = False
        try:
            self._file = self._opened()
        except OSError as problem:
            raise Misconfigured(f"{path} cannot be written: {problem.strerror}.") from None

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write lines, whole and together; OSError where that cannot be."""
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        if not self._is_there():
            file, self._file = self._file, self._opened()
            os.close(file)
            self._is_cut = False
        rest = b"\n" + text if self._is_cut else text
        while rest:
            rest = rest[os.write(self._file, rest) :]
            self._is_cut = bool(rest)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _opened(self) -> int:
        """The file, made with its folder where there is none; OSError for what is no plain file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # What waits for a reader is not waited for.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self._path, flags, OWNER_ONLY)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, "Not a plain file", str(self._path))
        return file

    def _is_there(self) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._file))


class DecisionLog(BackgroundWorker):
    """Writes the decisions of a share of operations to a file, in a thread of its own."""

    def __init__(self, path: Path, key: str, *, sample: float) -> None:
        """`key` hashes ids. Misconfigured where the file cannot be written."""
        super().__init__(self._write, sample=sample)
        self._file = LineFile(path)
        self._lines = DecisionLines(key)

    def __exit__(self, *_error: object) -> None:
        """Write what waits, and let go of the file."""
        super().__exit__()
        self._file.close()

    def _write(self, batch: Decisions, dropped: int) -> None:
        lost = [{"kind": DROPPED, "count": dropped}] if dropped else []
        self._file.add([*map(self._lines.line, batch), *lost])
