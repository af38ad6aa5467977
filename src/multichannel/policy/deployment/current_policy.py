"""The current policy: one reference, which is replaced when a new policy has loaded and its cases pass."""

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
    """The outcome of a reload."""

    SWAPPED = "swapped"
    REFUSED = "refused"
    FAILED = "failed"
    """A fault prevented it, which says nothing about the policy: it is tried again."""


@dataclass(frozen=True, slots=True)
class ReloadFailure:
    """Why a policy was refused, where, and since when; `digest` is None if it could not be read."""

    message: str
    digest: str | None
    since: datetime
    file: str | None
    line: int | None

    @classmethod
    def from_refusal(cls, refusal: PolicyInvalid, digest: str | None, since: datetime) -> ReloadFailure:
        """A failure at the first position that the refusal names."""
        file, line = None, None
        if found := PLACE.search(refusal.message):
            file, line = found[1], int(found[2])
        elif found := ENGINES_PLACE.search(refusal.message):
            file, line = found[2], int(found[1])
        return cls(refusal.message, digest, since, file, line)


@dataclass(frozen=True, slots=True)
class PolicyState:
    """The current policy with its details; `problem` is about a policy that could not replace it."""

    policy: Policy
    since: datetime
    files: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each of its files, including cases; empty for a policy without files."""
    pinned: bool = False
    problem: ReloadFailure | None = None
    unchecked: str = ""
    """What is wrong with it, where the service is set to let that pass."""


class CurrentPolicy:
    """The current policy; it changes between two decisions, never within one."""

    def __init__(self, state: PolicyState) -> None:
        self.state = state
        self.listeners: list[Callable[[tuple[ReloadOutcome, ...]], None]] = []
        """Called after each change of the state with its outcomes, by the thread that made it."""

    def current(self) -> Policy:
        """The current policy."""
        return self.state.policy

    def replace_state(self, state: PolicyState, *outcomes: ReloadOutcome) -> None:
        """Replace the state, and call the listeners."""
        self.state = state
        for listener in self.listeners:
            listener(outcomes)
