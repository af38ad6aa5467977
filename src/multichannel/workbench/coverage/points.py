"""The points of a rule (its head and conditions), and the instrumented rule that reports which are reached.

A probe has the head and the conditions of its rule, and holds once for every point that is reached. Where a
condition asks other rules, it asks their probes for the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from multichannel.policy.language.ast import (
    COMPARISONS,
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Pattern,
    Term,
    children,
    conjuncts,
    walk,
)
from multichannel.policy.language.parser import BUILTINS
from multichannel.policy.language.source import Rule

POINT, VALUES = "probed_point", "probed_values"
WATCHED = 1_000_000
"""Added to the number of a watched point that is evaluated."""


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """The head of a rule (then it has no `term`), a condition, or a part of an alternative of an `or`.

    `after` is the point after which it is evaluated.
    """

    number: int
    rule: Rule
    term: Term | None = None
    after: int | None = None
    is_alternative: bool = False

    @property
    def text(self) -> str:
        """The text, on one line."""
        if self.term is None:
            return " ".join(self.rule.text[: self.rule.tree.head.end].split())
        return _text(self.rule, self.term)

    @property
    def place(self) -> tuple[int, int]:
        """Line and column."""
        return self.rule.place(self.term.span.start if self.term else 0)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The facts and variables that the condition is about."""
        return tuple(dict.fromkeys(_text(self.rule, each) for each in _subjects(self.term)))


def instrumented_name(name: str) -> str:
    """The name of the instrumented rules of a predicate."""
    return f"probe_{name}"


class InstrumentedRule:
    """One instrumented rule; its points are numbered from `first`, which is its head."""

    def __init__(
        self, rule: Rule, first: int, watched: Collection[int] = (), apart: Collection[str] = ()
    ) -> None:
        """The rule also reports when a point of `watched` is evaluated, with the values of its subjects.

        Rules named in `apart` are queried separately, not by this one.
        """
        self.rule = rule
        self._apart = apart
        self._first = first
        self._watched = watched
        self.points = [CoveragePoint(first, rule)]
        self._statement = rule.tree
        self._conditions = conjuncts(self._statement.body)
        self.lists = tuple(each for each in self._conditions if isinstance(each, Operation) and _words(each))
        """The conditions that look for a value in a list of words; their values are reported at the end."""
        self.text = self._written()

    @property
    def end(self) -> CoveragePoint:
        """The point where the rule holds."""
        return next(point for point in reversed(self.points) if not point.is_alternative)

    def words(self, condition: Operation) -> tuple[str, ...]:
        """The words of a list that a condition looks into, as they are written."""
        return tuple(_text(self.rule, word) for word in _words(condition))

    def _written(self) -> str:
        alternatives = [_reach(self._first, () if self._conditions else self.lists, self.rule)]
        alternatives += self._alternatives(self._conditions, self._first)
        spans = [each.span for each in self._statement.parameters]
        parameters = [self.rule.text[span.start : span.end] for span in spans]
        arguments = ", ".join((POINT, VALUES, *parameters))
        return f"{instrumented_name(self.rule.name)}({arguments}) if {_any(alternatives)};"

    def _alternatives(self, conditions: tuple[Term, ...], after: int, *, inside: bool = False) -> list[str]:
        """Alternatives that reach the points after a point, given the remaining conditions."""
        if not conditions:
            return []
        condition, *rest = conditions
        point = CoveragePoint(self._first + len(self.points), self.rule, condition, after, inside)
        self.points.append(point)
        alternatives = []
        if point.number in self._watched:
            values = ", ".join(point.subjects)
            alternatives.append(f"{POINT} = {point.number + WATCHED} and {VALUES} = [{values}]")
        if isinstance(condition, Call) and condition.name not in self._apart:
            alternatives.append(self._inner(condition))
        if isinstance(condition, Operation) and condition.operator == "or":
            for operand in condition.operands:
                alternatives += self._alternatives(conjuncts(operand), after, inside=True)
        beyond = [
            _reach(point.number, () if rest or inside else self.lists, self.rule),
            *self._alternatives(tuple(rest), point.number, inside=inside),
        ]
        return [*alternatives, f"({_text(self.rule, condition)}) and {_any(beyond)}"]

    def _inner(self, call: Call) -> str:
        """The query of the instrumented rules, restricted to arguments with which the rule can still hold."""
        arguments = ", ".join((POINT, VALUES, *(_text(self.rule, each) for each in call.arguments)))
        needed = [f"({_text(self.rule, each)})" for each in self._needed(call)]
        return " and ".join((*needed, f"{instrumented_name(call.name)}({arguments})"))

    def _needed(self, call: Call) -> Iterator[Term]:
        """Later conditions on variables that the call would bind, such as the role in `allow`."""
        at = self._conditions.index(call) if call in self._conditions else len(self._conditions)
        known = _names(self._conditions[:at]) | _names(each.term for each in self._statement.parameters)
        found = _names(call.arguments) - known
        for each in self._conditions[at + 1 :]:
            names = _names([each])
            asks = any(isinstance(part, Call) for part in walk(each))
            if names & found and names <= found | known and not asks:
                yield each


