"""Replay: the decisions of a candidate policy on the requests in a decision log.

A log is read line by line. Decisions that differ only in ids are evaluated once, because a policy can only
compare ids with each other.
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
from multichannel.policy.decide.conditions import digest_of
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.deployment.versions import Versions
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.vocabulary import NO_TENANT

T = TypeVar("T")
MAX_CACHED = 50_000
ABSENT = "record not found, so no facts were logged"
CUT = "line cut off, as by a full disk or a killed process"
FOREIGN = "words or facts unknown to this version of multichannel"

PolicyLookup = Callable[[str], Policy | None]
"""The policy with a digest, or None if it is not available."""


class DecisionChange(StrEnum):
    """How a candidate changes a decision, the most important first."""

    NEWLY_ALLOWED = "newly_allowed"
    NEWLY_DENIED = "newly_denied"
    REASON = "reason_changed"
    FILTER = "list_filter_changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class DecisionKind:
    """Decisions that are reported together."""

    change: DecisionChange
    action: str
    resource: str


@dataclass(slots=True)
class DecisionGroup:
    """Decisions of one kind: a count by tenant, and the first as an example with the candidate's reasons."""

    example: str
    place: str
    logged_reasons: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    tenants: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """Number of decisions."""
        return self.tenants.total()


@dataclass(slots=True)
class ReplayResult:
    """Result of a replay: `logged` decisions were read, `replayed` of them decided again."""

    logged: int = 0
    replayed: int = 0
    dropped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    groups: dict[DecisionKind, DecisionGroup] = field(default_factory=dict)
    disagreements: DecisionGroup | None = None
    """Decisions that differ from those of the policy they were logged under."""

    def of(self, change: DecisionChange) -> list[tuple[DecisionKind, DecisionGroup]]:
        """The groups of one change, the largest first."""
        groups = ((kind, group) for kind, group in self.groups.items() if kind.change is change)
        return sorted(groups, key=lambda item: (-item[1].count, item[0].resource, item[0].action))

    def count(self, change: DecisionChange) -> int:
        """Number of decisions changed in this way."""
        return sum(group.count for _, group in self.of(change))


def replay(logs: Iterable[Path], candidate: Policy, policy_of: PolicyLookup) -> ReplayResult:
    """Repeat the logged decisions; BadInput with the line if a file is not a decision log.

    Each decision is also verified against the policy it was logged under, if `policy_of` has it.
    """
    replayer = _Replayer(candidate, policy_of)
    for log in logs:
        before, cut = replayer.result.logged, replayer.result.skipped[CUT]
        for line in read_entries(log):
            replayer.add(line)
        read = replayer.result.logged - before
        if read and replayer.result.skipped[CUT] - cut == read:
            raise BadInput(f"{log} is not a decision log: no line is valid JSON")
    return replayer.result


def logged_policy(digest: str, folder: Path, versions: Versions) -> Policy | None:
    """The policy with a digest, from a folder or the stored versions; None if neither has it."""
    source = PolicySource.read(folder)
    if source.digest == digest:
        return Policy(source)
    stored = next((each.kept_as for each in versions.kept() if each.digest == digest), None)
    return None if stored is None else Policy(versions.read(stored).source)


