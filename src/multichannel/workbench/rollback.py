"""Rolling back: a former version is pinned, and services put it in force before what their folder holds.

The author's files are left alone. When they change to another policy, that policy counts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from multichannel.errors import PolicyInvalid, Refused
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Pin, PolicyFiles, Version, Versions


class NothingToRollBackTo(Refused):
    """No version was in force before the present one."""

    code = "NOTHING_TO_ROLL_BACK_TO"


@dataclass(frozen=True, slots=True)
class History:
    """The versions that were in force, those last so first, with the present one and what the folder holds.

    `folder` is None where the author's folder holds no policy.
    """

    versions: tuple[Version, ...]
    pinned: Version | None
    folder: str | None

    @property
    def present(self) -> Version | None:
        """The one that services were last told of."""
        return self.pinned or next(iter(self.versions), None)

    @property
    def former(self) -> Version:
        """The one before the present one; NothingToRollBackTo where there is none."""
        older = [each for each in self.versions if self.present and each.since < self.present.since]
        if not older:
            raise NothingToRollBackTo("No version was in force before the present one.")
        return older[0]


def history(versions: Versions, folder: Path) -> History:
    """What is known of the versions of a folder."""
    kept, pin = versions.kept(), versions.pin
    pinned = None if pin is None else _pinned(versions, pin)
    return History(kept, pinned, _digest(folder))


def roll_back(versions: Versions, folder: Path, prefix: str | None, now: datetime) -> Version:
    """Pin the version whose digest begins so, or the one before the present one, and give it.

    BadInput for a prefix that names no single version, PolicyInvalid for a version that loads no longer.
    """
    known = history(versions, folder)
    chosen = known.former if prefix is None else versions.find(prefix)
    Policy(versions.read(chosen.kept_as).source)
    # What the services had last, too: they may have another folder than whoever asks.
    over = {known.folder, *(version.digest for version in known.versions[:1])} - {None}
    try:
        versions.set_pin(Pin(chosen.kept_as, frozenset(filter(None, over)), now))
    except OSError as error:
        raise Refused(
            f"{versions.folder} cannot be written, so nothing is pinned: {error.strerror}"
        ) from None
    return chosen


def _pinned(versions: Versions, pin: Pin) -> Version | None:
    """The pinned version, with the time at which it last was in force by its author's will."""
    try:
        digest = versions.read(pin.kept_as).source.digest
    except PolicyInvalid:
        return None
    found = [version for version in versions.kept() if version.digest == digest]
    return found[0] if found else None


def _digest(folder: Path) -> str | None:
    try:
        return PolicyFiles.read(folder).source.digest
    except PolicyInvalid:
        return None
