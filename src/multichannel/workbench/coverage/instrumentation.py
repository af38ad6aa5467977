"""Instrumentation: how far the engine gets in the rules of a policy when it decides on a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from polar import Expression, Variable

from multichannel.policy.decide.conditions import literal_text
from multichannel.policy.decide.derivations import Derivations, Roles, is_compared, is_composed, reads_roles
from multichannel.policy.decide.oso_engine import Engine, kind_of
from multichannel.policy.language.ast import Call, terms
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import PolicySource
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.coverage.points import (
    POINT,
    VALUES,
    WATCHED,
    CoveragePoint,
    InstrumentedRule,
    instrumented_name,
)

MARKS = (Variable(POINT), Variable(VALUES))
ACTION, REASON = Variable("action"), Variable("reason")
STANDING = Variable("standing")
UNBOUND = ""


@dataclass(frozen=True, slots=True)
class ReachedPoint:
    """A point that was reached, or evaluated if it `is_watched`.

    `values` are, at the end of a rule, what it looks for in lists of words; of a watched point, what its
    subjects were, or nothing where they were still to be found.
    """

    point: int
    values: tuple[str, ...]
    is_watched: bool


_Answer: TypeAlias = tuple[str | None, ReachedPoint]
"""A point and the action for which it is reached, None for any."""
_Points: TypeAlias = Mapping[str | None, Collection[ReachedPoint]]
NO_POINTS: frozenset[ReachedPoint] = frozenset()


class Instrumentation:
    """The instrumented rules of one policy."""

    def __init__(self, source: PolicySource, watched: Collection[int] = ()) -> None:
        """The rules are loaded beside the policy with the first query for a resource type."""
        self._is_composed = is_composed(source) and not reads_roles(source)
        apart = {"has_standing"} if self._is_composed else set()
        self.probes: list[InstrumentedRule] = []
        self.points: list[CoveragePoint] = []
        for rule in source.rules:
            if rule.is_rule:
                self.probes.append(InstrumentedRule(rule, len(self.points), watched, apart))
                self.points += self.probes[-1].points
        self._guards = "\n".join(sorted(set(_guards(source))))
        self._engine = Engine(source, extra=self._about)
        self._are_grants_apart = not watched and self._is_composed
        self._derivations = Derivations(Engine(source))
        self._allow_points: dict[tuple[str, frozenset[str], Roles], _Points] = {}

    def reached(
        self, principals: Mapping[Principal, Collection[Action]], record: Any
    ) -> dict[tuple[Principal, Action], frozenset[ReachedPoint]]:
        """The points reached when principals request actions on a record. Raises PolicyFault.

        Principals of one tenant that differ in their roles share what depends on no role.
        """
        found: dict[tuple[Principal, Action], frozenset[ReachedPoint]] = {}
        shared: dict[Principal, _Points] = {}
        standings: dict[Principal, frozenset[str] | None] = {}
        for principal, actions in principals.items():
            without_roles = replace(principal, roles=()) if self._is_composed else principal
            if without_roles not in shared:
                shared[without_roles] = _by_action(self._shared_points(without_roles, record))
                standings[without_roles] = self._standings(without_roles, record)
            allowed = self._allowed_points(principal, standings[without_roles], record)
            for action in actions:
                points = (
                    each.get(key, NO_POINTS)
                    for each in (shared[without_roles], allowed)
                    for key in (None, action)
                )
                found[principal, action] = NO_POINTS.union(*points)
        return found

    def _shared_points(self, principal: Principal, record: Any) -> Iterator[_Answer]:
        """The points of queries other than `allow`."""
        yield from self._ask(record, "forbid", REASON, principal, ACTION)
        if self._is_composed:
            yield from self._ask(record, "has_standing", principal, STANDING)

    def _standings(self, principal: Principal, record: Any) -> frozenset[str] | None:
        """What `allow` depends on beside the roles, if it is composed and no grant reads the record."""
        if not (self._are_grants_apart and self._derivations.is_joined(RESOURCES[kind_of(record)])):
            return None
        answers = self._engine.ask("has_standing", principal, STANDING, record)
        return frozenset(answer.bindings["standing"] for answer in answers)

    def _allowed_points(self, principal: Principal, standings: frozenset[str] | None, record: Any) -> _Points:
        """The points of `allow`, found once for principals with the same standings and roles."""
        if standings is None:
            return _by_action(self._ask(record, "allow", principal, ACTION))
        key = kind_of(record), standings, principal.roles
        if key not in self._allow_points:
            self._allow_points[key] = _by_action(self._ask(record, "allow", principal, ACTION))
        return self._allow_points[key]

    def _ask(self, record: Any, name: str, *question: Any) -> Iterator[_Answer]:
        answers = [
            answer.bindings for answer in self._engine.ask(instrumented_name(name), *MARKS, *question, record)
        ]
        if not any(is_compared(bindings.get("action")) for bindings in answers):
            yield from ((_action(bindings), _reached(bindings)) for bindings in answers)
            return
        for action in RESOURCES[kind_of(record)].actions:
            bound = [action.value if each is ACTION else each for each in question]
            for answer in self._engine.ask(instrumented_name(name), *MARKS, *bound, record):
                yield action, _reached(answer.bindings)

    def _about(self, kind: str | None) -> str:
        """The instrumented rules that concern a resource type; all of them for None."""
        source = self._engine.source
        about = (probe.text for probe in self.probes if kind is None or concerns(source, probe.rule, kind))
        return "\n".join((*about, self._guards))


def _by_action(answers: Iterable[_Answer]) -> _Points:
    points: dict[str | None, set[ReachedPoint]] = defaultdict(set)
    for action, reached in answers:
        points[action].add(reached)
    return dict(points)


def _guards(source: PolicySource) -> Iterator[str]:
    """Rules that are never true: the engine refuses a query that no rule answers."""
    queries = {("allow", 3), ("forbid", 4), ("has_standing", 3)}
    for rule in source.rules:
        for term in terms(rule.tree) if rule.is_rule else ():
            if isinstance(term, Call):
                queries.add((term.name, len(term.arguments)))
    for name, arity in queries:
        yield f"{instrumented_name(name)}({', '.join('_' * (arity + 2))}) if false;"


def _action(bindings: Mapping[str, Any]) -> str | None:
    found = bindings.get("action")
    return found if type(found) is str else None


def _reached(bindings: Mapping[str, Any]) -> ReachedPoint:
    number = int(bindings[POINT])
    values = tuple(_value_text(value) for value in bindings[VALUES])
    return ReachedPoint(number % WATCHED, values, number >= WATCHED)


def _value_text(value: Any) -> str:
    """A value as policies write it; for a record, its type."""
    if isinstance(value, Variable | Expression):
        return UNBOUND
    if isinstance(value, Principal):
        return "the principal"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value_text, value))}]"
    if value is None or isinstance(value, str | int | bool):
        return literal_text(value)
    return f"a {kind_of(value)}"
