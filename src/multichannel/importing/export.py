"""An export: several files read as one, twice; first to check them, then kind by kind to store them.

Reading by kind makes the order of files and items meaningless: when a subscription is stored, every
customer and partner of the export is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar, cast

from multichannel.importing.partnerships import ImportedPartnerRelationship
from multichannel.importing.payloads import KINDS, Imported, kind_name, kind_of, parse
from multichannel.importing.problems import Problem, Rejected, Unreadable
from multichannel.importing.reader import Item, read_items
from multichannel.importing.report import FileReport, ImportReport

F_co = TypeVar("F_co", bound=Imported, covariant=True)
F = TypeVar("F", bound=Imported)

_PREFIX: Final = {kind: bytes([number]) for number, kind in enumerate(KINDS.values())}
_BITS: Final = 32
_LOW: Final = (1 << _BITS) - 1
_HASH: Final = (1 << 64) - 1


class Progress(Protocol):
    """Who watches an import."""

    def begin(self, step: str, size: int) -> None:
        """A step begins that reads so many bytes."""

    def advance(self, size: int) -> None:
        """So many bytes more were read."""


class Unwatched:
    """Nobody watches."""

    def begin(self, step: str, size: int) -> None:
        """Say nothing."""

    def advance(self, size: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Found(Generic[F_co]):
    """Facts, and where they stand: the number of the file and of the item in it."""

    file: int
    item: int
    facts: F_co


class Export:
    """Files of one partner's export; `default_customer` is whose the items are that name no customer."""

    def __init__(
        self, paths: Sequence[Path], *, default_customer: str | None = None, progress: Progress | None = None
    ) -> None:
        """Nothing is read yet."""
        self.paths = tuple(paths)
        self.default_customer = default_customer
        self._progress = progress or Unwatched()
        self._seen: dict[bytes, int] = {}
        self._holders: dict[str, set[int]] = defaultdict(set)  # which files hold a kind
        self._kinds: list[Counter[str]] = []

    def check(self) -> ImportReport:
        """Read everything once: what the files hold, and all that is wrong with them by themselves.

        Two items that speak of the same thing must say the same of it; a thing costs some 200 bytes.
        """
        self._seen.clear()
        self._holders.clear()
        report = self.blank_report()
        self._progress.begin("Checking", sum(map(_size, self.paths)))
        for number, file in enumerate(report.files):
            for item in self._items(number, file):
                self._check(number, item, file)
        self._kinds = [file.kinds for file in report.files]
        return report

    def blank_report(self) -> ImportReport:
        """A report on these files in which nothing has happened."""
        return ImportReport([FileReport(str(path)) for path in self.paths])

    def read(self, kind: type[F], report: ImportReport) -> Iterator[Found[F]]:
        """The facts of one kind in a checked export; noted in the report if the files no longer hold them."""
        name = next(name for name, each in KINDS.items() if each is kind)
        holders = sorted(self._holders[name])
        self._progress.begin(f"Storing {name}", sum(_size(self.paths[number]) for number in holders))
        for number in holders:
            file = report.files[number]
            for item in self._items(number, file):
                try:
                    if kind_of(item.data) != name:
                        continue
                    facts = parse(item.data, default_customer=self.default_customer)
                except Rejected as rejected:
                    file.reject(item.index, rejected.problems)
                    continue
                file.kinds[name] += 1
                yield Found(number, item.index, cast("F", facts))

    def finish(self, report: ImportReport) -> None:
        """Note in a report on all that was read if it is not what was checked."""
        for file, kinds in zip(report.files, self._kinds, strict=True):
            if file.kinds != kinds and not file.rejected_total:
                file.fail(Unreadable("FILE_CHANGED", "The file was changed while it was imported."))

    def holds(self, kind: type[Imported], vendor_id: str) -> bool:
        """Whether a checked export has this customer, subscription or transfer."""
        return _key(kind, vendor_id) in self._seen

    def _items(self, number: int, file: FileReport) -> Iterator[Item]:
        try:
            _refuse_stream(self.paths[number])
            yield from read_items(self.paths[number], self._progress.advance)
        except Unreadable as error:
            file.fail(error)

    def _check(self, number: int, item: Item, file: FileReport) -> None:
        try:
            name = kind_of(item.data)
            file.kinds[name] += 1
            facts = parse(item.data, default_customer=self.default_customer)
            self._compare(Found(number, item.index, facts))
        except Rejected as rejected:
            file.reject(item.index, rejected.problems)
        else:
            self._holders[name].add(number)

    def _compare(self, found: Found[Imported]) -> None:
        """Refuse facts that contradict what was said of the same thing before."""
        key, said = _said(found.facts)
        place = (said & _HASH) << 2 * _BITS | found.file << _BITS | found.item
        earlier = self._seen.setdefault(key, place)
        if earlier >> 2 * _BITS != place >> 2 * _BITS:
            path, item = self.paths[earlier >> _BITS & _LOW], earlier & _LOW
            sentence = (
                f"This {kind_name(found.facts)} differs from items[{item}] of {path}; keep the newer one."
            )
            raise Rejected([Problem("id", "CONTRADICTION", sentence)])


def _said(facts: Imported) -> tuple[bytes, int]:
    """What facts are about, and a digest of them."""
    if isinstance(facts, ImportedPartnerRelationship):
        # One partner may be named for many customers.
        about = _key(type(facts), facts.partner_id) + facts.relationship_type.encode()
        return about, hash(replace(facts, customer_id=None))
    return _key(type(facts), facts.vendor_id), hash(facts)


def _key(kind: type[Imported], vendor_id: str) -> bytes:
    return _PREFIX[kind] + bytes.fromhex(vendor_id.replace("-", ""))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _refuse_stream(path: Path) -> None:
    """A pipe or a device can be read but once, and waiting for one that is never written to has no end."""
    try:
        is_stream = path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, ValueError):
        return
    if is_stream:
        raise Unreadable("IS_A_STREAM", "This is a pipe or a device; save it as a file.")
