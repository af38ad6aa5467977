"""The policy in force: one reference, which is swapped when another has proved itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy

PLACE = re.compile(r"([\w.-]+\.(?:polar|yaml)):(\d+)")
ENGINES_PLACE = re.compile(r"\bline (\d+),? column \d+ (?:of|in) (?:file )?([\w.-]+\.polar)")


class ReloadOutcome(StrEnum):
    """What became of a change of the policy's files."""

    SWAPPED = "swapped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ReloadFailure:
    """Why a policy was refused, where, and since when; `digest` is None of what could not be read."""

    message: str
    digest: str | None
    since: datetime
    file: str | None
    line: int | None

    @classmethod
    def told(cls, refusal: PolicyInvalid, digest: str | None, since: datetime) -> ReloadFailure:
        """With the place that the refusal names first."""
        file, line = None, None
        if found := PLACE.search(refusal.message):
            file, line = found[1], int(found[2])
        elif found := ENGINES_PLACE.search(refusal.message):
            file, line = found[2], int(found[1])
        return cls(refusal.message, digest, since, file, line)


@dataclass(frozen=True, slots=True)
class PolicyState:
    """A policy and what is to be known of it; `problem` is about another, that was to take its place."""

    policy: Policy
    since: datetime
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each of its files, cases included; none of a policy that came from nowhere."""
    pinned: bool = False
    problem: ReloadFailure | None = None


class CurrentPolicy:
    """The policy in force, for everybody who asks; it changes between two questions, never within."""

    def __init__(self, state: PolicyState) -> None:
        """Begin with this one."""
        self.state = state
        self.told: list[Callable[[tuple[ReloadOutcome, ...]], None]] = []
        """Called after each change of this state with what brought it about, by the thread that did."""

    def current(self) -> Policy:
        """The policy in force."""
        return self.state.policy

    def become(self, state: PolicyState, *outcomes: ReloadOutcome) -> None:
        """From now on this is so."""
        self.state = state
        for tell in self.told:
            tell(outcomes)
