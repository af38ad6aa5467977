"""Two whole versions compared: for every principal, each role alone, every action on every kind of record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.sample_principals import all_principals, markets_in, roles_of, with_role
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.cell_diff import Comparison, Difference, View, asked
from multichannel.workbench.diff.changes import (
    Bound,
    Change,
    Changes,
    Cited,
    Diff,
    Direction,
    Disagreement,
    Key,
    Rewriting,
    Witness,
    alike,
)
from multichannel.workbench.diff.counterexample import chosen, record
from multichannel.workbench.diff.model_finder import Search
from multichannel.workbench.diff.policy_version import Granted, PolicyVersion
from multichannel.workbench.diff.principal_groups import PrincipalGroup, grouped
from multichannel.workbench.diff.statements import edits, subject
from multichannel.workbench.diff.violations import Violation, Violations
from multichannel.workbench.invariants import Invariant

ROWS = 2
"""How many rows each relation of a record has, at most."""


class Comparing:
    """Two versions side by side; what was asked for one answer is not asked again for another."""

    def __init__(self, old: Policy, new: Policy) -> None:
        """Nothing is compared yet."""
        self._old, self._new = PolicyVersion("old", old), PolicyVersion("new", new)
        self._edits = edits(old.source, new.source)
        self._everybody = all_principals(markets_in(old.source, new.source))
        self._search = Search(ROWS)
        self._changes: dict[Key, Change] = {}
        self._size: dict[Key, int] = {}
        self._asked: dict[str, int] = {}
        self._decisions = 0
        self._known: dict[tuple[object, ...], tuple[Difference, ...]] = {}

    def violations(self, invariants: Iterable[Invariant]) -> tuple[Violation, ...]:
        """What breaks invariants in the new version, whatever the old one did."""
        held = Violations(self._new, Search(ROWS), self._everybody)
        return tuple(violation for invariant in invariants for violation in held.of(invariant))

    def groups(self, found: Iterable[Principal]) -> tuple[PrincipalGroup, ...]:
        """Some of the principals in the fewest words."""
        return grouped(found, self._everybody)

    def diff(self) -> Diff:
        """What differs."""
        compared = [resource for resource in RESOURCES.values() if self._concerns(resource)]
        for resource in compared:
            self._compare(resource)
        changes = tuple(self._together(group) for group in alike(self._worth_telling()))
        return Diff(changes, tuple(self._rewritings()), self._edits.text_only, self._bound(compared))

    def _concerns(self, resource: Resource) -> bool:
        apart = self._old.policy.source.is_separable and self._new.policy.source.is_separable
        some = bool(self._edits.added or self._edits.removed)
        return some and (not apart or self._edits.concern(resource.name))

    def _is_joined(self, resource: Resource) -> bool:
        return self._old.is_joined(resource) and self._new.is_joined(resource)

    def _compare(self, resource: Resource) -> None:
        asking = self._everybody
        self._asked[resource.name] = len(asking)
        for principal in asking:
            for role in roles_of(principal.kind):
                self._decisions += len(resource.actions)
                for difference in self._differences(principal, role, resource):
                    self._note(difference, principal, role, resource)

    def _differences(self, principal: Principal, role: str, resource: Resource) -> tuple[Difference, ...]:
        """Asked once for all principals of whom both versions ask the same."""
        if self._is_joined(resource) or self._seem_to_differ(principal, role, resource):
            return self._told(principal, role, resource)
        return ()

    def _seem_to_differ(self, principal: Principal, role: str, resource: Resource) -> bool:
        """Whether versions ask anything else; rules are not traced for it, which is half the time."""
        old, new = (
            (side.granted(principal, role, resource, trace=False), side.forbidden(principal, role, resource))
            for side in (self._old, self._new)
        )
        return any(
            asked(_view("old", action, *old)) != asked(_view("new", action, *new))
            for action in resource.actions
        )

    def _told(self, principal: Principal, role: str, resource: Resource) -> tuple[Difference, ...]:
        old, new = (
            (side.granted(principal, role, resource), side.forbidden(principal, role, resource))
            for side in (self._old, self._new)
        )
        key = (resource.name, *map(id, (*old, *new)))
        if key not in self._known:
            comparison = Comparison(resource.name, self._search)
            self._known[key] = tuple(
                difference
                for action in resource.actions
                for difference in comparison.differences(
                    action, _view("old", action, *old), _view("new", action, *new)
                )
            )
        return self._known[key]

    def _note(self, difference: Difference, principal: Principal, role: str, resource: Resource) -> None:
        key = Key(difference.direction, resource.name, difference.action, difference.cause, role)
        change = self._changes.setdefault(key, Change(key))
        change.principals.add(principal)
        edited = {"old": self._edits.removed, "new": self._edits.added}
        change.rules |= {Cited(side, rule, rule in edited[side]): None for side, rule in difference.rules}
        change.rules |= self._verdicts_edited
        shown = change.witness
        if shown is None or (
            len(difference.found) < self._size[key] and shown.principal.kind is principal.kind
        ):
            self._size[key] = len(difference.found)
            change.witness = self._witness(key, difference, with_role(principal, role), resource)

    @cached_property
    def _verdicts_edited(self) -> dict[Cited, None]:
        """The `allow` of both versions where it differs: whatever turns may turn by it."""
        edited = (("old", self._edits.removed), ("new", self._edits.added))
        return {
            Cited(side, rule, is_edited=True): None
            for side, rules in edited
            for rule in rules
            if rule.name == "allow"
        }

    def _witness(self, key: Key, difference: Difference, principal: Principal, resource: Resource) -> Witness:
        """The record, when both versions have been asked for their word on it."""
        facts = chosen(difference.found, principal)
        whole = record(resource, facts, principal)
        before, after = (side.policy.check(principal, key.action, whole) for side in (self._old, self._new))
        expected = {
            Direction.ALLOWED: (False, True),
            Direction.DENIED: (True, False),
            Direction.REASON: (False, False),
        }
        if (before.allowed, after.allowed) != expected[key.direction]:
            raise Disagreement(f"{key.name}: {before} and {after} at {whole} for {principal}")
        return Witness(principal, facts, before, after)

    def _together(self, group: Sequence[Change]) -> Changes:
        first = min(group, key=lambda change: self._size[change.key])
        if first.witness is None:
            raise Disagreement(f"{first.key.name} was found nowhere")
        actions = dict.fromkeys(change.key.action for change in group)
        return Changes(
            first.key.direction,
            first.key.resource,
            _in_order(actions, RESOURCES[first.key.resource].actions),
            first.key.cause,
            tuple(sorted({change.key.role for change in group})),
            grouped(first.principals, self._everybody),
            len(first.principals),
            tuple(dict.fromkeys(cited for change in group for cited in change.rules)),
            first.witness,
            tuple(sorted(change.key.name for change in group)),
        )

    def _worth_telling(self) -> Iterator[Change]:
        """Without reasons that come or go with a restriction by which others are newly allowed or denied."""
        turning = {_caused(key) for key in self._changes if key.direction is not Direction.REASON}
        for key, change in self._changes.items():
            if key.direction is not Direction.REASON or _caused(key) not in turning:
                yield change

    def _rewritings(self) -> Iterator[Rewriting]:
        """Edited statements by their heads, where no change cites one of them."""
        cited = {(each.side, each.rule) for change in self._changes.values() for each in change.rules}
        groups: dict[tuple[str, ...], tuple[list[Rule], list[Rule]]] = {}
        for at, rules in enumerate((self._edits.removed, self._edits.added)):
            for rule in rules:
                groups.setdefault(subject(rule), ([], []))[at].append(rule)
        for old, new in groups.values():
            if not {*(("old", rule) for rule in old), *(("new", rule) for rule in new)} & cited:
                yield Rewriting(tuple(old), tuple(new))

    def _bound(self, compared: Iterable[Resource]) -> Bound:
        return Bound(
            principals=self._asked,
            decisions=self._decisions,
            rows=ROWS,
            values={
                path: tuple(sorted(values, key=lambda value: (value is None, str(value))))
                for path, values in sorted(self._search.values.items())
            },
            questions=self._search.asked,
            capped=self._search.capped,
            roles_decide=tuple(resource.name for resource in compared if self._by_roles(resource)),
        )

    def _by_roles(self, resource: Resource) -> bool:
        return any(version.reads_roles(resource) for version in (self._old, self._new))


def _view(side: str, action: Action, granted: Granted, barred: tuple[Derivation, ...]) -> View:
    return View(side, granted[action], tuple(part for part in barred if part.action in {None, action}))


def _caused(key: Key) -> tuple[str, Action, str]:
    return key.resource, key.action, key.cause


def _in_order(found: Iterable[Action], order: Sequence[Action]) -> tuple[Action, ...]:
    return tuple(sorted(found, key=order.index))
