"""Every way through the rules to a verdict on one record, those that fail too, condition by condition.

The engine decides; it does not tell what its conditions met. This walks the same rules over the same facts
and goes on where a condition fails, so that each way ends with all that it lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from typing import Any

from multichannel.policy.decide.oso_engine import kind_of
from multichannel.policy.explain.derivation import (
    Attempt,
    Key,
    OutOfReach,
    Site,
    Ways,
    answer,
    choose,
    compare,
    nearest,
    settled,
)
from multichannel.policy.explain.evaluated_condition import PRINCIPAL, RESOURCE, Fact, Tried
from multichannel.policy.language.ast import (
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Statement,
    Term,
)
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.policy.schema.vocabulary import Principal

DEEPEST = 30
"""Rules that ask each other; any deeper, they ask themselves."""
SOURCES = 64
EQUAL = {"=", "==", ":="}
COMPARED = {*EQUAL, "!=", "<", "<=", ">", ">=", "in"}

Rules = dict[str, list[tuple[Rule, Statement]]]


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a rule, and the place of the question that led to it."""

    rule: Rule
    number: int
    depth: int
    asked_at: Site | None

    def place(self, term: Term) -> Site:
        """Where a term stands, and what it says."""
        return self.rule, term.span.start, self.said(term)

    def said(self, term: Term) -> str:
        """The term as it is written, on one line."""
        return " ".join(self.rule.text[term.span.start : term.span.end].split())


def attempts(source: PolicySource, name: str, *arguments: Any) -> Ways:
    """Every way to `name(arguments...)`, and what each meets; None stands for what is to be found.

    Strings are words of the question: a rule about other words is no way. A principal and a record are facts:
    what rules ask of them is told, whether it holds or not.
    """
    return _Walk(_rules(source, kind_of(arguments[-1]))).ask(name, arguments)


@lru_cache(SOURCES)
def _rules(source: PolicySource, kind: str) -> Rules:
    """The rules by name, but for those about records of other kinds."""
    found: Rules = {}
    for rule in source.rules:
        if rule.is_rule and (not source.is_separable or concerns(source, rule, kind)):
            found.setdefault(rule.name, []).append((rule, rule.tree))
    return found


