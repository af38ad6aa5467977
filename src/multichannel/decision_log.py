"""The decision log: what the policy decided, as lines of JSON that a replay can decide again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from multichannel.aside import Aside, Batch
from multichannel.errors import Misconfigured
from multichannel.policy.decision_lines import DecisionLines
from multichannel.policy.decisions import DROPPED

OWNER_ONLY = 0o600


class LineFile:
    """A file that several processes add whole lines to, and that may be rotated away at any time."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; Misconfigured where that cannot be."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._opened()
        except OSError as problem:
            raise Misconfigured(f"{path} cannot be written: {problem.strerror}.") from None

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write lines, whole and together."""
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        if not self._is_there():
            os.close(self._file)
            self._file = self._opened()
        while text:
            text = text[os.write(self._file, text) :]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)

    def _is_there(self) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._file))


class DecisionLog(Aside):
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

    def _write(self, batch: Batch, dropped: int) -> None:
        lost = [{"kind": DROPPED, "count": dropped}] if dropped else []
        self._file.add([*map(self._lines.line, batch), *lost])
