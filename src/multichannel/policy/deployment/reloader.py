"""Reloading: what the folder or a pin says, loaded beside what is in force and proved, takes its place.

What does not prove itself changes nothing. Everything is read once, and read again when it has proved itself:
what has changed meanwhile was being written.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import (
    CurrentPolicy,
    PolicyState,
    ReloadFailure,
    ReloadOutcome,
)
from multichannel.policy.deployment.versions import SHORT, PolicyFiles, RollbackPin, Versions
from multichannel.policy.testing.case_files import read_cases
from multichannel.policy.testing.cases import run_cases

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""To find the folder the same before and after; then it is still being written, and looked at later."""
SHOWN_FAILURES = 3
_Find = Callable[[], tuple[PolicyFiles, Path]]
"""Gives the files of a policy, and the folder of its cases; or raises PolicyInvalid."""


@dataclass(frozen=True)
class _Observation:
    """What there was to choose from at one moment: the author's files, or why there are none, and the pin."""

    files: PolicyFiles | None
    refusal: str
    pin: RollbackPin | None

    @property
    def pin_counts(self) -> bool:
        """Whether the pin goes before the author's folder, which is as it was when the pin was set."""
        return self.pin is not None and self.files is not None and self.files.source.digest in self.pin.over


@dataclass(frozen=True)
class _Selection:
    """What came of it: a policy that has proved itself, if any, and what is wrong with the one before it."""

    policy: Policy | None = None
    files: PolicyFiles | None = None
    pinned: bool = False
    problem: ReloadFailure | None = None


