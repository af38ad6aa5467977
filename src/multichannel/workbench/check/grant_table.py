"""What is granted: for each grant the roles, standings and actions it names, read off the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from multichannel.policy.language.ast import Call, Listed, Literal, Name, Operation, Term, conjuncts
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.statement import BRANCHES, Stated

GRANT = ("grant", 4)
ROUNDS = 4
"""Grants that follow from grants that follow from grants: deeper than that nothing is read off."""

Triple = tuple[str | None, str | None, str | None]
"""Role, standing, action; None for any."""
Bound = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Given:
    """What one grant gives on one kind of record; `exact` unless it asks for more than the three words."""

    stated: Stated
    kind: str
    triples: frozenset[Triple]
    exact: bool


def read_grants(statements: Iterable[Stated]) -> list[Given]:
    """What every grant gives on every kind of record that it is about."""
    rules = [stated for stated in statements if stated.is_rule and stated.signature == GRANT]
    about = [(stated, kind) for stated in rules for kind in ([stated.kind] if stated.kind else RESOURCES)]
    known: dict[str, frozenset[Triple]] = defaultdict(frozenset)
    found: list[Given] = []
    for _ in range(ROUNDS):
        found = [_given(stated, kind, known[kind]) for stated, kind in about if kind in RESOURCES]
        collected: dict[str, set[Triple]] = defaultdict(set)
        for given in found:
            collected[given.kind] |= given.triples
        together = {kind: frozenset(triples) for kind, triples in collected.items()}
        if together == known:
            break
        known = defaultdict(frozenset, together)
    return found


def _given(stated: Stated, kind: str, known: frozenset[Triple]) -> Given:
    solver = _Solver(known)
    parameters = [parameter.term for parameter in stated.tree.parameters[:3]]
    triples: set[Triple] = set()
    for bound in solver.solve(conjuncts(stated.tree.body), {}):
        role, standing, action = (_word(term, bound) for term in parameters)
        triples.add((role, standing, action))
    return Given(stated, kind, frozenset(triples), solver.exact)


def _word(term: Term, bound: Bound) -> str | None:
    if isinstance(term, Literal):
        return str(term.value)
    return bound.get(term.name) if isinstance(term, Name) else None


class _Solver:
    """Finds the words that variables can be; conditions on anything else may hold."""

    def __init__(self, known: frozenset[Triple]) -> None:
        self._known = known
        self.exact = True

    def solve(self, terms: Sequence[Term], bound: Bound) -> Iterator[Bound]:
        """Every way in which all conditions may hold."""
        if not terms:
            yield bound
            return
        for extended in self._holds(terms[0], bound):
            yield from self.solve(terms[1:], extended)

    def _holds(self, term: Term, bound: Bound) -> Iterator[Bound]:
        if isinstance(term, Operation) and term.operator == "or":
            for operand in term.operands[:BRANCHES]:
                yield from self.solve(conjuncts(operand), bound)
            return
        if isinstance(term, Call) and (term.name, len(term.arguments)) == GRANT:
            for triple in self._known:
                yield from self._matched(term.arguments, triple, bound)
            return
        variable, words = _choice(term)
        if variable is None:
            self.exact = False
            yield bound
        elif variable in bound:
            yield from [bound] if bound[variable] in words else []
        else:
            yield from ({**bound, variable: word} for word in words)

    @staticmethod
    def _matched(arguments: Sequence[Term], triple: Triple, bound: Bound) -> Iterator[Bound]:
        extended = dict(bound)
        for term, word in zip(arguments[:3], triple, strict=True):
            said = _word(term, extended)
            if word is None or said == word:
                continue
            if said is not None or not isinstance(term, Name):
                return
            extended[term.name] = word
        yield extended


def _choice(term: Term) -> tuple[str | None, tuple[str, ...]]:
    """A variable and the words that a condition leaves to it; None for any other condition."""
    if isinstance(term, Operation) and term.operator in {"=", "in"}:
        left, right = term.operands
        if isinstance(right, Name) and term.operator == "=":
            left, right = right, left
        items = right.items if isinstance(right, Listed) and term.operator == "in" else (right,)
        words = tuple(str(item.value) for item in items if isinstance(item, Literal))
        if isinstance(left, Name) and len(words) == len(items):
            return left.name, words
    return None, ()
