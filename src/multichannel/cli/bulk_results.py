"""The results file of bulk work, which is its journal as well: a line for the run, then one for each item.

It is appended to as items are done, so that a run that was killed goes on where it stopped. An item that was
done just before, and whose result is missing, is done again with its idempotency key, which returns the first
outcome. At the end the file is written anew, in the order of the items.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from multichannel.cli.bulk_file import Line
from multichannel.domain.base import new_id
from multichannel.domain.bulk_operations import BulkItemStatus
from multichannel.errors import Refused
from multichannel.graphql.bulk.items import ItemResult
from multichannel.store.users import Caller

Record = dict[str, Any]


@dataclass(slots=True)
class ResultsFile:
    """An open results file; `results` are by the keys of lines."""

    path: Path
    file: TextIO
    run: Record
    results: dict[str, Record] = field(default_factory=dict)

    def idempotency_key(self, line: Line) -> str:
        """The same for a line of the run whenever it is tried, until it is tried again on purpose."""
        return f"{self.run['run']}/{line.key}/{self._attempt(line)}"

    def needs(self, line: Line, *, retries: bool) -> bool:
        """Whether a line is still to be done: it has no result, or one that may be another now."""
        known = self.results.get(line.key)
        if known is None or known["status"] == BulkItemStatus.FAILED:
            return True
        return retries and known["status"] != BulkItemStatus.SUCCEEDED

    def begin_again(self, line: Line) -> None:
        """Forget the outcome of a line that was refused, denied or invalid."""
        known = self.results.get(line.key)
        if known is not None and known["status"] != BulkItemStatus.FAILED:
            known["attempt"] = self._attempt(line) + 1

    def add(self, line: Line, result: ItemResult) -> None:
        """Write the result of a line."""
        record = _record(line, result, self._attempt(line))
        self.results[line.key] = record
        self._write(record)
        self.file.flush()

    def finish(self, lines: Iterable[Line]) -> None:
        """Write the file anew: one result for each line, in their order."""
        draft = self.path.with_name(f".{self.path.name}.tmp")
        with draft.open("w", encoding="utf-8") as file:
            for record in (self.run, *(self.results[line.key] | {"line": line.number} for line in lines)):
                file.write(f"{json.dumps(record, ensure_ascii=False)}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def _attempt(self, line: Line) -> int:
        return int(self.results.get(line.key, {}).get("attempt", 1))

    def _write(self, record: Record) -> None:
        self.file.write(f"{json.dumps(record, ensure_ascii=False)}\n")


@contextmanager
def open_results(path: Path, mutation: str, caller: Caller) -> Iterator[ResultsFile]:
    """The results of a run, new or to be continued; Refused if they are of other work, or in use."""
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{path} is in use by another run.") from None
        run = {"run": new_id(), "mutation": mutation, "user": caller.user_id}
        known = _read(file, path)
        if known:
            run = _continued(known[0], run, path)
        else:
            file.write(f"{json.dumps(run)}\n")
            file.flush()
            os.fsync(file.fileno())
        yield ResultsFile(path, file, run, {each["key"]: each for each in known[1:]})


def _read(file: TextIO, path: Path) -> list[Record]:
    """The records of a file. A last line that was not written to its end is removed."""
    file.seek(0)
    content = file.read()
    whole = content[: content.rfind("\n") + 1]
    if whole != content:
        file.truncate(len(whole.encode()))
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError:
        raise Refused(f"{path} is not a results file of this command. Name another with --results.") from None


def _continued(known: Any, run: Record, path: Path) -> Record:
    if not isinstance(known, dict) or known.keys() != run.keys():
        raise Refused(f"{path} is not a results file of this command. Name another with --results.")
    for name, what in (("mutation", "of"), ("user", "of the user")):
        if known[name] != run[name]:
            raise Refused(
                f"{path} has the results {what} {known[name]}, so this run cannot continue it. Name another "
                "file with --results."
            )
    return known


def _record(line: Line, result: ItemResult, attempt: int) -> Record:
    record: Record = {"line": line.number, "key": line.key, "status": result.status.value, "attempt": attempt}
    if result.record_id is not None:
        record["id"] = result.record_id
    if result.errors:
        record["errors"] = list(result.errors)
    return record