class Reloader:
    """Keeps the policy in force in step with a folder and the pin; safe to call from any thread."""

    def __init__(
        self,
        folder: Path,
        versions: Versions,
        clock: Callable[[], datetime],
        *,
        or_former: bool = False,
        serves: bool = True,
    ) -> None:
        """Put in force what folder and pin say; PolicyInvalid if that cannot be.

        With `or_former` the last version in force is taken then: for a process that starts among others.
        What does not serve keeps no versions and runs no cases.
        """
        self.folder, self.versions = folder, versions
        self._clock = clock
        self._alone = threading.Lock()
        self._serves = self._can_keep = serves
        self._policy: Policy | None = None
        self._settled = self._look()
        chosen = self._choose(self._settled, or_former=or_former)
        if chosen.policy is None or chosen.files is None:
            raise PolicyInvalid(chosen.problem.message if chosen.problem else f"{folder} holds no policy")
        self._policy = chosen.policy
        self.live = CurrentPolicy(
            PolicyState(chosen.policy, clock(), chosen.files.digests, chosen.pinned, chosen.problem)
        )
        self._keep(chosen, self._settled)
        if chosen.problem:
            _log_refusal(chosen.problem, chosen.policy)

    def reload(self) -> None:
        """Look; where there is something new, prove it and put it in force, or say what is wrong with it."""
        with self._alone:
            for _ in range(ATTEMPTS):
                seen = self._look()
                if seen == self._settled:
                    return
                chosen = self._choose(seen)
                if self._look() == seen:
                    self._settle(chosen, seen)
                    gc.collect()  # a policy is held by rings of references, and much memory hangs on it
                    return

    def _look(self) -> _Observation:
        pin = self.versions.pin
        try:
            return _Observation(PolicyFiles.read(self.folder), "", pin)
        except PolicyInvalid as refusal:
            return _Observation(None, refusal.message, pin)

    def _choose(self, seen: _Observation, *, or_former: bool = False) -> _Selection:
        """The first that proves itself."""
        problem = None
        for find, pinned in self._candidates(seen, or_former=or_former):
            files = None
            try:
                files, place = find()
                return _Selection(self._proved(files, place), files, pinned, problem)
            except PolicyInvalid as refusal:
                problem = problem or self._problem(refusal, files)
            except Exception as error:
                log.exception("a policy could not be loaded")
                words = f"it cannot be loaded: {type(error).__name__}: {error}"
                problem = problem or self._problem(PolicyInvalid(words), files)
        return _Selection(problem=problem)

    def _candidates(self, seen: _Observation, *, or_former: bool) -> Iterator[tuple[_Find, bool]]:
        """How to find each policy that could be in force, the best first, and whether it is pinned."""

        def authors() -> tuple[PolicyFiles, Path]:
            if seen.files is None:
                raise PolicyInvalid(seen.refusal)
            return seen.files, self.folder

        def kept(kept_as: str) -> tuple[PolicyFiles, Path]:
            return self.versions.read(kept_as), self.versions.place(kept_as)

        pin = seen.pin
        pinned: list[tuple[_Find, bool]] = [] if pin is None else [(partial(kept, pin.kept_as), True)]
        yield from [*pinned, (authors, False)] if seen.pin_counts else [(authors, False), *pinned]
        if or_former:
            for version in self.versions.kept()[:1]:
                yield partial(kept, version.kept_as), False

    def _proved(self, files: PolicyFiles, place: Path) -> Policy:
        """The policy, if it loads and its cases hold; those of a version that was in force have held."""
        policy = self._policy
        if policy is None or policy.digest != files.source.digest:
            policy = Policy(files.source)
        if self._serves and files.has_cases and not self.versions.has(files):
            _check_cases(policy, place)
        return policy

    def _problem(self, refusal: PolicyInvalid, files: PolicyFiles | None) -> ReloadFailure:
        return ReloadFailure.told(refusal, None if files is None else files.source.digest, self._clock())

    def _settle(self, chosen: _Selection, seen: _Observation) -> None:
        """Put in force what was chosen, and then say so."""
        before, problem = self.live.state, chosen.problem
        if problem and before.problem and problem == replace(before.problem, since=problem.since):
            problem = before.problem
        outcomes = [] if problem is None else [ReloadOutcome.REFUSED]
        if chosen.policy is None or chosen.files is None:
            after = replace(before, problem=problem)
        elif chosen.policy is before.policy:
            after = replace(before, files=chosen.files.digests, pinned=chosen.pinned, problem=problem)
        else:
            after = PolicyState(chosen.policy, self._clock(), chosen.files.digests, chosen.pinned, problem)
            outcomes.insert(0, ReloadOutcome.SWAPPED)
        self._policy, self._settled = after.policy, seen
        self.live.become(after, *outcomes)
        self._keep(chosen, seen)
        _log_change(before, after)

    def _keep(self, chosen: _Selection, seen: _Observation) -> None:
        """Keep what came in force by its author's will, and let go of the pin that it ends."""
        if not self._serves or chosen.files is None or chosen.files is not seen.files:
            return
        try:
            self.versions.keep(chosen.files, self._clock())
            if seen.pin is not None:
                self.versions.release(seen.pin)
                self._settled = replace(seen, pin=None)
        except OSError as error:
            if self._can_keep:
                log.warning("versions of the policy cannot be kept, nor rolled back to: %s", error)
            self._can_keep = False


def _check_cases(policy: Policy, place: Path) -> None:
    """PolicyInvalid with the first failures unless every case in a folder holds."""
    failed = run_cases(policy, read_cases(place))
    if failed:
        shown = "; ".join(map(str, failed[:SHOWN_FAILURES]))
        raise PolicyInvalid(f"{shown} ({len(failed)} in all)" if len(failed) > SHOWN_FAILURES else shown)


def _log_change(before: PolicyState, after: PolicyState) -> None:
    now, pinned = after.policy.digest[:SHORT], " (pinned)" if after.pinned else ""
    if after.policy is not before.policy:
        log.info("policy %s is in force%s instead of %s", now, pinned, before.policy.digest[:SHORT])
    elif after.problem is None:
        log.info("policy %s stays in force%s", now, pinned)
    if after.problem is not None:
        _log_refusal(after.problem, after.policy)


def _log_refusal(problem: ReloadFailure, policy: Policy) -> None:
    refused = "a policy" if problem.digest is None else f"policy {problem.digest[:SHORT]}"
    log.warning("%s is refused, %s stays in force: %s", refused, policy.digest[:SHORT], problem.message)
