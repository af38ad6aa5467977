"""Candidate derivations: chains of rules with their evaluated conditions, and which of them to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from multichannel.policy.decide.conditions import COMPARISONS, MIRRORED
from multichannel.policy.language.source import Rule

PRINCIPAL, RESOURCE = "principal", "resource"
ROLES, OWN = (PRINCIPAL, "roles"), (PRINCIPAL, "tenant_id")
HAS, EXISTS = "has", "exists"
EXCHANGED = {**MIRRORED, "in": HAS}
SAME = {"==": "=", ":=": "="}

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with the text that a rule has for it.

    `place` is its path from `principal` or `resource`; it is empty for a word of the policy or of the query,
    which is not a fact.
    """

    text: str
    place: Place
    value: Any

    @property
    def path(self) -> str:
        """The place as text: `resource.customer.relationships[1].status`; nothing for a word."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return "".join(steps).removeprefix(".")


@dataclass(frozen=True, slots=True)
class EvaluatedCondition:
    """A condition of a rule, evaluated on facts.

    `holds` is None where it could not be evaluated. The `subject` must be `operator` `expected`, which is a
    value, or values of which one will do. `against` is the fact that the expected value comes from.
    """

    rule: Rule
    at: int
    text: str
    holds: bool | None
    subject: Fact | None = None
    operator: str = ""
    expected: Any = None
    against: Fact | None = None

    @property
    def line(self) -> int:
        """The line of the condition."""
        return self.rule.place(self.at)[0]

    @property
    def column(self) -> int:
        """The column of the condition, from 1."""
        return self.rule.place(self.at)[1]

    @property
    def position(self) -> str:
        """`file:line` of the condition."""
        return f"{self.rule.file}:{self.line}"

    @property
    def is_about_roles(self) -> bool:
        """Whether it requires a role of the principal."""
        return self.subject is not None and self.subject.place == ROLES and self.operator == HAS

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts it reads."""
        return tuple(fact for fact in (self.subject, self.against) if fact is not None and fact.place)


def evaluate_comparison(rule: Rule, at: int, text: str, sides: tuple[Fact, str, Fact]) -> EvaluatedCondition:
    """A comparison with both sides known; its subject is a fact of the resource, if one side is one."""
    left, operator, right = sides
    operator = SAME.get(operator, operator)
    holds = _holds(left.value, operator, right.value)
    if operator in EXCHANGED and _weight(right) > _weight(left) and (operator != "in" or not left.place):
        left, right, operator = right, left, EXCHANGED[operator]
    return EvaluatedCondition(
        rule, at, text, holds, left, operator, right.value, right if right.place else None
    )


def _holds(left: Any, operator: str, right: Any) -> bool:
    try:
        return bool(COMPARISONS[operator](left, right))
    except TypeError:
        return False  # null has no order


def _weight(fact: Fact) -> int:
    return (fact.place[:1] == (PRINCIPAL,)) + 2 * (fact.place[:1] == (RESOURCE,))


Key = tuple[int, str]
"""A variable of one use of a rule."""
SourceSpan = tuple[Rule, int, str]
"""Where a condition is written: its rule, the offset in it, and the text."""


class NotEvaluable(Exception):
    """A term without a value: its record does not exist, or it is more than a comparison of facts."""


@dataclass(frozen=True, slots=True)
class CandidateDerivation:
    """A chain of rules, outermost first, with every condition on it, whether it holds or not."""

    rules: tuple[Rule, ...] = ()
    conditions: tuple[EvaluatedCondition, ...] = ()
    bindings: Mapping[Key, Fact | Key] = field(default_factory=dict)
    queries: tuple[tuple[str, tuple[Fact | Key, ...]], ...] = ()

    @property
    def failed(self) -> tuple[EvaluatedCondition, ...]:
        """The conditions that do not hold."""
        return tuple(each for each in self.conditions if not each.holds)

    def word(self, name: str, place: int) -> str:
        """An argument of the first query of a predicate; empty if it was not queried or not bound."""
        found = next((values[place] for queried, values in self.queries if queried == name), None)
        found = None if found is None else self.resolved(found)
        return str(found.value) if isinstance(found, Fact) else ""

    def resolved(self, found: Fact | Key) -> Fact | Key:
        """The value of a variable, or the variable itself while it is unbound."""
        while isinstance(found, tuple) and found in self.bindings:
            found = self.bindings[found]
        return found

    def bound(self, key: Key, value: Fact | Key) -> CandidateDerivation:
        """The candidate with one more variable bound."""
        return replace(self, bindings={**self.bindings, key: value})

    def with_condition(self, condition: EvaluatedCondition) -> CandidateDerivation:
        """The candidate with one more condition."""
        return replace(self, conditions=(*self.conditions, condition))


