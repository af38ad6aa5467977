"""Changes that somebody has accepted by name, so that they no longer fail a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from multichannel.errors import BadInput
from multichannel.workbench.diff.changes import Changes, Diff, Direction, expanded
from multichannel.workbench.findings import Finding


class FailOn(StrEnum):
    """Which changes fail, unless they were accepted."""

    ALLOWED = "newly-allowed"
    DENIED = "newly-denied"
    ANY = "any"


FAILING = {
    FailOn.ALLOWED: {Direction.ALLOWED},
    FailOn.DENIED: {Direction.DENIED},
    FailOn.ANY: set(Direction),
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A name that was accepted, and where that is written."""

    name: str
    file: str
    line: int


def accepted(names: Iterable[str], file: Path | None) -> tuple[Accepted, ...]:
    """The names given, and those of a file: one a line, comments after `#`; braces stand for several."""
    found = [Accepted(each, "--accept", 1) for name in names for each in expanded(name)]
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file}: {error}") from error
        for number, line in enumerate(lines, 1):
            name = line.partition("#")[0].strip()
            found += [Accepted(each, str(file), number) for each in expanded(name) if each]
    return tuple(found)


def stale(diff: Diff, names: Iterable[Accepted]) -> Iterator[Finding]:
    """What was accepted and is no change: it would let the change in when it came."""
    for each in names:
        if each.name not in diff.names:
            yield Finding(
                file=each.file,
                line=each.line,
                code="stale-acceptance",
                message=f"{each.name} is accepted, and there is no such change.",
                hint="Take the name away.",
            )


def left(changes: Changes, names: Iterable[Accepted]) -> tuple[str, ...]:
    """The names that nobody has accepted."""
    known = {each.name for each in names}
    return tuple(name for name in changes.names if name not in known)


def fails(diff: Diff, names: Iterable[Accepted], fail_on: FailOn | None) -> bool:
    """Whether there is a change of the kind that was not accepted."""
    failing = FAILING[fail_on] if fail_on else set()
    return any(left(each, names) for each in diff.changes if each.direction in failing)
