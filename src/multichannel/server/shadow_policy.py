"""The shadow policy: a candidate that decides again what the current policy decided; differences are logged.

It runs in the background after the response, so it can neither change nor delay one, however it fails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from multichannel.decision_log.decisions import DROPPED, Decision, ListDecision, RecordDecision
from multichannel.decision_log.encoding import DecisionLines, reasons_and_rules_of
from multichannel.decision_log.log_file import BackgroundWorker, Decisions, LineFile, ThrottledLogger
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.store.store import Store

log = logging.getLogger(__name__)

MAX_COUNTED_ROWS = 1_000
"""Up to so many rows are counted where two lists differ."""
CHECK_INTERVAL = 2.0
"""Seconds between two checks of the candidate's folder."""

Difference = dict[str, Any]


class ShadowPolicy(BackgroundWorker):
    """Decides again by a candidate, and reports the differences."""

    def __init__(
        self,
        candidate: Callable[[], Policy | None],
        store: Store,
        key: str,
        report: Callable[[list[Difference]], None],
        *,
        sample: float,
    ) -> None:
        """`candidate` returns the policy to compare with, or None while it does not load.

        `report` receives lines as in the decision log, with the candidate's verdict as `shadow`.
        """
        super().__init__(self._compare, sample=sample)
        self._candidate = candidate
        self._store = store
        self._lines = DecisionLines(key)
        self._report = report
        self._failures = ThrottledLogger("the shadow policy failed on %d decisions; the last error:")

    def _compare(self, decisions: Decisions, dropped: int) -> None:
        candidate = self._candidate()
        if candidate is None:
            return
        differences: list[Difference] = []
        for decision in decisions:
            try:
                verdict = self._differing_verdict(candidate, decision)
                if verdict is not None:
                    differences.append({**self._lines.line(decision), "shadow": verdict})
            except Exception as error:  # noqa: BLE001  (logged; the next decision may succeed)
                self._failures.log(1, error)
        if dropped:
            differences.append({"kind": DROPPED, "count": dropped})
        if differences:
            self._report(differences)

    def _differing_verdict(self, candidate: Policy, decision: Decision) -> Difference | None:
        """The candidate's verdict; None if it is the same."""
        if decision.policy.digest == candidate.digest:
            return None
        if isinstance(decision, ListDecision):
            return self._list(candidate, decision)
        return _record(candidate, decision)

    def _list(self, candidate: Policy, decision: ListDecision) -> Difference | None:
        for action in decision.actions:
            # Raises what a list under the candidate would raise.
            candidate.translate(decision.principal, action, decision.resource)
        predicate = self._lines.filter_digest(candidate, decision)
        if predicate == self._lines.filter_digest(decision.policy, decision):
            return None
        return {
            "policy": candidate.digest,
            "predicate": predicate,
            "counted_to": MAX_COUNTED_ROWS,
            "rows_in_force": self._reach(decision.policy, decision),
            "rows": self._reach(candidate, decision),
        }

    def _reach(self, policy: Policy, decision: ListDecision) -> int:
        """How many rows such a list can hold now under a policy."""
        with self._store.with_policy(policy).reading(decision.principal) as work:
            return work.reader.reach(decision.resource, decision.actions, most=MAX_COUNTED_ROWS)


def _record(candidate: Policy, decision: RecordDecision) -> Difference | None:
    if decision.facts is None:
        return None
    verdict = candidate.decide(decision.principal, decision.action, decision.facts)
    reasons, _ = reasons_and_rules_of(decision)
    if (verdict.allowed, verdict.reasons) == (decision.allowed, reasons):
        return None
    return {"policy": candidate.digest, "allowed": verdict.allowed, "reasons": list(verdict.reasons)}


class CandidateFolder:
    """The policy in a folder, read again when it is used and the last check is some seconds old.

    While it does not load there is none, and the log says why.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self._folder = folder
        self._clock = clock
        self._source: PolicySource | str | None = None
        self._policy: Policy | None = None
        self._check()

    def __call__(self) -> Policy | None:
        """The candidate; None while it does not load."""
        if self._clock() >= self._next_check:
            self._check()
        return self._policy

    def _check(self) -> None:
        """Load the folder if it has changed."""
        self._next_check = self._clock() + CHECK_INTERVAL
        source = _read_folder(self._folder)
        if source == self._source:
            return
        self._source, self._policy = source, None
        try:
            self._policy = _load(source)
        except Exception as error:  # noqa: BLE001  (however it fails, there is no candidate)
            log.warning("the shadow policy in %s does not load and is not used: %s", self._folder, error)
        else:
            log.info("the shadow policy in %s is %s", self._folder, self._policy.digest)


def _read_folder(folder: Path) -> PolicySource | str:
    """The policy files of a folder, or why they cannot be read."""
    try:
        return PolicySource.read(folder)
    except PolicyInvalid as refusal:
        return refusal.message


def _load(source: PolicySource | str) -> Policy:
    if isinstance(source, str):
        raise PolicyInvalid(source)
    return Policy(source)


def to_file(path: Path) -> Callable[[Iterable[Mapping[str, Any]]], None]:
    """Reports differences to a file; Misconfigured if it cannot be written."""
    return LineFile(path).add


def to_log(differences: Iterable[Mapping[str, Any]]) -> None:
    """Reports differences to the server's own log, one a line."""
    for each in differences:
        log.warning("shadow policy: %s", orjson.dumps(each).decode())
