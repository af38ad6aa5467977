"""Loads a changed policy or a pinned version, tests it, and makes it the current policy.

A policy that does not load, or does not pass the gate, changes nothing. The files are read again after the
test: if they changed meanwhile, they were still being written, and the reload starts over.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.current_policy import (
    CurrentPolicy,
    PolicyState,
    ReloadFailure,
    ReloadOutcome,
)
from multichannel.policy.deployment.gate import Gate
from multichannel.policy.deployment.versions import SHORT, PolicyFiles, RollbackPin, Versions

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often the folder may change while it is read; after that it is read again at the next reload."""
FIRST_RETRY, LAST_RETRY = timedelta(seconds=2), timedelta(minutes=5)
"""After a fault, which says nothing about the policy, it is loaded again; each time after twice as long."""


@dataclass(frozen=True)
class _Observation:
    """The policy folder at one moment, or why it could not be read, and the rollback pin."""

    files: PolicyFiles | None
    refusal: str
    pin: RollbackPin | None

    @property
    def pin_counts(self) -> bool:
        """Whether the pin takes precedence: the policy folder has not changed since the pin was set."""
        return self.pin is not None and self.files is not None and self.files.source.digest in self.pin.over


@dataclass(frozen=True)
class _Selection:
    """The verified policy to use, if any, and why the preferred one was refused."""

    policy: Policy | None = None
    files: PolicyFiles | None = None
    pinned: bool = False
    problem: ReloadFailure | None = None
    unchecked: str = ""
    """What is wrong with it that the gate let pass."""
    met_fault: bool = False
    """Whether it was refused because of a fault, not of an error in the policy."""


