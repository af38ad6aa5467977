"""Invariants checked against a version, for every principal and set of roles of a comparison.

All that is granted of an action is asked for at once: nearly always the answer is that no record violates the
invariant. Only where one does, each derivation is asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.derivations import Derivation, Roles
from multichannel.policy.decide.sample_principals import roles_of
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.changes import TOGETHER, Counterexample, Disagreement
from multichannel.workbench.diff.counterexample import build_record, choose_facts
from multichannel.workbench.diff.model_finder import FactModel, ModelFinder, RecordQuery
from multichannel.workbench.diff.policy_version import DerivationsByAction, PolicyVersion, conditions_of
from multichannel.workbench.diff.principal_groups import PrincipalGroup
from multichannel.workbench.diff.principals import PrincipalClasses, RoleReading, role_reading
from multichannel.workbench.invariants import Invariant

Cell = tuple[DerivationsByAction, DerivationsByAction]
"""What is granted and what is forbidden."""


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
    groups: tuple[PrincipalGroup, ...] = ()
    """The principals in the fewest words."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """A principal with some roles, and what the version says of it."""

    principal: Principal
    roles: Roles
    cell: Cell


class InvariantChecker:
    """Checks invariants against one version."""

    def __init__(self, version: PolicyVersion) -> None:
        self._version = version
        self._finder = ModelFinder()
        self._classes = PrincipalClasses((version,))
        self._asking: dict[tuple[str, frozenset[str]], list[_Asking]] = {}
        self._cells = cache(self._find_cells)
        self._roles = cache(self._find_roles)
        self._same: dict[frozenset[Conditions], frozenset[Conditions]] = {}
        self.unclear: dict[Rule, None] = {}
        """Rules that read roles in a way for which no set of roles is enough."""

    @property
    def given_up(self) -> int:
        """How many searches were given up."""
        return self._finder.given_up

    def violations(self, invariants: Iterable[Invariant]) -> Iterator[Violation]:
        """One for each resource type on which an invariant is violated."""
        for invariant in invariants:
            for resource in invariant.resources:
                violation = self._violation(invariant, resource)
                if violation.counterexample is not None:
                    groups = self._classes.groups(violation.principals, resource, invariant.facts)
                    yield replace(violation, groups=groups)

    def is_vacuous(self, invariant: Invariant, resource: Resource) -> bool:
        """Whether no policy could violate it on a resource type: it is about nobody, or about no record."""
        if not any(action in resource.actions for action in invariant.actions):
            return True
        about = (
            principal
            for principal in self._classes.of(resource, invariant.facts)
            if invariant.is_about(principal)
            and any(invariant.is_about_roles([role]) for role in roles_of(principal.kind))
        )
        tests = dict.fromkeys(self._tests(invariant, principal, resource) for principal in about)
        return all(
            self._finder.find(resource.name, RecordQuery((where,), unless)) is None for where, unless in tests
        )

    def _violation(self, invariant: Invariant, resource: Resource) -> Violation:
        violation, kept = Violation(invariant, resource.name), set[tuple[int, ...]]()
        about, principal, tests = False, None, (frozenset[Conditions](), frozenset[Conditions]())
        for asking in self._askings(resource, invariant.facts):
            if asking.principal is not principal:
                principal = asking.principal
                about = invariant.is_about(principal)
                tests = self._tests(invariant, principal, resource) if about else tests
            key = (*map(id, asking.cell), *map(id, tests))
            if not about or key in kept or not invariant.is_about_roles(asking.roles):
                continue
            if not self._violates(violation, asking, *tests):
                kept.add(key)
        return violation

    def _askings(self, resource: Resource, facts: frozenset[str]) -> list[_Asking]:
        """Everybody that rules or these facts tell apart, with what is granted and forbidden."""
        key = resource.name, facts
        if key not in self._asking:
            self._asking[key] = [
                _Asking(principal, roles, cell)
                for principal in self._classes.of(resource, facts)
                for roles, cell in self._cells(self._classes.alike(principal, resource), resource)
            ]
        return self._asking[key]

    def _find_cells(self, principal: Principal, resource: Resource) -> list[tuple[Roles, Cell]]:
        return [
            (
                roles,
                (
                    self._version.granted(principal, roles, resource),
                    self._version.forbidden(principal, roles, resource),
                ),
            )
            for roles in self._roles(resource).sets(principal.kind)
        ]

    def _find_roles(self, resource: Resource) -> RoleReading:
        reading = role_reading((self._version,), resource)
        self.unclear |= dict.fromkeys(reading.unclear)
        return reading

    def _tests(
        self, invariant: Invariant, principal: Principal, resource: Resource
    ) -> tuple[frozenset[Conditions], frozenset[Conditions]]:
        """Where it says something of records, and what makes it all right."""
        where = frozenset(invariant.where.conditions(principal, resource))
        unless = frozenset(each for text in invariant.unless for each in text.conditions(principal, resource))
        return self._once(where), self._once(unless)

    def _violates(
        self,
        violation: Violation,
        asking: _Asking,
        where: frozenset[Conditions],
        unless: frozenset[Conditions],
    ) -> bool:
        """Note what violates it."""
        granted, forbidden = asking.cell
        groups: dict[tuple[frozenset[Conditions], frozenset[Conditions]], list[Action]] = {}
        for action in violation.invariant.actions:
            grants = violation.invariant.of(granted.get(action, ()))
            if grants:
                never = self._once(conditions_of(forbidden[action]) | unless)
                groups.setdefault((conditions_of(grants), never), []).append(action)
        is_violated = False
        for (conditions, never), actions in groups.items():
            if self._find(violation.resource, conditions, where, never) is not None:
                is_violated = True
                for action in actions:
                    for grant in violation.invariant.of(granted[action]):
                        alone = frozenset({grant.conditions})
                        model = self._find(violation.resource, alone, where, never)
                        if model is not None:
                            self._note(violation, asking, action, grant, model)
        return is_violated

    def _find(
        self,
        kind: str,
        granted: frozenset[Conditions],
        where: frozenset[Conditions],
        never: frozenset[Conditions],
    ) -> FactModel | None:
        return self._finder.find(kind, RecordQuery((granted, where), never))

    def _once(self, conditions: frozenset[Conditions]) -> frozenset[Conditions]:
        """The same object for equal sets, which are large."""
        return self._same.setdefault(conditions, conditions)

    def _note(
        self, violation: Violation, asking: _Asking, action: Action, grant: Derivation, model: FactModel
    ) -> None:
        violation.actions[action] = violation.roles[TOGETHER.join(asking.roles)] = None
        violation.principals[asking.principal] = None
        violation.rules |= dict.fromkeys(grant.rules)
        if violation.counterexample is None:
            principal, resource = replace(asking.principal, roles=asking.roles), RESOURCES[violation.resource]
            facts = choose_facts(model, principal)
            verdict = self._version.policy.check(principal, action, build_record(resource, facts, principal))
            if not verdict.allowed:
                raise Disagreement(f"{violation.invariant.position}: {verdict} at {dict(facts)}")
            violation.counterexample = action, Counterexample(principal, facts, verdict, verdict)
