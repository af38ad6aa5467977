"""An interpreter of rules that goes on where a condition fails, to explain decisions condition by condition.

The engine decides, but does not report the values that conditions met. This walks the same rules over the
same facts, so that each candidate derivation ends with everything that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from typing import Any

from multichannel.policy.decide.oso_engine import kind_of
from multichannel.policy.explain.derivation import (
    PRINCIPAL,
    RESOURCE,
    CandidateDerivation,
    Candidates,
    EvaluatedCondition,
    Fact,
    Key,
    NotEvaluable,
    SourceSpan,
    answer_of,
    collapse,
    nearest,
    with_comparison,
    with_member,
)
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
"""The depth of queries between rules; anything deeper is a recursion."""
SOURCES = 64
EQUAL = {"=", "==", ":="}
COMPARISONS = {*EQUAL, "!=", "<", "<=", ">", ">=", "in"}

Rules = dict[str, list[Rule]]


@dataclass(frozen=True, slots=True)
class _RuleUse:
    """One use of a rule, with the place of the query that led to it."""

    rule: Rule
    number: int
    depth: int
    query_span: SourceSpan | None

    def place(self, term: Term) -> SourceSpan:
        """Where a term is written, and its text."""
        return self.rule, term.span.start, self.text(term)

    def text(self, term: Term) -> str:
        """The text of a term, on one line."""
        return " ".join(self.rule.text[term.span.start : term.span.end].split())


def candidate_derivations(source: PolicySource, name: str, *arguments: Any) -> Candidates:
    """Every candidate derivation of `name(arguments...)`; None stands for a variable.

    Strings are words of the query: rules about other words are left out. The principal and the record are
    facts: conditions on them are in the result, whether they hold or not.
    """
    return _Interpreter(_rules(source, kind_of(arguments[-1]))).ask(name, arguments)


@lru_cache(SOURCES)
def _rules(source: PolicySource, kind: str) -> Rules:
    """The rules by name, without those about other resource types."""
    extended: Rules = {}
    for rule in source.rules:
        if rule.is_rule and (not source.is_separable or concerns(source, rule, kind)):
            extended.setdefault(rule.name, []).append(rule)
    return extended


class _Interpreter:
    """Finds candidate derivations in one policy."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._numbers = count()

    def ask(self, name: str, arguments: Iterable[Any]) -> Candidates:
        """The candidates of all rules of a name."""
        arguments = [
            (-1, str(place)) if each is None else _fact(each) for place, each in enumerate(arguments)
        ]
        start = CandidateDerivation(queries=((name, tuple(arguments)),))
        return [
            candidate
            for rule in self._rules.get(name, ())
            for candidate in self._use(rule, arguments, start, None)
        ]

    def _use(
        self,
        rule: Rule,
        arguments: Sequence[Fact | Key],
        candidate: CandidateDerivation,
        query: tuple[_RuleUse, Term] | None,
    ) -> Candidates:
        """The candidates of one rule; of those that differ only in the records they choose, the nearest."""
        statement, depth = rule.tree, query[0].depth + 1 if query else 0
        if len(statement.parameters) != len(arguments) or depth > DEEPEST:
            return []
        if _is_about_other_words(statement, arguments, candidate):
            return []
        use = _RuleUse(rule, next(self._numbers), depth, query[0].place(query[1]) if query else None)
        candidates = [replace(candidate, rules=(*candidate.rules, rule))]
        for parameter, argument in zip(statement.parameters, arguments, strict=True):
            candidates = [
                extended for each in candidates for extended in self._meet(parameter, argument, use, each)
            ]
        if statement.body is not None:
            candidates = [
                extended for each in candidates for extended in self._solve(statement.body, use, each)
            ]
        return nearest(candidates, arguments)

    def _meet(
        self, parameter: Parameter, argument: Fact | Key, use: _RuleUse, candidate: CandidateDerivation
    ) -> Candidates:
        """The candidates that match an argument with a parameter."""
        argument, term = candidate.resolved(argument), parameter.term
        if isinstance(argument, Fact) and not _is(argument.value, parameter.kind):
            return []
        candidates = [candidate]
        if isinstance(argument, Fact) and isinstance(parameter.pattern, Pattern):
            for name, value in parameter.pattern.fields:
                fact = _attribute(argument, name, f"{use.text(term)}.{name}")
                candidates = [
                    extended
                    for each in candidates
                    for extended in with_comparison(
                        use.place(value), (fact, "=", self._value(value, use, each)), each
                    )
                ]
        key = (use.number, term.name) if isinstance(term, Name) else None
        if key and (key[1] == "_" or key not in candidate.bindings):
            return [each.bound(key, argument) for each in candidates]
        return [extended for each in candidates for extended in self._match(term, argument, use, each)]

    def _match(
        self, term: Term, argument: Fact | Key, use: _RuleUse, candidate: CandidateDerivation
    ) -> Candidates:
        """The candidates where an argument equals a value or a variable that is bound."""
        value = self._value(term, use, candidate)
        if not isinstance(argument, Fact):
            return [candidate.bound(argument, value)]
        if isinstance(value, Fact) and not argument.place and not value.place:
            return [candidate] if argument.value == value.value else []
        return with_comparison(use.query_span or use.place(term), (argument, "=", value), candidate)

    def _solve(self, term: Term, use: _RuleUse, candidate: CandidateDerivation) -> Candidates:
        """The candidates with a condition added."""
        try:
            return self._evaluate(term, use, candidate)
        except NotEvaluable:
            return [candidate.with_condition(EvaluatedCondition(*use.place(term), None))]

    def _evaluate(self, term: Term, use: _RuleUse, candidate: CandidateDerivation) -> Candidates:
        if isinstance(term, Call):
            return self._call(term, use, candidate)
        if isinstance(term, Literal):
            return [candidate] if term.value is True else []
        if not isinstance(term, Operation):
            raise NotEvaluable
        if term.operator == "or":
            return [extended for part in term.operands for extended in self._solve(part, use, candidate)]
        if term.operator == "not":
            return self._not(term, use, candidate)
        if term.operator in COMPARISONS:
            return self._compare(term, use, candidate)
        if term.operator != "and":
            raise NotEvaluable
        candidates = [candidate]
        for part in term.operands:
            candidates = [extended for each in candidates for extended in self._solve(part, use, each)]
        return candidates

    def _compare(self, term: Operation, use: _RuleUse, candidate: CandidateDerivation) -> Candidates:
        left, right = (self._value(operand, use, candidate) for operand in term.operands)
        if isinstance(left, Fact) and isinstance(right, Fact):
            return with_comparison(use.place(term), (left, term.operator, right), candidate)
        if not isinstance(left, Fact):
            if term.operator in EQUAL:
                return [candidate.bound(left, right)]
            if term.operator == "in" and isinstance(right, Fact):
                return with_member(use.place(term), left, right, candidate)
        elif term.operator in EQUAL and not isinstance(right, Fact):
            return [candidate.bound(right, left)]
        raise NotEvaluable

    def _not(self, term: Operation, use: _RuleUse, candidate: CandidateDerivation) -> Candidates:
        within = self._solve(term.operands[0], use, candidate)
        new = [each.conditions[len(candidate.conditions) :] for each in within]
        if any(condition.holds is None for each in new for condition in each):
            raise NotEvaluable
        holds = not any(all(condition.holds for condition in each) for each in new)
        subject = next((condition.subject for each in new for condition in each), None)
        return [candidate.with_condition(EvaluatedCondition(*use.place(term), holds, subject, "not"))]

    def _call(self, term: Call, use: _RuleUse, candidate: CandidateDerivation) -> Candidates:
        """The candidates of all rules that can answer a query."""
        if term.name not in self._rules:
            raise NotEvaluable
        arguments = [self._value(argument, use, candidate) for argument in term.arguments]
        queried = replace(candidate, queries=(*candidate.queries, (term.name, tuple(arguments))))
        extended = [
            each
            for rule in self._rules[term.name]
            for each in self._use(rule, arguments, queried, (use, term))
        ]
        answers: dict[object, Candidates] = {}
        for each in extended:
            answers.setdefault(answer_of(each, arguments), []).append(each)
        return [
            each for candidates in answers.values() for each in collapse(queried, candidates, use.place(term))
        ]

    def _value(self, term: Term, use: _RuleUse, candidate: CandidateDerivation) -> Fact | Key:
        if isinstance(term, Literal):
            return Fact(use.text(term), (), term.value)
        if isinstance(term, Name):
            extended = candidate.resolved((use.number, term.name))
            return Fact(term.name, extended.place, extended.value) if isinstance(extended, Fact) else extended
        if isinstance(term, ListLiteral):
            items = [self._value(item, use, candidate) for item in term.items]
            return Fact(use.text(term), (), [item.value for item in items if isinstance(item, Fact)])
        if isinstance(term, Dot) and term.arguments is None:
            owner = self._value(term.subject, use, candidate)
            if isinstance(owner, Fact):
                return _attribute(owner, term.name, use.text(term))
        raise NotEvaluable


def _is_about_other_words(
    statement: Statement, arguments: Sequence[Fact | Key], candidate: CandidateDerivation
) -> bool:
    """Whether a rule is written for another word than an argument, as most grants are."""
    for parameter, argument in zip(statement.parameters, arguments, strict=True):
        if isinstance(parameter.term, Literal):
            known = candidate.resolved(argument)
            if isinstance(known, Fact) and not known.place and known.value != parameter.term.value:
                return True
    return False


def _fact(argument: Any) -> Fact:
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
        raise NotEvaluable
    return Fact(text, (*owner.place, name), getattr(owner.value, name))
