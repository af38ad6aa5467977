"""What the conditions of rules imply: enough logic to see that two policies say the same, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from multichannel.policy.language.ast import (
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Statement,
    Term,
    conjuncts,
)

PRINCIPAL, RECORD = "p", "this"

Value = str | int | float | bool | None


class BeyondReason(Exception):
    """A condition of a form that nothing is known about here."""


@dataclass(frozen=True, slots=True)
class Fact:
    """That a fact is one of some values, or none of them."""

    path: str
    values: frozenset[Value]
    is_among: bool


@dataclass(frozen=True, slots=True)
class Link:
    """That two facts are equal, or are not; or anything else that is written down alike."""

    words: tuple[str, ...]


Condition = Fact | Link
OPPOSITE = {"=": "!=", "!=": "="}
EVERYWHERE = frozenset(Link(("multichannel", f"{name}.cloud")) for name in (PRINCIPAL, RECORD))
"""Conditions that hold in every national cloud, as long as the policy lists each (C1)."""
Conditions = frozenset[Condition]


def conditions(statement: Statement, names: dict[str, str]) -> Conditions:
    """What a rule asks for, with its variables called by `names`; BeyondReason for other forms."""
    members = (
        part.operands[0].name
        for part in conjuncts(statement.body)
        if _is_member(part) and isinstance(part, Operation) and isinstance(part.operands[0], Name)
    )
    named = names | {name: f"r{number}" for number, name in enumerate(members)}
    return frozenset(_condition(part, named) for part in conjuncts(statement.body))


def one_by_one(asked: Conditions) -> Iterator[Conditions]:
    """The same as alternatives, each of which asks for single values."""
    several: list[list[Condition]] = [
        [Fact(item.path, frozenset({value}), is_among=True) for value in item.values]
        if isinstance(item, Fact) and item.is_among
        else [item]
        for item in asked
    ]
    yield from (frozenset(each) for each in product(*several))


def implies(left: Conditions, right: Conditions) -> bool:
    """Whether whatever meets the left ones meets the right ones, as far as can be seen here."""
    known = _with_consequences(left)
    return all(other in EVERYWHERE or any(_implies(one, other) for one in known) for other in right)


def opposite(condition: Condition) -> Condition | None:
    """What holds where the condition does not; None if that cannot be said."""
    if isinstance(condition, Fact):
        return Fact(condition.path, condition.values, not condition.is_among)
    operator, *paths = condition.words
    return Link((OPPOSITE[operator], *paths)) if operator in OPPOSITE else None


def contradict(*several: Conditions) -> bool:
    """Whether nothing can meet all of these, as far as can be seen here."""
    known = _with_consequences(frozenset[Condition]().union(*several))
    facts = [item for item in known if isinstance(item, Fact)]
    return any(_exclude(one, other) for one in facts for other in facts if one.path == other.path) or any(
        opposite(item) in known for item in known if isinstance(item, Link)
    )


def _with_consequences(known: Conditions) -> Conditions:
    """Types and statuses are partners', and partners' alone; the service is in no market."""
    found = set(known)
    for item in known:
        if isinstance(item, Fact) and item.is_among:
            if item.path in {"p.type", "p.status"} and None not in item.values:
                found.add(Fact("p.kind", frozenset({"partner"}), is_among=True))
            if item.path == "p.kind" and item.values == {"system"}:
                found.add(Link(("!=", f"{PRINCIPAL}.market", f"{RECORD}.market")))
            if item.path == "p.kind" and "partner" not in item.values:
                found |= {Fact(path, frozenset({None}), is_among=True) for path in ("p.type", "p.status")}
    return frozenset(found)


def _implies(one: Condition, other: Condition) -> bool:
    if isinstance(one, Link) or isinstance(other, Link):
        return one == other
    if one.path != other.path:
        return False
    if one.is_among:
        return one.values <= other.values if other.is_among else one.values.isdisjoint(other.values)
    return not other.is_among and one.values >= other.values


def _exclude(one: Fact, other: Fact) -> bool:
    if one.is_among and other.is_among:
        return one.values.isdisjoint(other.values)
    return one.is_among and not other.is_among and one.values <= other.values


def _condition(term: Term, names: dict[str, str]) -> Condition:
    if isinstance(term, Call):
        return Link((term.name, *(_path(argument, names) for argument in term.arguments)))
    if not isinstance(term, Operation) or term.operator not in {"=", "!=", "in"}:
        raise BeyondReason
    left, right = term.operands
    if _is_member(term):
        return Link(("in", *(_path(side, names) for side in (left, right))))
    if isinstance(right, Literal | ListLiteral):
        items = right.items if isinstance(right, ListLiteral) else (right,)
        return Fact(_path(left, names), frozenset(_value(item) for item in items), term.operator != "!=")
    return Link((term.operator, *sorted(_path(side, names) for side in (left, right))))


def _is_member(term: Term) -> bool:
    return isinstance(term, Operation) and term.operator == "in" and isinstance(term.operands[1], Dot)


def _path(term: Term, names: dict[str, str]) -> str:
    if isinstance(term, Name):
        return names.get(term.name, term.name)
    if not isinstance(term, Dot) or term.arguments is not None:
        raise BeyondReason
    return f"{_path(term.subject, names)}.{term.name}"


def _value(term: Term) -> Value:
    if not isinstance(term, Literal):
        raise BeyondReason
    return term.value


def values_of(found: Iterable[Condition], path: str) -> frozenset[Value] | None:
    """The values that a variable may have; None if any."""
    return next((item.values for item in found if isinstance(item, Fact) and item.path == path), None)