class Reloader:
    """Keeps the current policy in step with a folder and the rollback pin; safe to call from any thread."""

    def __init__(
        self,
        folder: Path,
        versions: Versions,
        clock: Callable[[], datetime],
        *,
        fall_back_to_last_good: bool = False,
        gate: Gate | None = None,
    ) -> None:
        """Load the policy that folder and pin select; PolicyInvalid if it cannot be loaded.

        With `fall_back_to_last_good` the last good version is used then, as a replaced worker must start.
        A reloader without a gate serves a command: it checks nothing and keeps no versions.
        """
        self.folder, self.versions = folder, versions
        self._clock = clock
        self._lock = threading.Lock()
        self._gate, self._can_keep = gate, True
        self._policy: Policy | None = None
        self._retry_at: datetime | None = None
        self._pause = FIRST_RETRY
        self._applied = self._observe()
        selection = self._select(self._applied, fall_back_to_last_good=fall_back_to_last_good)
        if selection.policy is None or selection.files is None:
            raise PolicyInvalid(
                selection.problem.message if selection.problem else f"{folder} contains no policy"
            )
        self._policy = selection.policy
        self.live = CurrentPolicy(
            PolicyState(
                selection.policy,
                clock(),
                selection.files.digests,
                selection.pinned,
                selection.problem,
                selection.unchecked,
            )
        )
        self._plan_retry(selection)
        self._keep(selection, self._applied)
        if selection.problem:
            _log_refusal(selection.problem, selection.policy, self._retry_at)
        _log_unchecked(self.live.state)

    def reload(self) -> None:
        """If folder or pin have changed, verify the new policy and make it current, or log why not.

        One that met a fault is tried again after a while.
        """
        with self._lock:
            is_due = self._retry_at is not None and self._clock() >= self._retry_at
            for _ in range(ATTEMPTS):
                observation = self._observe()
                if observation == self._applied and not is_due:
                    return
                if observation != self._applied:
                    self._pause = FIRST_RETRY
                selection = self._select(observation)
                if self._observe() == observation:
                    self._apply(selection, observation)
                    gc.collect()  # a policy is in reference cycles, which hold much memory
                    return

    def _observe(self) -> _Observation:
        pin = self.versions.pin
        try:
            return _Observation(PolicyFiles.read(self.folder), "", pin)
        except PolicyInvalid as refusal:
            return _Observation(None, refusal.message, pin)

    def _select(self, observation: _Observation, *, fall_back_to_last_good: bool = False) -> _Selection:
        """The first candidate that is valid."""
        problem, met_fault = None, False
        for kept_as, pinned in self._candidates(observation, fall_back_to_last_good=fall_back_to_last_good):
            files = None
            try:
                files, place = self._read(observation, kept_as)
                policy, unchecked = self._verified(files, place)
                return _Selection(policy, files, pinned, problem, unchecked, met_fault)
            except PolicyInvalid as refusal:
                problem = problem or self._failure(refusal, files)
                met_fault = met_fault or _is_fault(refusal)
            except PolicyFault as fault:
                problem = problem or self._failure(PolicyInvalid(f"the policy failed: {fault}"), files)
                met_fault = True
            except Exception as error:
                log.exception("the policy could not be loaded")
                met_fault = True
                words = f"the policy cannot be loaded: {type(error).__name__}: {error}"
                problem = problem or self._failure(PolicyInvalid(words), files)
        return _Selection(problem=problem, met_fault=met_fault)

    def _candidates(
        self, observation: _Observation, *, fall_back_to_last_good: bool
    ) -> Iterator[tuple[str | None, bool]]:
        """The candidates, preferred ones first: kept versions, or None for the folder; and whether pinned."""
        pin, authors = observation.pin, (None, False)
        pinned = [] if pin is None else [(pin.kept_as, True)]
        yield from [*pinned, authors] if observation.pin_counts else [authors, *pinned]
        if fall_back_to_last_good:
            yield from ((version.kept_as, False) for version in self.versions.kept()[:1])

    def _read(self, observation: _Observation, kept_as: str | None) -> tuple[PolicyFiles, Path]:
        """The files of a candidate, and the folder of its cases."""
        if kept_as is not None:
            return self.versions.read(kept_as), self.versions.place(kept_as)
        if observation.files is None:
            raise PolicyInvalid(observation.refusal)
        return observation.files, self.folder

    def _verified(self, files: PolicyFiles, place: Path) -> tuple[Policy, str]:
        """The policy, if it loads and passes the gate, and what that let pass.

        Kept versions have passed before.
        """
        policy = self._policy
        if policy is None or policy.digest != files.source.digest:
            policy = Policy(files.source)
        if self._gate is None or self.versions.has_proved(files):
            return policy, ""
        return policy, self._gate.check(policy, files, place)

    def _failure(self, refusal: PolicyInvalid, files: PolicyFiles | None) -> ReloadFailure:
        return ReloadFailure.from_refusal(
            refusal, None if files is None else files.source.digest, self._clock()
        )

    def _apply(self, selection: _Selection, observation: _Observation) -> None:
        """Make the selected policy current, and log it."""
        before, problem = self.live.state, selection.problem
        if problem and before.problem and problem == replace(before.problem, since=problem.since):
            problem = before.problem
        refused = ReloadOutcome.FAILED if selection.met_fault else ReloadOutcome.REFUSED
        outcomes = [] if problem is None else [refused]
        if selection.policy is None or selection.files is None:
            after = replace(before, problem=problem)
        elif selection.policy is before.policy:
            after = replace(
                before,
                files=selection.files.digests,
                pinned=selection.pinned,
                problem=problem,
                unchecked=selection.unchecked,
            )
        else:
            after = PolicyState(
                selection.policy,
                self._clock(),
                selection.files.digests,
                selection.pinned,
                problem,
                selection.unchecked,
            )
            outcomes.insert(0, ReloadOutcome.SWAPPED)
        self._policy, self._applied = after.policy, observation
        self._plan_retry(selection)
        self.live.replace_state(after, *outcomes)
        self._keep(selection, observation)
        _log_change(before, after, self._retry_at)

    def _plan_retry(self, selection: _Selection) -> None:
        self._retry_at = None
        if selection.met_fault:
            self._retry_at = self._clock() + self._pause
            self._pause = min(2 * self._pause, LAST_RETRY)

    def _keep(self, selection: _Selection, observation: _Observation) -> None:
        """Keep a version that comes from the policy folder, and release the pin that it supersedes."""
        if self._gate is None or selection.files is None or selection.files is not observation.files:
            return
        try:
            self.versions.keep(selection.files, self._clock(), unchecked=selection.unchecked)
            if observation.pin is not None:
                self.versions.release(observation.pin)
                self._applied = replace(observation, pin=None)
        except OSError as error:
            if self._can_keep:
                log.warning("policy versions cannot be stored, so rollback is not available: %s", error)
            self._can_keep = False


def _is_fault(refusal: BaseException | None) -> bool:
    """Whether the engine failed, rather than the policy."""
    while refusal is not None and not isinstance(refusal, PolicyFault):
        refusal = refusal.__cause__
    return refusal is not None


def _log_change(before: PolicyState, after: PolicyState, retry_at: datetime | None) -> None:
    now, pinned = after.policy.digest[:SHORT], " (pinned)" if after.pinned else ""
    if after.policy is not before.policy:
        log.info("policy %s%s is current, replacing %s", now, pinned, before.policy.digest[:SHORT])
    elif after.problem is None:
        log.info("policy %s%s stays current", now, pinned)
    if after.problem is not None:
        _log_refusal(after.problem, after.policy, retry_at)
    if after.unchecked != before.unchecked:
        _log_unchecked(after)


def _log_unchecked(state: PolicyState) -> None:
    if state.unchecked:
        digest = state.policy.digest[:SHORT]
        log.warning("policy %s is served although it would be refused: %s", digest, state.unchecked)


def _log_refusal(problem: ReloadFailure, policy: Policy, retry_at: datetime | None) -> None:
    refused = "a policy" if problem.digest is None else f"policy {problem.digest[:SHORT]}"
    outcome = "is refused" if retry_at is None else f"met a fault and is tried again at {retry_at:%H:%M:%S}"
    log.warning("%s %s, %s stays current: %s", refused, outcome, policy.digest[:SHORT], problem.message)
