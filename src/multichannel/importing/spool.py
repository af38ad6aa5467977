"""The checked facts of an export, kept in temporary files between check and import, kind by kind."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Final, Generic, TypeVar

from multichannel.importing.payloads import Imported

F_co = TypeVar("F_co", bound=Imported, covariant=True)

_AT_ONCE: Final = 250
"""How many facts are written together: what they have in common is written once."""


@dataclass(frozen=True, slots=True)
class LocatedItem(Generic[F_co]):
    """Facts with their place: the number of the file and the index of the item in it."""

    file: int
    index: int
    facts: F_co


class Spool:
    """Facts of one kind in a temporary file, which has no name and goes with the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile(prefix="multichannel-import-")  # noqa: SIM115  (closed by `close`)
        self._unwritten: list[tuple[int, int, Any]] = []

    def add(self, item: LocatedItem[Any]) -> None:
        """Keep an item."""
        self._unwritten.append((item.file, item.index, item.facts))
        if len(self._unwritten) == _AT_ONCE:
            self._flush()

    @property
    def size(self) -> int:
        """How many bytes there are to read."""
        self._flush()
        return self._file.seek(0, 2)

    def read(self, advance: Callable[[int], None] = lambda _bytes: None) -> Iterator[LocatedItem[Any]]:
        """All items in the order in which they were added; `advance` is called with the bytes read."""
        end, position = self.size, 0
        while position < end:
            self._file.seek(position)
            chunk = pickle.load(self._file)  # noqa: S301  (our own file)
            advance(self._file.tell() - position)
            position = self._file.tell()
            yield from (LocatedItem(*each) for each in chunk)

    def close(self) -> None:
        """Give the file up."""
        self._file.close()

    def _flush(self) -> None:
        if self._unwritten:
            self._file.seek(0, 2)
            pickle.dump(self._unwritten, self._file, pickle.HIGHEST_PROTOCOL)
            self._unwritten.clear()
