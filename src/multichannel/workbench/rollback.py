"""Rollback: an earlier version is pinned, and services use it instead of their policy folder.

The files of the folder are not modified. When they change to another policy, the pin ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from multichannel.errors import PolicyInvalid, Refused
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import KeptVersion, PolicyFiles, RollbackPin, Versions


class NoEarlierVersion(Refused):
    """No version was active before the current one."""

    code = "NOTHING_TO_ROLL_BACK_TO"


@dataclass(frozen=True, slots=True)
class VersionHistory:
    """The versions that have been active, latest first, the pinned one, and the digest of the policy folder.

    `folder` is None if the folder contains no valid policy.
    """

    versions: tuple[KeptVersion, ...]
    pinned: KeptVersion | None
    folder: str | None

    @property
    def present(self) -> KeptVersion | None:
        """The version that services use."""
        return self.pinned or next(iter(self.versions), None)

    @property
    def former(self) -> KeptVersion:
        """The version before the present one, or NoEarlierVersion."""
        older = [each for each in self.versions if self.present and each.since < self.present.since]
        if not older:
            raise NoEarlierVersion("There is no earlier policy version to roll back to.")
        return older[0]


def history(versions: Versions, folder: Path) -> VersionHistory:
    """The stored versions, compared with a policy folder."""
    kept, pin = versions.kept(), versions.pin
    pinned = None if pin is None else _pinned(versions, pin)
    return VersionHistory(kept, pinned, _digest(folder))


def roll_back(versions: Versions, folder: Path, prefix: str | None, now: datetime) -> KeptVersion:
    """Pin and return the version whose digest starts with the prefix, or the one before the present version.

    BadInput if the prefix does not match exactly one version, PolicyInvalid if the version no longer loads.
    """
    known = history(versions, folder)
    chosen = known.former if prefix is None else versions.find(prefix)
    Policy(versions.read(chosen.kept_as).source)
    # Also what the services loaded last: their folder may be another one than this.
    over = {known.folder, *(version.digest for version in known.versions[:1])} - {None}
    try:
        versions.set_pin(RollbackPin(chosen.kept_as, frozenset(filter(None, over)), now))
    except OSError as error:
        raise Refused(
            f"{versions.folder} cannot be written, nothing was rolled back: {error.strerror}"
        ) from None
    return chosen


def _pinned(versions: Versions, pin: RollbackPin) -> KeptVersion | None:
    """The pinned version, with the time at which it was last loaded from the folder."""
    try:
        digest = versions.read(pin.kept_as).source.digest
    except PolicyInvalid:
        return None
    return next((version for version in versions.kept() if version.digest == digest), None)


def _digest(folder: Path) -> str | None:
    try:
        return PolicyFiles.read(folder).source.digest
    except PolicyInvalid:
        return None
