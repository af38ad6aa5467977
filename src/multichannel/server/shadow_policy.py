"""A candidate policy in the shadow of the one in force: asked the same, and heard only where it differs.

It is asked aside, when the answer has been given: it can neither change nor delay one, however it fails.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from multichannel.decision_log.background_worker import BackgroundWorker, Decisions, ThrottledLogger
from multichannel.decision_log.decisions import DROPPED, Decision, ListDecision, RecordDecision
from multichannel.decision_log.encoding import DecisionLines, judged
from multichannel.decision_log.log_file import LineFile
from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import PolicySource
from multichannel.store.store import Store

log = logging.getLogger(__name__)

MOST_ROWS = 1_000
"""As far as rows are counted where two lists differ."""
LOOKED = 2.0
"""Seconds between two looks at the candidate's folder."""

Difference = dict[str, Any]


class ShadowPolicy(BackgroundWorker):
    """Asks a candidate what was decided, and tells where it says otherwise."""

    def __init__(
        self,
        candidate: Callable[[], Policy | None],
        store: Store,
        key: str,
        tell: Callable[[list[Difference]], None],
        *,
        sample: float,
    ) -> None:
        """`candidate` gives the policy to ask, if there is one at the moment.

        `tell` is given lines as the decision log has them, with `shadow` for what the candidate says.
        """
        super().__init__(self._compare, sample=sample)
        self._candidate = candidate
        self._store = store
        self._lines = DecisionLines(key)
        self._tell = tell
        self._failures = ThrottledLogger("the shadow policy failed on %d decisions, the last of them so:")

    def _compare(self, batch: Decisions, dropped: int) -> None:
        candidate = self._candidate()
        if candidate is None:
            return
        differences: list[Difference] = []
        for decision in batch:
            try:
                said = self._said(candidate, decision)
                if said is not None:
                    differences.append({**self._lines.line(decision), "shadow": said})
            except Exception as fault:  # noqa: BLE001  (however it fails, the next is asked; it is logged)
                self._failures.log(1, fault)
        if dropped:
            differences.append({"kind": DROPPED, "count": dropped})
        if differences:
            self._tell(differences)

    def _said(self, candidate: Policy, decision: Decision) -> Difference | None:
        """What the candidate says, where that is something else."""
        if decision.policy.digest == candidate.digest:
            return None
        if isinstance(decision, ListDecision):
            return self._list(candidate, decision)
        return _record(candidate, decision)

    def _list(self, candidate: Policy, decision: ListDecision) -> Difference | None:
        for action in decision.actions:
            candidate.translated(decision.principal, action, decision.resource)  # or its fault
        asked = decision.principal, decision.actions, decision.resource
        predicate = self._lines.filter_digest(candidate, *asked)
        if predicate == self._lines.filter_digest(decision.policy, *asked):
            return None
        return {
            "policy": candidate.digest,
            "predicate": predicate,
            "counted_to": MOST_ROWS,
            "rows_in_force": self._reach(decision.policy, decision),
            "rows": self._reach(candidate, decision),
        }

    def _reach(self, policy: Policy, decision: ListDecision) -> int:
        """How many rows such a list could show under a policy, now."""
        with self._store.with_policy(policy).reading(decision.principal) as work:
            return work.reader.reach(decision.resource, decision.actions, most=MOST_ROWS)


def _record(candidate: Policy, decision: RecordDecision) -> Difference | None:
    if decision.facts is None:
        return None
    verdict = candidate.judged(decision.principal, decision.action, decision.facts)
    reasons, _ = judged(decision)
    if (verdict.allowed, verdict.reasons) == (decision.allowed, reasons):
        return None
    return {"policy": candidate.digest, "allowed": verdict.allowed, "reasons": list(verdict.reasons)}


class CandidateFolder:
    """The policy in a folder, which is looked at again now and then, when somebody asks for it.

    While it does not load there is none, and a line in the log says why.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Load it; `clock` gives seconds."""
        self._folder = folder
        self._clock = clock
        self._found: PolicySource | str | None = None
        self._policy: Policy | None = None
        self._look()

    def __call__(self) -> Policy | None:
        """The candidate as it is now, or was a moment ago."""
        if self._clock() >= self._next_look:
            self._look()
        return self._policy

    def _look(self) -> None:
        """Load what is there, unless it is what was there before."""
        self._next_look = self._clock() + LOOKED
        found = _found(self._folder)
        if found == self._found:
            return
        self._found, self._policy = found, None
        try:
            self._policy = _loaded(found)
        except Exception as why:  # noqa: BLE001  (however it fails, there is no candidate)
            log.warning(
                "the shadow policy in %s does not load, and nothing is asked of it: %s", self._folder, why
            )
        else:
            log.info("the shadow policy in %s is %s", self._folder, self._policy.digest)


def _found(folder: Path) -> PolicySource | str:
    """What a folder holds, or why that is no policy."""
    try:
        return PolicySource.read(folder)
    except PolicyInvalid as refusal:
        return refusal.message


def _loaded(found: PolicySource | str) -> Policy:
    if isinstance(found, str):
        raise PolicyInvalid(found)
    return Policy(found)


def to_file(path: Path) -> Callable[[Iterable[Mapping[str, Any]]], None]:
    """Tells differences to a file; Misconfigured where it cannot be written."""
    return LineFile(path).add


def to_log(differences: Iterable[Mapping[str, Any]]) -> None:
    """Tells differences to the server's own log, one a line."""
    for each in differences:
        log.warning("shadow policy: %s", orjson.dumps(each).decode())
