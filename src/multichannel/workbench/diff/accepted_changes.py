"""Changes that are accepted by name, so that they do not fail a comparison."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from multichannel.errors import BadInput
from multichannel.workbench.diff.changes import ChangeGroup, Direction, PolicyDiff, expand_braces
from multichannel.workbench.findings import Finding


class FailOn(StrEnum):
    """Which changes fail unless they are accepted."""

    VERDICT = "verdict"
    """Newly allowed or newly denied."""
    ALLOWED = "newly-allowed"
    DENIED = "newly-denied"
    ANY = "any"
    NONE = "none"

    @property
    def directions(self) -> frozenset[Direction]:
        """The changes that fail."""
        return frozenset(
            each
            for each in Direction
            if self is FailOn.ANY
            or each.value == self.value
            or (self is FailOn.VERDICT and each is not Direction.REASON)
        )


@dataclass(frozen=True, slots=True)
class AcceptedChange:
    """An accepted name, and where it is written."""

    name: str
    file: str
    line: int


def read_accepted(names: Iterable[str], file: Path | None) -> tuple[AcceptedChange, ...]:
    """These names and those of a file: one a line, comments after `#`; braces stand for alternatives."""
    accepted = [AcceptedChange(each, "--accept", 1) for name in names for each in expand_braces(name)]
    if file is not None:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file}: {error}") from error
        for number, line in enumerate(lines, 1):
            name = line.partition("#")[0].strip()
            accepted += [AcceptedChange(each, str(file), number) for each in expand_braces(name) if each]
    return tuple(accepted)


def stale_acceptances(known: Collection[str], names: Iterable[AcceptedChange]) -> Iterator[Finding]:
    """Accepted names of no change: each would let that change pass when it came."""
    for each in names:
        if each.name not in known:
            yield Finding(
                file=each.file,
                line=each.line,
                code="stale-acceptance",
                message=f"{each.name} is listed as accepted, but no change has this name.",
                hint="Remove the name.",
            )


def not_accepted(changes: ChangeGroup, names: Iterable[AcceptedChange]) -> tuple[str, ...]:
    """The names of changes that are not accepted."""
    known = {each.name for each in names}
    return tuple(name for name in changes.names if name not in known)


def fails(diff: PolicyDiff, names: Iterable[AcceptedChange], fail_on: FailOn) -> bool:
    """Whether there is a change of this kind that is not accepted."""
    return any(not_accepted(each, names) for each in diff.changes if each.direction in fail_on.directions)
