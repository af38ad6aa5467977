"""An export: several files, read once to check them and again, kind by kind, to store them.

Reading by kind makes the order of files and items irrelevant: when a subscription is stored, every
customer and partner of the export is known.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Generic, TypeVar, cast

from multichannel.importing.partnerships import ImportedPartnerRelationship
from multichannel.importing.payloads import KINDS, Imported, kind_name, kind_of, parse
from multichannel.importing.problems import Rejected, UnreadableFile, invalid
from multichannel.importing.reader import Item, read_items
from multichannel.importing.report import FileReport, ImportReport

F_co = TypeVar("F_co", bound=Imported, covariant=True)
F = TypeVar("F", bound=Imported)

_PREFIX: Final = {kind: bytes([number]) for number, kind in enumerate(KINDS.values())}
_BITS: Final = 32
_LOW: Final = (1 << _BITS) - 1
_HASH: Final = (1 << 64) - 1


class ImportProgress:
    """Receives the progress of an import, and here discards it."""

    def begin(self, step: str, size: int) -> None:
        """A step that reads `size` bytes begins."""

    def advance(self, size: int) -> None:
        """Another `size` bytes were read."""


@dataclass(frozen=True, slots=True)
class LocatedItem(Generic[F_co]):
    """Facts with their place: the number of the file and the index of the item in it."""

    file: int
    index: int
    facts: F_co


class Export:
    """Files of one partner's export; `default_customer` owns items that name no customer."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        default_customer: str | None = None,
        progress: ImportProgress | None = None,
    ) -> None:
        """Nothing is read yet."""
        self.paths = tuple(paths)
        self.default_customer = default_customer
        self._progress = progress or ImportProgress()
        self._seen: dict[bytes, int] = {}
        self._holders: dict[str, set[int]] = defaultdict(set)  # which files hold a kind
        self._kinds: list[Counter[str]] = []

    def check(self) -> ImportReport:
        """Read all files once and report their kinds and every problem that needs no database.

        Two items with the same id must be equal. Memory use is about 200 bytes per item.
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
        """An empty report on these files."""
        return ImportReport([FileReport(str(path)) for path in self.paths])

    def read(self, kind: type[F], report: ImportReport) -> Iterator[LocatedItem[F]]:
        """The facts of one kind in a checked export; items that are invalid by now are reported."""
        name = kind_name(kind)
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
                yield LocatedItem(number, item.index, cast("F", facts))

    def finish(self, report: ImportReport) -> None:
        """Report files whose contents changed between the check and the import."""
        for file, kinds in zip(report.files, self._kinds, strict=True):
            if file.kinds != kinds and not file.rejected_total:
                file.fail(
                    UnreadableFile("FILE_CHANGED", "The file changed during the import. Import it again.")
                )

    def holds(self, kind: type[Imported], vendor_id: str) -> bool:
        """Whether a checked export contains this customer, subscription or transfer."""
        return _key(kind, vendor_id) in self._seen

    def _items(self, number: int, file: FileReport) -> Iterator[Item]:
        try:
            _require_file(self.paths[number])
            yield from read_items(self.paths[number], self._progress.advance)
        except UnreadableFile as error:
            file.fail(error)

    def _check(self, number: int, item: Item, file: FileReport) -> None:
        try:
            name = kind_of(item.data)
            file.kinds[name] += 1
            facts = parse(item.data, default_customer=self.default_customer)
            self._compare(LocatedItem(number, item.index, facts))
        except Rejected as rejected:
            file.reject(item.index, rejected.problems)
        else:
            self._holders[name].add(number)

    def _compare(self, located: LocatedItem[Imported]) -> None:
        """Reject facts that contradict an earlier item with the same id."""
        key, digest = _key_and_digest(located.facts)
        place = (digest & _HASH) << 2 * _BITS | located.file << _BITS | located.index
        earlier = self._seen.setdefault(key, place)
        if earlier >> 2 * _BITS != place >> 2 * _BITS:
            path, index = self.paths[earlier >> _BITS & _LOW], earlier & _LOW
            other = f"items[{index}] of {path}"
            sentence = f"This {kind_name(type(located.facts))} differs from {other}. Keep only the newer one."
            raise invalid("CONTRADICTION", sentence, "id")


def _key_and_digest(facts: Imported) -> tuple[bytes, int]:
    """The identity of the record that facts describe, and a digest of the facts."""
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


def _require_file(path: Path) -> None:
    """Reject pipes and devices: they can be read only once, and reading may block for ever."""
    try:
        is_stream = path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, ValueError):
        return
    if is_stream:
        raise UnreadableFile("IS_A_STREAM", "This is a pipe or a device. Save it as a file first.")
