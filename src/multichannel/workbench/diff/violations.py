"""Invariants held against the new version: kept by everybody who was enumerated, or broken by somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.decide.sample_principals import roles_of, with_role
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.changes import Disagreement, Witness
from multichannel.workbench.diff.counterexample import chosen, record
from multichannel.workbench.diff.literals import Conjunction, atoms
from multichannel.workbench.diff.model_finder import Question, Search
from multichannel.workbench.diff.policy_version import PolicyVersion, conjunctions
from multichannel.workbench.invariants import Invariant


@dataclass
class Violation:
    """An invariant broken on one kind of record: by which actions and roles, with somebody who breaks it."""

    invariant: Invariant
    resource: str
    actions: dict[Action, None] = field(default_factory=dict)
    roles: dict[str, None] = field(default_factory=dict)
    principals: dict[Principal, None] = field(default_factory=dict)
    rules: dict[Rule, None] = field(default_factory=dict)
    witness: tuple[Action, Witness] | None = None


@dataclass(frozen=True)
class _Asked:
    """What one principal is granted and forbidden of one action."""

    principal: Principal
    action: Action
    part: Derivation
    barred: frozenset[Conjunction]
    where: frozenset[Conjunction]


class Violations:
    """Holds invariants against one version."""

    def __init__(self, side: PolicyVersion, search: Search, everybody: tuple[Principal, ...]) -> None:
        """Of everybody, with one role each."""
        self._side, self._search, self._everybody = side, search, everybody
        self._kept: set[tuple[object, ...]] = set()
        self._bars: dict[tuple[int, Action], frozenset[Conjunction]] = {}

    def of(self, invariant: Invariant) -> Iterator[Violation]:
        """One for each kind of record on which it is broken."""
        for resource in invariant.resources:
            violation = Violation(invariant, resource.name)
            for principal in self._everybody:
                for role in roles_of(principal.kind):
                    if invariant.is_about(principal, role):
                        self._hold(violation, principal, role, resource)
            if violation.witness is not None:
                yield violation

    def _hold(self, violation: Violation, principal: Principal, role: str, resource: Resource) -> None:
        """Note whatever breaks it; what others kept who are asked the same is not asked again."""
        invariant = violation.invariant
        granted = self._side.granted(principal, role, resource)
        if not any(invariant.of(granted.get(action, ())) for action in invariant.actions):
            return
        barred = self._side.forbidden(principal, role, resource)
        where = self._where(invariant, principal, resource)
        key = (invariant.position, resource.name, id(granted), id(barred), where)
        if key in self._kept:
            return
        who = with_role(principal, role)
        asked = [
            _Asked(who, action, part, self._barred(barred, action, resource.name), where)
            for action in invariant.actions
            for part in invariant.of(granted.get(action, ()))
        ]
        broken = [self._breaks(violation, each, resource) for each in asked]
        if not any(broken):
            self._kept.add(key)

    def _barred(self, barred: tuple[Derivation, ...], action: Action, kind: str) -> frozenset[Conjunction]:
        key = id(barred), action
        if key not in self._bars:
            about = (bar for bar in barred if bar.action in {None, action})
            self._bars[key] = conjunctions(about, kind, self._search.rows)
        return self._bars[key]

    def _where(
        self, invariant: Invariant, principal: Principal, resource: Resource
    ) -> frozenset[Conjunction]:
        return frozenset(
            way
            for conditions in invariant.where.conditions(principal, resource)
            for way in atoms(conditions, resource.name, self._search.rows)
        )

    def _breaks(self, violation: Violation, asked: _Asked, resource: Resource) -> bool:
        granted = conjunctions((asked.part,), resource.name, self._search.rows)
        found = self._search.find(resource.name, Question((granted, asked.where), asked.barred))
        if found is None:
            return False
        principal, action = asked.principal, asked.action
        violation.actions[action] = violation.roles[principal.roles[0]] = None
        violation.principals[replace(principal, roles=())] = None
        violation.rules |= dict.fromkeys(asked.part.rules)
        if violation.witness is None:
            facts = chosen(found, principal)
            verdict = self._side.policy.check(principal, action, record(resource, facts, principal))
            if not verdict.allowed:
                raise Disagreement(f"{violation.invariant.position}: {verdict} at {dict(facts)}")
            violation.witness = action, Witness(principal, facts, verdict, verdict)
        return True
