"""Two whole versions compared: for every principal and set of roles, every action on every resource type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations

from multichannel.policy.decide.derivations import Derivation, Roles
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.cell_diff import CellComparison, CellDifference, VersionCell
from multichannel.workbench.diff.changes import (
    ChangeGroup,
    ChangeKey,
    CitedRule,
    ComparisonBounds,
    Counterexample,
    Direction,
    Disagreement,
    PolicyDiff,
    Rewriting,
    VerdictChange,
    group_changes,
)
from multichannel.workbench.diff.counterexample import build_record, choose_facts
from multichannel.workbench.diff.model_finder import ModelFinder
from multichannel.workbench.diff.policy_version import DerivationsByAction, PolicyVersion
from multichannel.workbench.diff.principals import PrincipalClasses, RoleReading, role_reading
from multichannel.workbench.diff.statements import find_edits, subject

Step = tuple[Resource, Principal]
Derived = tuple[DerivationsByAction, DerivationsByAction]
"""What a version grants and what it forbids."""


class PolicyComparison:
    """Two versions of a policy; queries are cached between the comparisons of principals."""

    def __init__(self, old: PolicyVersion, new: PolicyVersion) -> None:
        self._old, self._new = old, new
        sources = old.policy.source, new.policy.source
        self._edits = find_edits(*sources)
        self._classes = PrincipalClasses((old, new))
        self._finder = ModelFinder()
        self._changes: dict[ChangeKey, VerdictChange] = {}
        self._size: dict[ChangeKey, int] = {}
        self._known: dict[tuple[object, ...], tuple[CellDifference, ...]] = {}
        self._comparisons = {name: CellComparison(name, self._finder) for name in RESOURCES}
        self._role_readings: dict[str, RoleReading] = {}
        self._differing: dict[tuple[int, int], frozenset[Action]] = {}

    def diff(self, track: Callable[[Sequence[Step]], Iterable[Step]] = iter) -> PolicyDiff:
        """All differences; `track` shows how far the comparison is."""
        compared = [resource for resource in RESOURCES.values() if self._concerns(resource)]
        steps = [(resource, principal) for resource in compared for principal in self._classes.of(resource)]
        for resource, principal in track(steps):
            self._compare(resource, principal)
        changes = tuple(self._together(group) for group in group_changes(self._reported()))
        return PolicyDiff(changes, tuple(self._rewritings()), self._edits.text_only, self._bounds(compared))

    def _compare(self, resource: Resource, principal: Principal) -> None:
        for roles in self._roles(resource).sets(principal.kind):
            for difference in self._differences(principal, roles, resource):
                self._record(difference, principal, roles, resource)

    def _roles(self, resource: Resource) -> RoleReading:
        if resource.name not in self._role_readings:
            self._role_readings[resource.name] = role_reading((self._old, self._new), resource)
        return self._role_readings[resource.name]

    def _concerns(self, resource: Resource) -> bool:
        """Whether a statement differs that can concern a resource type."""
        are_separable = self._old.policy.source.is_separable and self._new.policy.source.is_separable
        edits = (self._old, self._edits.removed), (self._new, self._edits.added)
        return any(rules and (not are_separable or version.uses(rules, resource)) for version, rules in edits)

    def _differences(
        self, principal: Principal, roles: Roles, resource: Resource
    ) -> tuple[CellDifference, ...]:
        """Computed once for all principals of whom both versions require the same.

        Where `allow` has to be evaluated, only cells that differ are traced, which saves half the time.
        """
        is_joined = self._old.is_joined(resource) and self._new.is_joined(resource)
        derived = self._derived(principal, roles, resource, trace=is_joined)
        if not self._differing_actions(*derived):
            return ()
        if not is_joined:
            derived = self._derived(principal, roles, resource, trace=True)
        key = (resource.name, *(id(each) for both in derived for each in both))
        if key not in self._known:
            comparison = self._comparisons[resource.name]
            actions = self._differing_actions(*derived)
            self._known[key] = tuple(
                difference
                for action in resource.actions
                if action in actions
                for difference in comparison.differences(action, *_cells(derived, action))
            )
        return self._known[key]

    def _derived(
        self, principal: Principal, roles: Roles, resource: Resource, *, trace: bool
    ) -> tuple[Derived, Derived]:
        old, new = (
            (
                version.granted(principal, roles, resource, trace=trace),
                version.forbidden(principal, roles, resource),
            )
            for version in (self._old, self._new)
        )
        return old, new

    def _differing_actions(self, old: Derived, new: Derived) -> frozenset[Action]:
        """The actions for which a version requires something else of records, or can give other reasons."""
        actions: frozenset[Action] = frozenset()
        for before, after, requirement in zip(old, new, (_condition, _reason), strict=True):
            key = id(before), id(after)
            if key not in self._differing:
                self._differing[key] = frozenset(
                    action
                    for action in before
                    if set(map(requirement, before[action])) != set(map(requirement, after[action]))
                )
            actions |= self._differing[key]
        return actions

    def _record(
        self, difference: CellDifference, principal: Principal, roles: Roles, resource: Resource
    ) -> None:
        key = ChangeKey(difference.direction, resource.name, difference.action, difference.cause, roles)
        if any(principal in self._changes[each].principals for each in self._of_fewer_roles(key)):
            return
        change = self._changes.setdefault(key, VerdictChange(key))
        change.principals.add(principal)
        for version, rule in difference.rules:
            change.rules[CitedRule(version, rule, rule in self._edits.by_version[version])] = None
        change.rules |= self._edited_allow
        example = change.counterexample
        if example is None or (
            len(difference.model) < self._size[key] and example.principal.kind is principal.kind
        ):
            self._size[key] = len(difference.model)
            change.counterexample = self._example(key, difference, replace(principal, roles=roles), resource)

    def _of_fewer_roles(self, key: ChangeKey) -> Iterator[ChangeKey]:
        """The same change of some of these roles, which tells of it already."""
        for size in range(1, len(key.roles)):
            for roles in combinations(key.roles, size):
                fewer = replace(key, roles=roles)
                if fewer in self._changes:
                    yield fewer

    @cached_property
    def _edited_allow(self) -> dict[CitedRule, None]:
        """The `allow` of both versions if it differs: every change may come from it."""
        return {
            CitedRule(version, rule, is_edited=True): None
            for version, rules in self._edits.by_version.items()
            for rule in rules
            if rule.name == "allow"
        }

    def _example(
        self, key: ChangeKey, difference: CellDifference, principal: Principal, resource: Resource
    ) -> Counterexample:
        """The record, after both versions have confirmed their verdicts on it."""
        facts = choose_facts(difference.model, principal)
        record = build_record(resource, facts, principal)
        before, after = (
            version.policy.check(principal, key.action, record) for version in (self._old, self._new)
        )
        expected = key.direction is Direction.DENIED, key.direction is Direction.ALLOWED
        if (before.allowed, after.allowed) != expected:
            raise Disagreement(f"{key.name}: {before} and {after} at {record} for {principal}")
        return Counterexample(principal, facts, before, after)

    def _together(self, group: Sequence[VerdictChange]) -> ChangeGroup:
        first = min(group, key=lambda change: self._size[change.key])
        if first.counterexample is None:
            raise Disagreement(f"{first.key.name} has no counterexample")
        actions = dict.fromkeys(change.key.action for change in group)
        return ChangeGroup(
            first.key.direction,
            first.key.resource,
            tuple(sorted(actions, key=RESOURCES[first.key.resource].actions.index)),
            first.key.cause,
            tuple(sorted({change.key.role for change in group})),
            self._classes.groups(first.principals, RESOURCES[first.key.resource]),
            self._classes.size(first.principals, RESOURCES[first.key.resource]),
            tuple(dict.fromkeys(cited for change in group for cited in change.rules)),
            first.counterexample,
            tuple(sorted(change.key.name for change in group)),
        )

    def _reported(self) -> Iterator[VerdictChange]:
        """Without new reasons of a restriction by which others are newly allowed or denied."""
        causes = {
            (key.resource, key.action, key.cause)
            for key in self._changes
            if key.direction is not Direction.REASON
        }
        for key, change in self._changes.items():
            if key.direction is not Direction.REASON or (key.resource, key.action, key.cause) not in causes:
                yield change

    def _rewritings(self) -> Iterator[Rewriting]:
        """Edited statements by their heads, where no change cites one of them."""
        cited = {(each.version, each.rule) for change in self._changes.values() for each in change.rules}
        groups: dict[tuple[str, ...], tuple[list[Rule], list[Rule]]] = {}
        for at, rules in enumerate(self._edits.by_version.values()):
            for rule in rules:
                groups.setdefault(subject(rule), ([], []))[at].append(rule)
        for old, new in groups.values():
            if not {*(("old", rule) for rule in old), *(("new", rule) for rule in new)} & cited:
                yield Rewriting(tuple(old), tuple(new))

    def _bounds(self, compared: Sequence[Resource]) -> ComparisonBounds:
        readings = {resource.name: self._roles(resource) for resource in compared}
        return ComparisonBounds(
            principals={resource.name: len(self._classes.of(resource)) for resource in compared},
            decisions=sum(
                len(readings[resource.name].sets(principal.kind)) * len(resource.actions)
                for resource in compared
                for principal in self._classes.of(resource)
            ),
            rows=self._finder.rows,
            roles={name: reading.most for name, reading in readings.items()},
            values={
                path: tuple(sorted(values, key=lambda value: (value is None, str(value))))
                for path, values in sorted(self._finder.values.items())
            },
            queries=self._finder.queries,
            given_up=self._finder.given_up,
            unclear=tuple(
                dict.fromkeys(rule.position for reading in readings.values() for rule in reading.unclear)
            ),
        )


def _condition(grant: Derivation) -> object:
    return grant.conditions


def _reason(restriction: Derivation) -> object:
    return restriction.name, restriction.conditions


def _cells(derived: tuple[Derived, Derived], action: Action) -> tuple[VersionCell, VersionCell]:
    old, new = (
        VersionCell(name, granted[action], forbidden[action])
        for name, (granted, forbidden) in zip(("old", "new"), derived, strict=True)
    )
    return old, new