Candidates = list[CandidateDerivation]


def with_comparison(
    place: SourceSpan, sides: tuple[Fact | Key, str, Fact | Key], candidate: CandidateDerivation
) -> Candidates:
    """The candidate with a comparison; none where two words differ: the rule is about something else."""
    left, operator, right = sides
    if not isinstance(left, Fact) or not isinstance(right, Fact):
        raise NotEvaluable
    condition = evaluate_comparison(*place, (left, operator, right))
    return [candidate.with_condition(condition)] if condition.holds or condition.facts else []


def with_member(place: SourceSpan, variable: Key, among: Fact, candidate: CandidateDerivation) -> Candidates:
    """A candidate for each item of a list, or one with a failed condition if the list is empty."""
    if not isinstance(among.value, list | tuple):
        raise NotEvaluable
    if not among.value and among.place:
        return [
            candidate.with_condition(EvaluatedCondition(*place, holds=False, subject=among, operator=EXISTS))
        ]
    items = (
        Fact(variable[1], (*among.place, number) if among.place else (), item)
        for number, item in enumerate(among.value)
    )
    return [
        candidate.bound(variable, item).with_condition(EvaluatedCondition(*place, holds=True, subject=item))
        for item in items
    ]


def distance(failed: Sequence[EvaluatedCondition]) -> tuple[int, int]:
    """How far failed conditions are from a grant; a tenant mismatch ranks last."""
    return len(failed), sum(each.against is not None and each.against.place == OWN for each in failed)


def nearest(candidates: Candidates, arguments: Sequence[Fact | Key]) -> Candidates:
    """Of candidates with the same rules, conditions, words and answer, the one with the fewest failures."""
    best: dict[object, CandidateDerivation] = {}
    for candidate in candidates:
        steps = tuple((each.rule.mark, each.at, _words(each)) for each in candidate.conditions)
        key = (tuple(rule.mark for rule in candidate.rules), steps, answer_of(candidate, arguments))
        if key not in best or distance(candidate.failed) < distance(best[key].failed):
            best[key] = candidate
    return list(best.values())


def _words(condition: EvaluatedCondition) -> tuple[str, ...]:
    """The words, not facts, that a condition compares."""
    subject = condition.subject
    word = str(subject.value) if subject is not None and not subject.place else ""
    return word, "" if condition.against else str(condition.expected)


def answer_of(candidate: CandidateDerivation, arguments: Sequence[Fact | Key]) -> tuple[object, ...]:
    """The values of the arguments of a query: words, or places of facts."""
    values = [candidate.resolved(argument) for argument in arguments]
    return tuple((each.place or str(each.value)) if isinstance(each, Fact) else None for each in values)


def collapse(before: CandidateDerivation, candidates: Candidates, query_span: SourceSpan) -> Candidates:
    """The candidates for one answer that hold, if any; a fact that must be one of some words fails once."""
    start = len(before.conditions)
    lacking = [
        tuple(each for each in candidate.conditions[start:] if not each.holds) for candidate in candidates
    ]
    if not all(lacking):
        return [candidate for candidate, failed in zip(candidates, lacking, strict=True) if not failed]
    first = lacking[0][0]
    failures = [each for failed in lacking for each in failed]
    expected = tuple(each.expected for each in failures)
    is_here = all((each.rule, each.at) == query_span[:2] for each in failures)
    if not is_here or len(expected) > len(candidates) or any(each.against for each in failures):
        return candidates
    return [
        before.with_condition(
            replace(first, operator="in", expected=expected) if len(expected) > 1 else first
        )
    ]
