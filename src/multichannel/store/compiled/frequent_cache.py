"""A bounded cache that keeps what is used often, however many new entries pass through it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    size: int
    uses: int = 1


class FrequentCache(Generic[Value]):
    """Evicts the least used entry, among equals the oldest; uses count half as much from time to time.

    Used by one thread, or with entries that may be lost.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._entries: dict[Hashable, _Entry[Value]] = {}
        self._until_aging = most
        self.size = 0
        """The sum of the sizes of the entries, in bytes."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Value | None:
        """The value, if it is there."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        entry.uses += 1
        return entry.value

    def put(self, key: Hashable, value: Value, size: int) -> list[Hashable]:
        """Add a value of a size in bytes; returns the keys that were evicted for it.

        A value that would take more than a quarter of the room is not kept.
        """
        self.drop(key)
        if size > self._most_bytes // 4:
            return [key]
        self._age()
        evicted = []
        while len(self._entries) >= self._most or self.size + size > self._most_bytes:
            evicted.append(min(self._entries, key=self._uses))
            self.drop(evicted[-1])
        self._entries[key] = _Entry(value, size)
        self.size += size
        return evicted

    def drop(self, key: Hashable) -> None:
        """Remove a value, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size

    def drop_where(self, is_gone: Callable[[Any], bool]) -> None:
        """Remove the values of the keys for which it holds."""
        for key in [each for each in self._entries if is_gone(each)]:
            self.drop(key)

    def clear(self) -> None:
        """Remove all values."""
        self._entries.clear()
        self.size = 0

    def _uses(self, key: Hashable) -> int:
        return self._entries[key].uses

    def _age(self) -> None:
        self._until_aging -= 1
        if self._until_aging == 0:
            self._until_aging = self._most
            for entry in self._entries.values():
                entry.uses //= 2