class _Replayer:
    def __init__(self, candidate: Policy, policy_of: PolicyLookup) -> None:
        self.result = ReplayResult()
        self._candidate = candidate
        self._policy_of = cache(policy_of)
        self._cache: dict[tuple[str, bytes], Any] = {}

    def add(self, line: LoggedDecision | DroppedDecisions | TruncatedLine) -> None:
        if isinstance(line, DroppedDecisions):
            self.result.dropped += line.count
            return
        self.result.logged += 1
        if isinstance(line, TruncatedLine):
            self.result.skipped[CUT] += 1
            return
        self.result.versions[line.policy] += 1
        if line.kind == RECORD and line.content["facts"] is None:
            self.result.skipped[ABSENT] += 1
            return
        try:
            change = self._record(line) if line.kind == RECORD else self._list(line)
        except BadInput:
            self.result.skipped[FOREIGN] += 1
            return
        self.result.replayed += 1
        self._add(change, line)
        self._verify(line)

    def _record(self, line: LoggedDecision) -> DecisionChange:
        verdict = self._verdict(line, self._candidate)
        if verdict.allowed != line.allowed:
            return DecisionChange.NEWLY_ALLOWED if verdict.allowed else DecisionChange.NEWLY_DENIED
        return DecisionChange.SAME if verdict.reasons == line.reasons else DecisionChange.REASON

    def _list(self, line: LoggedDecision) -> DecisionChange:
        same = self._filter(line, self._candidate) == line.content["predicate"]
        return DecisionChange.SAME if same else DecisionChange.FILTER

    def _verify(self, line: LoggedDecision) -> None:
        """Record a decision that differs from that of the policy it was logged under."""
        policy = self._policy_of(line.policy)
        if policy is None:
            return
        if line.kind == RECORD:
            agrees = self._verdict(line, policy).allowed == line.allowed
        else:
            agrees = self._filter(line, policy) == line.content["predicate"]
        if not agrees:
            group = self.result.disagreements or DecisionGroup(line.id, line.place)
            group.tenants[_tenant(line)] += 1
            self.result.disagreements = group

    def _verdict(self, line: LoggedDecision, policy: Policy) -> Verdict:
        key = _without_ids(line.content["principal"], line.content, "action", "resource", "facts")
        return self._cached(policy, key, lambda: policy.check(line.principal, line.action, line.record))

    def _filter(self, line: LoggedDecision, policy: Policy) -> str:
        key = orjson.dumps([line.content["principal"], line.content["actions"], line.content["resource"]])
        return self._cached(policy, key, lambda: _digest(line, policy))

    def _cached(self, policy: Policy, key: bytes, evaluate: Callable[[], T]) -> T:
        """The result for a key, from a cache of bounded size."""
        entry = (policy.digest, key)
        if entry not in self._cache:
            if len(self._cache) == MAX_CACHED:
                self._cache.clear()
            self._cache[entry] = evaluate()
        result: T = self._cache[entry]
        return result

    def _add(self, change: DecisionChange, line: LoggedDecision) -> None:
        kind = DecisionKind(change, ", ".join(action.value for action in line.actions), line.resource.name)
        if kind not in self.result.groups:
            self.result.groups[kind] = self._example(change, line)
        self.result.groups[kind].tenants[_tenant(line)] += 1

    def _example(self, change: DecisionChange, line: LoggedDecision) -> DecisionGroup:
        """A group with its first decision; with the candidate's reasons if its decision differs."""
        if line.kind != RECORD or change is DecisionChange.SAME:
            return DecisionGroup(line.id, line.place)
        verdict = self._verdict(line, self._candidate)
        _, rules = reasons_and_rules(
            self._candidate, line.principal, line.action, line.resource, line.record, allowed=verdict.allowed
        )
        return DecisionGroup(line.id, line.place, line.reasons, verdict.reasons, tuple(rules))


def _digest(line: LoggedDecision, policy: Policy) -> str:
    predicates = {action: policy.predicate(line.principal, action, line.resource) for action in line.actions}
    return digest_of(predicates, lambda value: value)


def _tenant(line: LoggedDecision) -> str:
    return str(line.content["principal"]["tenant_id"])


def _without_ids(principal: Mapping[str, Any], content: Mapping[str, Any], *names: str) -> bytes:
    """The facts with each id replaced by the number of its first occurrence."""
    numbers: dict[str, int] = {NO_TENANT: -1}
    parts = [principal, *(content[name] for name in names)]
    return orjson.dumps([_numbered("", part, numbers) for part in parts])


def _numbered(name: str, value: Any, numbers: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(key, item, numbers) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbered(name, item, numbers) for item in value]
    if isinstance(value, str) and (name == "id" or name.endswith("_id")):
        return numbers.setdefault(value, len(numbers))
    return value