class _Walk:
    """Goes all ways through one policy."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._numbers = count()

    def ask(self, name: str, arguments: Iterable[Any]) -> Ways:
        """The ways of all rules of a name."""
        given = [(-1, str(place)) if each is None else _given(each) for place, each in enumerate(arguments)]
        start = Attempt(asked=((name, tuple(given)),))
        return [way for rule in self._rules.get(name, ()) for way in self._use(*rule, given, start, None)]

    def _use(
        self,
        rule: Rule,
        statement: Statement,
        given: Sequence[Fact | Key],
        way: Attempt,
        asking: tuple[_Use, Term] | None,
    ) -> Ways:
        """The ways through one rule; of those that differ in the records they choose, the nearest."""
        depth = asking[0].depth + 1 if asking else 0
        if len(statement.parameters) != len(given) or depth > DEEPEST:
            return []
        use = _Use(rule, next(self._numbers), depth, asking[0].place(asking[1]) if asking else None)
        ways = [replace(way, rules=(*way.rules, rule))]
        for parameter, argument in zip(statement.parameters, given, strict=True):
            ways = [found for each in ways for found in self._meet(parameter, argument, use, each)]
        if statement.body is not None:
            ways = [found for each in ways for found in self._solve(statement.body, use, each)]
        return nearest(ways, given)

    def _meet(self, parameter: Parameter, argument: Fact | Key, use: _Use, way: Attempt) -> Ways:
        """What a parameter asks of an argument."""
        argument, term = way.resolved(argument), parameter.term
        if isinstance(argument, Fact) and not _is(argument.value, parameter.kind):
            return []
        ways = [way]
        if isinstance(argument, Fact) and isinstance(parameter.pattern, Pattern):
            for name, value in parameter.pattern.fields:
                fact = _attribute(argument, name, f"{use.said(term)}.{name}")
                ways = [
                    found
                    for each in ways
                    for found in compare(use.place(value), (fact, "=", self._value(value, use, each)), each)
                ]
        key = (use.number, term.name) if isinstance(term, Name) else None
        if key and (key[1] == "_" or key not in way.bindings):
            return [each.bound(key, argument) for each in ways]
        return [found for each in ways for found in self._match(term, argument, use, each)]

    def _match(self, term: Term, argument: Fact | Key, use: _Use, way: Attempt) -> Ways:
        """A parameter that is a value, or a name that was met before."""
        value = self._value(term, use, way)
        if not isinstance(argument, Fact):
            return [way.bound(argument, value)]
        if isinstance(value, Fact) and not argument.place and not value.place:
            return [way] if argument.value == value.value else []
        return compare(use.asked_at or use.place(term), (argument, "=", value), way)

    def _solve(self, term: Term, use: _Use, way: Attempt) -> Ways:
        """The ways on from a way through a condition."""
        try:
            return self._tried(term, use, way)
        except OutOfReach:
            return [way.trying(Tried(*use.place(term), None))]

    def _tried(self, term: Term, use: _Use, way: Attempt) -> Ways:
        if isinstance(term, Call):
            return self._call(term, use, way)
        if isinstance(term, Literal):
            return [way] if term.value is True else []
        if not isinstance(term, Operation):
            raise OutOfReach
        if term.operator == "or":
            return [found for part in term.operands for found in self._solve(part, use, way)]
        if term.operator == "not":
            return self._not(term, use, way)
        if term.operator in COMPARED:
            return self._compare(term, use, way)
        if term.operator != "and":
            raise OutOfReach
        ways = [way]
        for part in term.operands:
            ways = [found for each in ways for found in self._solve(part, use, each)]
        return ways

    def _compare(self, term: Operation, use: _Use, way: Attempt) -> Ways:
        left, right = (self._value(operand, use, way) for operand in term.operands)
        if isinstance(left, Fact) and isinstance(right, Fact):
            return compare(use.place(term), (left, term.operator, right), way)
        if not isinstance(left, Fact):
            if term.operator in EQUAL:
                return [way.bound(left, right)]
            if term.operator == "in" and isinstance(right, Fact):
                return choose(use.place(term), left, right, way)
        elif term.operator in EQUAL and not isinstance(right, Fact):
            return [way.bound(right, left)]
        raise OutOfReach

    def _not(self, term: Operation, use: _Use, way: Attempt) -> Ways:
        within = self._solve(term.operands[0], use, way)
        new = [each.tried[len(way.tried) :] for each in within]
        if any(tried.holds is None for each in new for tried in each):
            raise OutOfReach
        holds = not any(all(tried.holds for tried in each) for each in new)
        subject = next((tried.subject for each in new for tried in each), None)
        return [way.trying(Tried(*use.place(term), holds, subject, "not"))]

    def _call(self, term: Call, use: _Use, way: Attempt) -> Ways:
        """The ways through all rules that can answer a question to other rules."""
        if term.name not in self._rules:
            raise OutOfReach
        given = [self._value(argument, use, way) for argument in term.arguments]
        asked = replace(way, asked=(*way.asked, (term.name, tuple(given))))
        found = [
            each for rule in self._rules[term.name] for each in self._use(*rule, given, asked, (use, term))
        ]
        answers: dict[object, Ways] = {}
        for each in found:
            answers.setdefault(answer(each, given), []).append(each)
        return [each for ways in answers.values() for each in settled(asked, ways, use.place(term))]

    def _value(self, term: Term, use: _Use, way: Attempt) -> Fact | Key:
        if isinstance(term, Literal):
            return Fact(use.said(term), (), term.value)
        if isinstance(term, Name):
            found = way.resolved((use.number, term.name))
            return Fact(term.name, found.place, found.value) if isinstance(found, Fact) else found
        if isinstance(term, ListLiteral):
            items = [self._value(item, use, way) for item in term.items]
            return Fact(use.said(term), (), [item.value for item in items if isinstance(item, Fact)])
        if isinstance(term, Dot) and term.arguments is None:
            owner = self._value(term.subject, use, way)
            if isinstance(owner, Fact):
                return _attribute(owner, term.name, use.said(term))
        raise OutOfReach


def _given(argument: Any) -> Fact:
    if isinstance(argument, str):
        return Fact(argument, (), argument)
    place = PRINCIPAL if isinstance(argument, Principal) else RESOURCE
    return Fact(place, (place,), argument)


def _is(value: Any, kind: str | None) -> bool:
    if kind == "Principal" or kind in RESOURCES:
        return kind_of(value) == kind
    return kind != "String" or isinstance(value, str)


def _attribute(owner: Fact, name: str, text: str) -> Fact:
    if name not in getattr(type(owner.value), "__slots__", ()):
        raise OutOfReach
    return Fact(text, (*owner.place, name), getattr(owner.value, name))
