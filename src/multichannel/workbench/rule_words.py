"""The words that the variables of a rule can be, read off its conditions and the helper rules it uses.

A helper rule names a group (`seller("admin_agent");`), or a choice that is on or off (`choice("C3");`,
`choice("C4") if false;`). Conditions on anything but words may hold or not: of them only that is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from multichannel.policy.language.ast import (
    MOST_BRANCHES,
    Call,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Statement,
    Term,
    conjuncts,
)
from multichannel.policy.language.source import VERDICTS

Triple = tuple[str | None, str | None, str | None]
"""Role, standing, action; None for any."""
Bound = Mapping[str, str]
Helpers = Mapping[tuple[str, int], Sequence[Statement]]

CHOICE = "choice"
"""The helper rule that is a switch."""
GRANT = ("grant", 4)
DEEPEST = 4
"""Helper rules that use helper rules."""


def helpers_of(statements: Iterable[Statement]) -> Helpers:
    """The rules that decisions do not ask for, by name and number of parameters."""
    helpers: dict[tuple[str, int], list[Statement]] = defaultdict(list)
    for statement in statements:
        if statement.keyword == "rule" and statement.name not in {*VERDICTS, "allow"}:
            helpers[statement.name, len(statement.parameters)].append(statement)
    return helpers


def word(term: Term, bound: Bound) -> str | None:
    """What a term is, if that is known."""
    if isinstance(term, Literal):
        return str(term.value)
    return bound.get(term.name) if isinstance(term, Name) else None


def parameter_words(statement: Statement, at: int, helpers: Helpers) -> tuple[str, ...] | None:
    """The words that a parameter can be, in the order in which they are written; None for any."""
    term = statement.parameters[at].term
    words = [word(term, bound) for bound in Solver(helpers).solve(conjuncts(statement.body), {})]
    return None if None in words else tuple(dict.fromkeys(each for each in words if each is not None))


def can_hold(statement: Statement, helpers: Helpers) -> bool:
    """Whether a rule may hold for any words: not if it asks for a choice that is off."""
    anything = Solver(helpers, granted=[(None, None, None)])
    return any(True for _ in anything.solve(conjuncts(statement.body), {}))


class Solver:
    """Finds the words that variables can be. It is `exact` until it meets a condition on anything else."""

    def __init__(self, helpers: Helpers, granted: Collection[Triple] = (), depth: int = DEEPEST) -> None:
        """`granted` is what a condition that asks for other grants finds."""
        self._helpers = helpers
        self._granted = granted
        self._depth = depth
        self.exact = True

    def solve(self, terms: Sequence[Term], bound: Bound) -> Iterator[Bound]:
        """Every choice of words at which all conditions may hold."""
        if not terms:
            yield bound
            return
        for extended in self._holds(terms[0], bound):
            yield from self.solve(terms[1:], extended)

    def _holds(self, term: Term, bound: Bound) -> Iterator[Bound]:
        if isinstance(term, Literal) and isinstance(term.value, bool):
            yield from [bound] if term.value else []
        elif isinstance(term, Operation) and term.operator == "or":
            for operand in term.operands[:MOST_BRANCHES]:
                yield from self.solve(conjuncts(operand), bound)
        elif isinstance(term, Call) and (term.name, len(term.arguments)) == GRANT:
            for triple in self._granted:
                yield from _matched(term.arguments, triple, bound)
        elif isinstance(term, Call) and (term.name, len(term.arguments)) in self._helpers and self._depth:
            yield from self._in_helpers(term, bound)
        else:
            yield from self._chosen(term, bound)

    def _chosen(self, term: Term, bound: Bound) -> Iterator[Bound]:
        variable, words = choice_of(term)
        if variable is None:
            self.exact = False
            yield bound
        elif variable in bound:
            yield from [bound] if bound[variable] in words else []
        else:
            yield from ({**bound, variable: each} for each in words)

    def _in_helpers(self, call: Call, bound: Bound) -> Iterator[Bound]:
        arguments = [word(argument, bound) for argument in call.arguments]
        for helper in self._helpers[call.name, len(call.arguments)]:
            scope = _entered(helper.parameters, arguments)
            if scope is None:
                continue
            inner = Solver(self._helpers, self._granted, self._depth - 1)
            for solution in inner.solve(conjuncts(helper.body), scope):
                answer = tuple(word(parameter.term, solution) for parameter in helper.parameters)
                yield from _matched(call.arguments, answer, bound)
            self.exact = self.exact and inner.exact


def _entered(parameters: Sequence[Parameter], arguments: Sequence[str | None]) -> Bound | None:
    """What the variables in the head of a helper rule are; None if it is about other words."""
    scope: dict[str, str] = {}
    for parameter, argument in zip(parameters, arguments, strict=True):
        expected = word(parameter.term, scope)
        if argument is not None and expected is not None and argument != expected:
            return None
        if argument is not None and isinstance(parameter.term, Name) and parameter.term.name != "_":
            scope[parameter.term.name] = argument
    return scope


def _matched(arguments: Sequence[Term], answer: Sequence[str | None], bound: Bound) -> Iterator[Bound]:
    """The variables of a question with the words of an answer; nothing if these differ from what is known."""
    extended = dict(bound)
    for term, answered in zip(arguments, answer, strict=False):
        known = word(term, extended)
        if answered is None or known == answered:
            continue
        if known is not None:
            return
        if isinstance(term, Name):
            extended[term.name] = answered
    yield extended


def choice_of(term: Term) -> tuple[str | None, tuple[str, ...]]:
    """A variable and the words that a condition leaves to it; None for any other condition."""
    if isinstance(term, Operation) and term.operator in {"=", "in"}:
        left, right = term.operands
        if isinstance(right, Name) and term.operator == "=":
            left, right = right, left
        items = right.items if isinstance(right, ListLiteral) and term.operator == "in" else (right,)
        words = tuple(str(item.value) for item in items if isinstance(item, Literal))
        if isinstance(left, Name) and len(words) == len(items):
            return left.name, words
    return None, ()
