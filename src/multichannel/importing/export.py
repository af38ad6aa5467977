"""An export: several files, read and checked once, and given back kind by kind to be stored.

Reading by kind makes the order of files and items irrelevant: when a subscription is stored, every
customer and partner of the export is known. Of a record that several items describe, each gives what all say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from multichannel.importing.merging import contradictions, merged
from multichannel.importing.pages import CollectionPage, incomplete
from multichannel.importing.partnerships import ImportedPartnerRelationship
from multichannel.importing.payloads import KINDS, Imported, kind_name, kind_of, parse
from multichannel.importing.problems import Problem, Rejected, UnreadableFile, abbreviate
from multichannel.importing.reader import Item, read_items
from multichannel.importing.report import FileReport, ImportReport
from multichannel.importing.spool import LocatedItem, Spool

F = TypeVar("F", bound=Imported)

Pages: TypeAlias = list[tuple[int, CollectionPage]]
Stamp: TypeAlias = tuple[int, int, int]

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
        self._different: set[bytes] = set()
        self._merged: dict[bytes, Imported] = {}
        self._spools: defaultdict[str, Spool] = defaultdict(Spool)
        self._stamps: list[Stamp | None] = []
        self._listed: set[str] = set()
        self._checked = ImportReport()

    def check(self) -> ImportReport:
        """Read all files once and report their kinds and every problem that needs no database.

        Items with the same id must not contradict each other. Memory use is about 200 bytes per item, and the
        size of its facts for one that several items describe differently.
        """
        self.close()
        report = self.blank_report()
        self._stamps = [_stamp(path) for path in self.paths]
        self._progress.begin("Checking", sum(map(_size, self.paths)))
        pages: Pages = []
        for number, file in enumerate(report.files):
            for item in self._items(number, file, pages):
                self._check(number, item, file)
        if not any(file.failed for file in report.files):
            for number, sentence in incomplete(pages):
                report.files[number].fail(UnreadableFile("INCOMPLETE_PAGES", sentence))
        if self._different:
            self._merge(report)
        self._listed = {str(page.kind) for _, page in pages}
        self._checked = report
        return report

    def close(self) -> None:
        """Forget what was read."""
        for spool in self._spools.values():
            spool.close()
        for kept in (self._seen, self._different, self._merged, self._spools):
            kept.clear()

    def blank_report(self) -> ImportReport:
        """An empty report on these files."""
        return ImportReport([FileReport(str(path)) for path in self.paths])

    def report_so_far(self) -> ImportReport:
        """A report on these files that has what the check has rejected, and no counts yet."""
        report = self.blank_report()
        for file, checked in zip(report.files, self._checked.files, strict=True):
            file.rejections, file.rejected_total = list(checked.rejections), checked.rejected_total
            file.rejected_items = set(checked.rejected_items)
        return report

    def rejected(self, report: ImportReport) -> Iterator[dict[str, Any]]:
        """The rejected items as they came, each with what is wrong with it as far as that is listed."""
        for number, file in enumerate(report.files):
            for item in self._items(number, file, []) if file.rejected_items else ():
                if item.index in file.rejected_items:
                    problems = [asdict(each) for each in file.rejections if each.item == item.index]
                    yield {**item.data, "rejected": problems}

    def lists(self, kind: type[Imported]) -> bool:
        """Whether a checked export has a collection of this kind, and not only single items."""
        return kind_name(kind) in self._listed

    def read(self, kind: type[F], report: ImportReport) -> Iterator[LocatedItem[F]]:
        """The facts of one kind in a checked export."""
        name = kind_name(kind)
        spool = self._spools[name]
        self._progress.begin(f"Storing {name}", spool.size)
        rejected = [file.rejected_items for file in self._checked.files]
        for item in spool.read(self._progress.advance):
            if item.index in rejected[item.file]:
                continue
            report.files[item.file].kinds[name] += 1
            whole = self._merged.get(_identity(item.facts)) if self._merged else None
            yield item if whole is None else replace(item, facts=_in_place(item.facts, whole))

    def finish(self, report: ImportReport) -> None:
        """Report files whose contents changed between the check and the import."""
        for file, path, stamp in zip(report.files, self.paths, self._stamps, strict=True):
            if _stamp(path) != stamp:
                file.fail(
                    UnreadableFile("FILE_CHANGED", "The file changed during the import. Import it again.")
                )

    def holds(self, kind: type[Imported], vendor_id: str) -> bool:
        """Whether a checked export contains this customer, subscription or transfer."""
        return _key(kind, vendor_id) in self._seen

    def _items(self, number: int, file: FileReport, pages: Pages) -> Iterator[Item]:
        try:
            _require_file(self.paths[number])
            yield from read_items(
                self.paths[number], self._progress.advance, lambda page: pages.append((number, page))
            )
        except UnreadableFile as error:
            file.fail(error)

    def _check(self, number: int, item: Item, file: FileReport) -> None:
        try:
            name = kind_of(item.data)
            file.kinds[name] += 1
            facts = parse(item.data, default_customer=self.default_customer)
        except Rejected as rejected:
            file.reject(item.index, rejected.problems)
            return
        self._compare(facts, number, item.index)
        self._spools[name].add(LocatedItem(number, item.index, facts))

    def _compare(self, facts: Imported, file: int, index: int) -> None:
        """Remember the records that several items describe differently."""
        key, digest = _identity(facts), _digest(facts)
        place = (digest & _HASH) << 2 * _BITS | file << _BITS | index
        earlier = self._seen.setdefault(key, place)
        if earlier >> 2 * _BITS != place >> 2 * _BITS:
            self._different.add(key)

    def _merge(self, report: ImportReport) -> None:
        """Put together what several items say of one record; reject those that contradict earlier ones."""
        for spool in self._spools.values():
            for item in spool.read():
                key = _identity(item.facts)
                if key in self._different:
                    self._merge_item(key, item, report)

    def _merge_item(self, key: bytes, item: LocatedItem[Any], report: ImportReport) -> None:
        file = report.files[item.file]
        whole = self._merged.setdefault(key, item.facts)
        different = list(contradictions(whole, item.facts))
        if different:
            file.reject(item.index, [self._contradiction(key, item.facts, different)])
            place = self._seen[key]
            # Which of the two is right, nobody knows: neither is stored.
            report.files[place >> _BITS & _LOW].rejected_items.add(place & _LOW)
        else:
            self._merged[key] = merged(whole, item.facts)

    def _contradiction(
        self, key: bytes, facts: Imported, different: Sequence[tuple[str, Any, Any]]
    ) -> Problem:
        place = self._seen[key]
        path, index = self.paths[place >> _BITS & _LOW], place & _LOW
        values = ", ".join(
            f"{name} is {abbreviate(after)} and was {abbreviate(before)}" for name, before, after in different
        )
        other = f"items[{index}] of {path}"
        sentence = f"This {kind_name(type(facts))} contradicts {other}. Keep only the newer one: {values}."
        return Problem("id", "CONTRADICTION", sentence)


def _identity(facts: Imported) -> bytes:
    """The record that facts describe."""
    if isinstance(facts, ImportedPartnerRelationship):
        # One partner may be named for many customers.
        return _key(type(facts), facts.partner_id) + facts.relationship_type.encode()
    return _key(type(facts), facts.vendor_id)


def _digest(facts: Imported) -> int:
    if isinstance(facts, ImportedPartnerRelationship):
        return hash(replace(facts, customer_id=None))
    return hash(facts)


def _in_place(facts: Any, whole: Any) -> Any:
    """What all items say of a partner, for the customer that this one names."""
    if isinstance(facts, ImportedPartnerRelationship):
        return replace(whole, customer_id=facts.customer_id)
    return whole


def _key(kind: type[Imported], vendor_id: str) -> bytes:
    return _PREFIX[kind] + bytes.fromhex(vendor_id.replace("-", ""))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _stamp(path: Path) -> Stamp | None:
    """What changes with the contents of a file; None if there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _require_file(path: Path) -> None:
    """Reject pipes and devices: they can be read only once, and reading may block for ever."""
    try:
        is_stream = path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, ValueError):
        return
    if is_stream:
        raise UnreadableFile("IS_A_STREAM", "This is a pipe or a device. Save it as a file first.")
