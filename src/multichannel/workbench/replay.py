"""Replay: what a candidate policy would have said to decisions that were logged.

A log is read a line at a time, and what is alike is asked once: of ids the policy knows only which are equal,
so decisions that differ in nothing else are alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson

from multichannel.decision_log.decisions import (
    RECORD,
    DroppedDecisions,
    LoggedDecision,
    TruncatedLine,
    read_entries,
)
from multichannel.decision_log.encoding import reasons_and_rules
from multichannel.errors import BadInput
from multichannel.policy.decide.canonical import digest_of
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.schema.vocabulary import NO_TENANT

T = TypeVar("T")
MOST_KEPT = 50_000
ABSENT = "nothing was there to decide about, so no facts were logged"
CUT = "their lines are cut off, as by a full disk or a process that was killed"
FOREIGN = "words or facts of another version of this program"

PolicyOf = Callable[[str], Policy | None]
"""The policy with a digest, where it is at hand."""


class Change(StrEnum):
    """What a candidate does to a decision, in the order of how much it matters."""

    NEWLY_ALLOWED = "newly_allowed"
    NEWLY_DENIED = "newly_denied"
    REASON = "reason_changed"
    FILTER = "list_filter_changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Kind:
    """Decisions that are told together."""

    change: Change
    action: str
    resource: str


@dataclass(slots=True)
class Group:
    """Decisions of one kind, by tenant, with the first as an example and the candidate's word on that."""

    example: str
    place: str
    logged_reasons: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tenants: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.tenants.total()


@dataclass(slots=True)
class Replay:
    """What came of it. `logged` decisions were read, `replayed` of them decided again."""

    logged: int = 0
    replayed: int = 0
    dropped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    groups: dict[Kind, Group] = field(default_factory=dict)
    disagreements: Group | None = None
    """Decisions that the very policy that is said to have made them does not make."""

    def of(self, change: Change) -> list[tuple[Kind, Group]]:
        """The groups of one change, the largest first."""
        found = ((kind, group) for kind, group in self.groups.items() if kind.change is change)
        return sorted(found, key=lambda item: (-item[1].count, item[0].resource, item[0].action))

    def count(self, change: Change) -> int:
        """How many decisions it changes in this way."""
        return sum(group.count for _, group in self.of(change))


def replay(logs: Iterable[Path], candidate: Policy, policy_of: PolicyOf) -> Replay:
    """Decide again all that can be; BadInput, with the line, where a log is none or has no whole line.

    Where `policy_of` has the policy that a decision was made under, that has to agree with the log.
    """
    run = _Run(candidate, policy_of)
    for log in logs:
        before, cut = run.found.logged, run.found.skipped[CUT]
        for line in read_entries(log):
            run.take(line)
        read = run.found.logged - before
        if read and run.found.skipped[CUT] - cut == read:
            raise BadInput(f"{log}: no line of it is JSON")
    return run.found


class _Run:
    """A replay on its way."""

    def __init__(self, candidate: Policy, policy_of: PolicyOf) -> None:
        self.found = Replay()
        self._candidate = candidate
        self._policy_of = cache(policy_of)
        self._answers: dict[tuple[str, bytes], Any] = {}

    def take(self, line: LoggedDecision | DroppedDecisions | TruncatedLine) -> None:
        if isinstance(line, DroppedDecisions):
            self.found.dropped += line.count
            return
        self.found.logged += 1
        if isinstance(line, TruncatedLine):
            self.found.skipped[CUT] += 1
            return
        self.found.versions[line.policy] += 1
        if line.kind == RECORD and line.content["facts"] is None:
            self.found.skipped[ABSENT] += 1
            return
        try:
            change = self._record(line) if line.kind == RECORD else self._list(line)
        except BadInput:
            self.found.skipped[FOREIGN] += 1
            return
        self.found.replayed += 1
        self._add(change, line)
        self._hold_against(line)

    def _record(self, line: LoggedDecision) -> Change:
        verdict = self._verdict(line, self._candidate)
        if verdict.allowed != line.allowed:
            return Change.NEWLY_ALLOWED if verdict.allowed else Change.NEWLY_DENIED
        return Change.SAME if verdict.reasons == line.reasons else Change.REASON

    def _list(self, line: LoggedDecision) -> Change:
        same = self._filter(line, self._candidate) == line.content["predicate"]
        return Change.SAME if same else Change.FILTER

    def _hold_against(self, line: LoggedDecision) -> None:
        """That the policy which made a decision, where it is at hand, makes it again."""
        policy = self._policy_of(line.policy)
        if policy is None:
            return
        if line.kind == RECORD:
            agrees = self._verdict(line, policy).allowed == line.allowed
        else:
            agrees = self._filter(line, policy) == line.content["predicate"]
        if not agrees:
            found = self.found.disagreements or Group(line.id, line.place)
            found.tenants[_tenant(line)] += 1
            self.found.disagreements = found

    def _verdict(self, line: LoggedDecision, policy: Policy) -> Verdict:
        alike = _without_ids(line.content["principal"], line.content, "action", "resource", "facts")
        return self._once(policy, alike, lambda: policy.check(line.principal, line.action, line.record))

    def _filter(self, line: LoggedDecision, policy: Policy) -> str:
        alike = orjson.dumps([line.content["principal"], line.content["actions"], line.content["resource"]])
        return self._once(policy, alike, lambda: _digest(line, policy))

    def _once(self, policy: Policy, alike: bytes, answer: Callable[[], T]) -> T:
        """The answer to all that is alike; so many are kept as memory allows."""
        key = (policy.digest, alike)
        if key not in self._answers:
            if len(self._answers) == MOST_KEPT:
                self._answers.clear()
            self._answers[key] = answer()
        found: T = self._answers[key]
        return found

    def _add(self, change: Change, line: LoggedDecision) -> None:
        kind = Kind(change, ", ".join(action.value for action in line.actions), line.resource.name)
        if kind not in self.found.groups:
            self.found.groups[kind] = self._example(change, line)
        self.found.groups[kind].tenants[_tenant(line)] += 1

    def _example(self, change: Change, line: LoggedDecision) -> Group:
        """The first of a group; what the candidate says is told where it is something else."""
        if line.kind != RECORD or change is Change.SAME:
            return Group(line.id, line.place)
        verdict = self._verdict(line, self._candidate)
        _, rules = reasons_and_rules(
            self._candidate, line.principal, line.action, line.resource, line.record, allowed=verdict.allowed
        )
        return Group(line.id, line.place, line.reasons, verdict.reasons, tuple(rules))


def _digest(line: LoggedDecision, policy: Policy) -> str:
    predicates = {action: policy.predicate(line.principal, action, line.resource) for action in line.actions}
    return digest_of(predicates, lambda value: value)


def _tenant(line: LoggedDecision) -> str:
    return str(line.content["principal"]["tenant_id"])


def _without_ids(principal: Mapping[str, Any], content: Mapping[str, Any], *names: str) -> bytes:
    """The facts with each id replaced by the place where it is met first."""
    met: dict[str, int] = {NO_TENANT: -1}
    parts = [principal, *(content[name] for name in names)]
    return orjson.dumps([_numbered("", part, met) for part in parts])


def _numbered(name: str, value: Any, met: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(key, item, met) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(name, item, met) for item in value]
    if isinstance(value, str) and (name == "id" or name.endswith("_id")):
        return met.setdefault(value, len(met))
    return value
