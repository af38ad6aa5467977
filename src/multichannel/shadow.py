"""A candidate policy in the shadow of the one in force: asked the same, and heard only where it differs.

It is asked aside, when the answer has been given: it can neither change nor delay one, however it fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from multichannel.aside import Aside, Batch
from multichannel.decision_log import LineFile
from multichannel.errors import PolicyInvalid
from multichannel.policy.decision_lines import DecisionLines, judged
from multichannel.policy.decisions import DROPPED, DecidedList, DecidedRecord, Decision
from multichannel.policy.policy import Policy
from multichannel.store.transactions import Store

log = logging.getLogger(__name__)

MOST_ROWS = 1_000
"""As far as rows are counted where two lists differ."""

Difference = dict[str, Any]


class Shadow(Aside):
    """Asks a candidate what was decided, and tells where it says otherwise."""

    def __init__(
        self,
        candidate: Policy,
        store: Store,
        key: str,
        tell: Callable[[list[Difference]], None],
        *,
        sample: float,
    ) -> None:
        """`tell` is given lines as the decision log has them, with `shadow` for what the candidate says."""
        super().__init__(self._compare, sample=sample)
        self._candidate = candidate
        self._store = store
        self._lines = DecisionLines(key)
        self._tell = tell

    def _compare(self, batch: Batch, dropped: int) -> None:
        differences: list[Difference] = []
        for decision in batch:
            try:
                said = self._said(decision)
                if said is not None:
                    differences.append({**self._lines.line(decision), "shadow": said})
            except Exception:
                log.exception("the shadow policy failed on a decision about a %s", decision.resource.name)
        if dropped:
            differences.append({"kind": DROPPED, "count": dropped})
        if differences:
            self._tell(differences)

    def _said(self, decision: Decision) -> Difference | None:
        """What the candidate says, where that is something else."""
        if decision.policy.digest == self._candidate.digest:
            return None
        if isinstance(decision, DecidedList):
            return self._list(decision)
        return self._record(decision)

    def _record(self, decision: DecidedRecord) -> Difference | None:
        if decision.facts is None:
            return None
        verdict = self._candidate.check(decision.principal, decision.action, decision.facts)
        reasons, _ = judged(decision)
        if (verdict.allowed, verdict.reasons) == (decision.allowed, reasons):
            return None
        return {
            "policy": self._candidate.digest,
            "allowed": verdict.allowed,
            "reasons": list(verdict.reasons),
        }

    def _list(self, decision: DecidedList) -> Difference | None:
        asked = decision.principal, decision.actions, decision.resource
        predicate = self._lines.filter_digest(self._candidate, *asked)
        if predicate == self._lines.filter_digest(decision.policy, *asked):
            return None
        return {
            "policy": self._candidate.digest,
            "predicate": predicate,
            "counted_to": MOST_ROWS,
            "rows_in_force": self._reach(decision.policy, decision),
            "rows": self._reach(self._candidate, decision),
        }

    def _reach(self, policy: Policy, decision: DecidedList) -> int:
        """How many rows such a list could show under a policy, now."""
        with self._store.under(policy).reading(decision.principal) as work:
            return work.reader.reach(decision.resource, decision.actions, most=MOST_ROWS)


def load_shadow(folder: Path) -> Policy | None:
    """The candidate in a folder; None, and a line in the log, where there is none that loads."""
    try:
        return Policy.load(folder)
    except PolicyInvalid as refusal:
        log.warning("the shadow policy in %s does not load, and nothing is asked of it: %s", folder, refusal)
        return None


def to_file(path: Path) -> Callable[[Iterable[Mapping[str, Any]]], None]:
    """Tells differences to a file; Misconfigured where it cannot be written."""
    return LineFile(path).add


def to_log(differences: Iterable[Mapping[str, Any]]) -> None:
    """Tells differences to the server's own log, one a line."""
    for each in differences:
        log.warning("shadow policy: %s", orjson.dumps(each).decode())
