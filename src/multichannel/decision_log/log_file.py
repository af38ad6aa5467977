"""The decision log: decisions as JSON lines, which `policy replay` can decide again."""

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
    """A file to which several processes append whole lines, and which may be rotated at any time.

    After a failure, such as a full disk, the next line starts on a new line: only the cut one is lost.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file; Misconfigured if that fails."""
        self._path = path
        self._is_cut = False
        try:
            self._file = self._open()
        except OSError as problem:
            raise Misconfigured(f"{path} cannot be written: {problem.strerror}.") from None

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Append lines together; OSError if that fails."""
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        if not self._is_current():
            file, self._file = self._file, self._open()
            os.close(file)
            self._is_cut = False
        rest = b"\n" + text if self._is_cut else text
        while rest:
            rest = rest[os.write(self._file, rest) :]
            self._is_cut = bool(rest)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _open(self) -> int:
        """The file, created with its folder if missing; OSError for anything but a regular file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A pipe without a reader would block.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.open(self._path, flags, OWNER_ONLY)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(errno.EINVAL, "Not a regular file", str(self._path))
        return file

    def _is_current(self) -> bool:
        """Whether the path still names the open file."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(status, os.fstat(self._file))


class DecisionLog(BackgroundWorker):
    """Writes the decisions of a share of operations to a file."""

    def __init__(self, path: Path, key: str, *, sample: float) -> None:
        """`key` hashes ids. Misconfigured if the file cannot be written."""
        super().__init__(self._write, sample=sample)
        self._file = LineFile(path)
        self._lines = DecisionLines(key)

    def __exit__(self, *_error: object) -> None:
        """Write what is queued, and close the file."""
        super().__exit__()
        self._file.close()

    def _write(self, decisions: Decisions, dropped: int) -> None:
        notice = [{"kind": DROPPED, "count": dropped}] if dropped else []
        self._file.add([*map(self._lines.line, decisions), *notice])