def _reach(point: int, lists: Iterable[Operation], rule: Rule) -> str:
    values = ", ".join(_text(rule, each.operands[0]) for each in lists)
    return f"{POINT} = {point} and {VALUES} = [{values}]"


def _any(alternatives: Iterable[str]) -> str:
    return "(" + " or ".join(f"({alternative})" for alternative in alternatives) + ")"


def _text(rule: Rule, term: Term) -> str:
    """A term on one line, without comments, and with all brackets that it takes."""
    match term:
        case ListLiteral(items=items):
            return f"[{_listed(rule, items)}]"
        case Call(name=name, arguments=arguments):
            return f"{name}({_listed(rule, arguments)})"
        case Dot(subject=subject, name=name, arguments=arguments):
            called = "" if arguments is None else f"({_listed(rule, arguments)})"
            return f"{_text(rule, subject)}.{name}{called}"
        case Pattern(name=name, fields=fields):
            fields_text = ", ".join(f"{field}: {_text(rule, value)}" for field, value in fields)
            return f"{name or ''}{{{fields_text}}}"
        case Operation():
            return _operation(rule, term)
    return rule.text[term.span.start : term.span.end]


def _listed(rule: Rule, items: Iterable[Term]) -> str:
    return ", ".join(_text(rule, item) for item in items)


def _operation(rule: Rule, term: Operation) -> str:
    parts = [_enclosed(rule, each) for each in term.operands]
    if term.operator in {"not", "-", "new"} and len(parts) == 1:
        return f"{term.operator} {parts[0]}"
    if term.operator in BUILTINS:
        return f"{term.operator}({', '.join(parts)})"
    return f" {term.operator} ".join(parts) or term.operator


def _enclosed(rule: Rule, term: Term) -> str:
    text = _text(rule, term)
    joins = isinstance(term, Operation) and term.operator not in COMPARISONS
    return f"({text})" if joins else text


def _names(found: Iterable[Term]) -> set[str]:
    return {part.name for term in found for part in walk(term) if isinstance(part, Name)}


def _words(condition: Operation) -> tuple[Literal, ...]:
    if condition.operator != "in":
        return ()
    subject, collection = condition.operands
    if not isinstance(subject, Name | Dot) or not isinstance(collection, ListLiteral):
        return ()
    return tuple(item for item in collection.items if isinstance(item, Literal))


def _subjects(term: Term | None) -> Iterator[Term]:
    """Facts and variables, those of facts left out."""
    if isinstance(term, Name | Dot):
        yield term
    elif term is not None:
        for child in children(term):
            yield from _subjects(child)
