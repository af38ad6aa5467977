"""Conditions in a form that does not depend on the names of variables or the order of conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.ast import (
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Term,
    conjuncts,
    walk,
)
from multichannel.policy.language.resource_binding import ANYTHING
from multichannel.policy.language.source import Rule

EITHER_WAY = {"=", "!="}
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OneOf:
    """That something is one of some values."""

    subject: str
    values: frozenset[Value]

    def implies(self, other: Condition) -> bool:
        """Whether the other holds wherever this does."""
        return isinstance(other, OneOf) and self.subject == other.subject and self.values <= other.values


@dataclass(frozen=True, slots=True)
class OtherCondition:
    """Any other condition, as text."""

    text: str

    def implies(self, other: Condition) -> bool:
        """Whether the other holds wherever this does."""
        return self == other


Condition = OneOf | OtherCondition


def condition(term: Term, names: Mapping[str, str]) -> Condition:
    """A condition with its variables renamed."""
    if isinstance(term, Operation) and term.operator in {"=", "in"}:
        subject, value = term.operands
        if isinstance(subject, Literal) and term.operator == "=":
            subject, value = value, subject
        values = _values(value, term.operator)
        if values is not None and not isinstance(subject, Literal):
            return OneOf(normalized(subject, names), values)
    return OtherCondition(normalized(term, names))


def _values(term: Term, operator: str) -> frozenset[Value] | None:
    """The values that a condition allows; None if they are not literals."""
    if operator == "=":
        return frozenset({term.value}) if isinstance(term, Literal) else None
    if not isinstance(term, ListLiteral) or not all(isinstance(item, Literal) for item in term.items):
        return None
    return frozenset(item.value for item in term.items if isinstance(item, Literal))


def normalized(term: Term, names: Mapping[str, str]) -> str:
    """A term as text, independent of spaces, and of order where it does not matter."""
    if isinstance(term, Name):
        return names.get(term.name, term.name)
    if isinstance(term, Literal):
        return repr(term.value)
    if isinstance(term, Dot | Call):
        subject = f"{normalized(term.subject, names)}." if isinstance(term, Dot) else ""
        called = "" if term.arguments is None else f"({_all(term.arguments, names)})"
        return f"{subject}{term.name}{called}"
    if isinstance(term, Pattern):
        fields = sorted(f"{name}: {normalized(value, names)}" for name, value in term.fields)
        return f"{term.name}{{{', '.join(fields)}}}"
    return _joined(term, names)


def _joined(term: ListLiteral | Operation, names: Mapping[str, str]) -> str:
    if isinstance(term, ListLiteral):
        return f"[{', '.join(sorted(normalized(item, names) for item in term.items))}]"
    parts = [normalized(operand, names) for operand in term.operands]
    ordered = sorted(parts) if term.operator in {*EITHER_WAY, "and", "or"} else parts
    return f"({term.operator} {' '.join(ordered)})"


def _all(found: Sequence[Term], names: Mapping[str, str]) -> str:
    return ", ".join(normalized(term, names) for term in found)


@dataclass(frozen=True, eq=False)
class NormalRule:
    """A rule as the classes in its head and its conditions, with those of the head."""

    rule: Rule

    @cached_property
    def kinds(self) -> tuple[str | None, ...]:
        """The class of each parameter; None for none and for String."""
        return tuple(
            None if parameter.kind == "String" else parameter.kind for parameter in self.rule.tree.parameters
        )

    @cached_property
    def conditions(self) -> frozenset[Condition]:
        """All its conditions."""
        names: dict[str, str] = {}
        found: set[Condition] = set()
        for place, parameter in enumerate(self.rule.tree.parameters):
            found |= _head_conditions(parameter, f"${place}", names)
        body = conjuncts(self.rule.tree.body)
        for term in body:
            _name_members(term, names)
        return frozenset(found | {condition(term, names) for term in body})

    def covers(self, other: NormalRule) -> bool:
        """Whether it holds wherever the other does."""
        return all(
            mine in {None, theirs} for mine, theirs in zip(self.kinds, other.kinds, strict=True)
        ) and all(any(theirs.implies(mine) for theirs in other.conditions) for mine in self.conditions)


def _head_conditions(parameter: Parameter, place: str, names: dict[str, str]) -> set[Condition]:
    """The conditions of a parameter besides its class; a variable gets the name of its place."""
    found: set[Condition] = set()
    term, pattern = parameter.term, parameter.pattern
    if isinstance(term, Name):
        if term.name in names:
            found.add(OtherCondition(f"(= {names[term.name]} {place})"))
        elif term.name != ANYTHING:
            names[term.name] = place
    elif isinstance(term, Literal):
        found.add(OneOf(place, frozenset({term.value})))
    else:
        found.add(OtherCondition(f"(= {place} {normalized(term, names)})"))
    for name, value in pattern.fields if isinstance(pattern, Pattern) else ():
        fact = f"{place}.{name}"
        found.add(
            OneOf(fact, frozenset({value.value}))
            if isinstance(value, Literal)
            else OtherCondition(f"(= {fact} {normalized(value, names)})")
        )
    return found


def _name_members(term: Term, names: dict[str, str]) -> None:
    """Name variables that are members of a list after the list."""
    if isinstance(term, Operation) and term.operator == "in":
        member, listed = term.operands
        if isinstance(member, Name) and member.name not in names and not isinstance(listed, ListLiteral):
            called = f"some {normalized(listed, names)}"
            names[member.name] = called + "'" * sum(name.startswith(called) for name in names.values())
    for found in walk(term):
        if isinstance(found, Name):
            names.setdefault(found.name, f"?{len(names)}")
