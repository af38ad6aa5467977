"""Invariants checked against the new version, for every principal of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.decide.sample_principals import roles_of, with_role
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.condition_text import ConditionText
from multichannel.workbench.diff.changes import Counterexample, Disagreement
from multichannel.workbench.diff.counterexample import build_record, choose_facts
from multichannel.workbench.diff.literals import Conjunction, fact_tests
from multichannel.workbench.diff.model_finder import FactModel, ModelFinder, RecordQuery
from multichannel.workbench.diff.policy_version import DerivationsByAction, PolicyVersion, conjunctions
from multichannel.workbench.invariants import Invariant


@dataclass
class Violation:
    """An invariant violated on one resource type: by which actions and roles, with a counterexample."""

    invariant: Invariant
    resource: str
    actions: dict[Action, None] = field(default_factory=dict)
    roles: dict[str, None] = field(default_factory=dict)
    principals: dict[Principal, None] = field(default_factory=dict)
    rules: dict[Rule, None] = field(default_factory=dict)
    counterexample: tuple[Action, Counterexample] | None = None


@dataclass(frozen=True)
class _Candidate:
    """A derivation that may violate an invariant, unless a restriction or `unless` prevents it."""

    principal: Principal
    action: Action
    grant: Derivation
    forbidden: DerivationsByAction
    where: frozenset[Conjunction]
    unless: frozenset[Conjunction]


class InvariantChecker:
    """Checks invariants against one version, for principals with one role each."""

    def __init__(
        self, version: PolicyVersion, finder: ModelFinder, principals: tuple[Principal, ...]
    ) -> None:
        self._version, self._finder, self._principals = version, finder, principals
        self._kept: set[tuple[object, ...]] = set()
        self._restricted: dict[tuple[int, Action, int], frozenset[Conjunction]] = {}
        self._models: dict[tuple[object, ...], FactModel | None] = {}
        self._same: dict[frozenset[Conjunction], frozenset[Conjunction]] = {}

    def violations(self, invariant: Invariant) -> Iterator[Violation]:
        """One for each resource type on which the invariant is violated."""
        for resource in invariant.resources:
            violation = Violation(invariant, resource.name)
            for principal in self._principals:
                for role in roles_of(principal.kind):
                    if invariant.is_about(principal, role):
                        self._check(violation, principal, role, resource)
            if violation.counterexample is not None:
                yield violation

    def _check(self, violation: Violation, principal: Principal, role: str, resource: Resource) -> None:
        """Note what violates it; principals with the same derivations are checked once."""
        invariant = violation.invariant
        granted = self._version.granted(principal, role, resource)
        if not any(invariant.of(granted.get(action, ())) for action in invariant.actions):
            return
        forbidden = self._version.forbidden(principal, role, resource)
        where = self._tests((invariant.where,), principal, resource)
        unless = self._tests(invariant.unless, principal, resource)
        key = (invariant.position, resource.name, id(granted), id(forbidden), id(where), id(unless))
        if key in self._kept:
            return
        asking = with_role(principal, role)
        candidates = [
            _Candidate(asking, action, grant, forbidden, where, unless)
            for action in invariant.actions
            for grant in invariant.of(granted.get(action, ()))
        ]
        violating = [self._violates(violation, each, resource) for each in candidates]
        if not any(violating):
            self._kept.add(key)

    def _tests(
        self, texts: Iterable[ConditionText], principal: Principal, resource: Resource
    ) -> frozenset[Conjunction]:
        tests = frozenset(
            conjunction
            for text in texts
            for conditions in text.conditions(principal, resource)
            for conjunction in fact_tests(conditions, resource.name, self._finder.rows)
        )
        return self._once(tests)

    def _model(self, candidate: _Candidate, kind: str) -> FactModel | None:
        """Facts of a record at which it is a violation, if there are any; the same for many principals."""
        prevented = self._prevented(candidate, kind)
        key = (kind, candidate.grant.conditions, id(candidate.where), id(prevented))
        if key not in self._models:
            granted = conjunctions((candidate.grant,), kind, self._finder.rows)
            self._models[key] = self._finder.find(kind, RecordQuery((granted, candidate.where), prevented))
        return self._models[key]

    def _prevented(self, candidate: _Candidate, kind: str) -> frozenset[Conjunction]:
        """Where a restriction or `unless` prevents it."""
        key = id(candidate.forbidden), candidate.action, id(candidate.unless)
        if key not in self._restricted:
            derivations = candidate.forbidden[candidate.action]
            restricted = conjunctions(derivations, kind, self._finder.rows)
            self._restricted[key] = self._once(restricted | candidate.unless)
        return self._restricted[key]

    def _once(self, tests: frozenset[Conjunction]) -> frozenset[Conjunction]:
        """The same object for equal sets, which are large."""
        return self._same.setdefault(tests, tests)

    def _violates(self, violation: Violation, candidate: _Candidate, resource: Resource) -> bool:
        model = self._model(candidate, resource.name)
        if model is None:
            return False
        principal, action = candidate.principal, candidate.action
        violation.actions[action] = violation.roles[principal.roles[0]] = None
        violation.principals[replace(principal, roles=())] = None
        violation.rules |= dict.fromkeys(candidate.grant.rules)
        if violation.counterexample is None:
            facts = choose_facts(model, principal)
            record = build_record(resource, facts, principal)
            verdict = self._version.policy.check(principal, action, record)
            if not verdict.allowed:
                raise Disagreement(f"{violation.invariant.position}: {verdict} at {dict(facts)}")
            violation.counterexample = action, Counterexample(principal, facts, verdict, verdict)
        return True
