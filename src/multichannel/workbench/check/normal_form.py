"""A normal form of rules, independent of the names of variables and the order of conditions."""

from __future__ import annotations

from collections.abc import Mapping
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
from multichannel.policy.language.source import ANY_RESOURCE, Rule

EITHER_WAY = {"=", "!="}
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Membership:
    """That a value is one of several."""

    subject: str
    values: frozenset[Value]

    def implies(self, other: Condition) -> bool:
        """Whether the other condition holds wherever this one does."""
        return isinstance(other, Membership) and self.subject == other.subject and self.values <= other.values


@dataclass(frozen=True, slots=True)
class OpaqueCondition:
    """Any other condition, as text."""

    text: str

    def implies(self, other: Condition) -> bool:
        """Whether the other condition holds wherever this one does."""
        return self == other


Condition = Membership | OpaqueCondition


def normal_condition(term: Term, names: Mapping[str, str]) -> Condition:
    """The normal form of a condition."""
    if isinstance(term, Operation) and term.operator in {"=", "in"}:
        subject, value = term.operands
        if isinstance(subject, Literal) and term.operator == "=":
            subject, value = value, subject
        values = _values(value, term.operator)
        if values is not None and not isinstance(subject, Literal):
            return Membership(canonical_text(subject, names), values)
    return OpaqueCondition(canonical_text(term, names))


def _values(term: Term, operator: str) -> frozenset[Value] | None:
    """The values on the right side of a comparison; None if they are not literals."""
    if operator == "=":
        return frozenset({term.value}) if isinstance(term, Literal) else None
    if not isinstance(term, ListLiteral) or not all(isinstance(item, Literal) for item in term.items):
        return None
    return frozenset(item.value for item in term.items if isinstance(item, Literal))


def canonical_text(term: Term, names: Mapping[str, str]) -> str:
    """A term as text, independent of layout and of insignificant order."""
    if isinstance(term, Name):
        return names.get(term.name, term.name)
    if isinstance(term, Literal):
        return repr(term.value)
    if isinstance(term, Dot | Call):
        subject = f"{canonical_text(term.subject, names)}." if isinstance(term, Dot) else ""
        arguments = ", ".join(canonical_text(each, names) for each in term.arguments or ())
        called = "" if term.arguments is None else f"({arguments})"
        return f"{subject}{term.name}{called}"
    if isinstance(term, Pattern):
        fields = sorted(f"{name}: {canonical_text(value, names)}" for name, value in term.fields)
        return f"{term.name}{{{', '.join(fields)}}}"
    return _joined(term, names)


def _joined(term: ListLiteral | Operation, names: Mapping[str, str]) -> str:
    if isinstance(term, ListLiteral):
        return f"[{', '.join(sorted(canonical_text(item, names) for item in term.items))}]"
    parts = [canonical_text(operand, names) for operand in term.operands]
    ordered = sorted(parts) if term.operator in {*EITHER_WAY, "and", "or"} else parts
    return f"({term.operator} {' '.join(ordered)})"


@dataclass(frozen=True, eq=False)
class NormalForm:
    """The classes in the head of a rule, and all its conditions."""

    rule: Rule

    @cached_property
    def kinds(self) -> tuple[str | None, ...]:
        """The class of each parameter; None for any."""
        return tuple(
            None if parameter.kind in {"String", ANY_RESOURCE} else parameter.kind
            for parameter in self.rule.tree.parameters
        )

    @cached_property
    def conditions(self) -> frozenset[Condition]:
        """All conditions, including those of the head."""
        names: dict[str, str] = {}
        found: set[Condition] = set()
        for place, parameter in enumerate(self.rule.tree.parameters):
            found |= _parameter_conditions(parameter, f"${place}", names)
        body = conjuncts(self.rule.tree.body)
        for term in body:
            _name_members(term, names)
        return frozenset(found | {normal_condition(term, names) for term in body})

    def covers(self, other: NormalForm) -> bool:
        """Whether the rule applies wherever the other does."""
        return all(
            mine in {None, theirs} for mine, theirs in zip(self.kinds, other.kinds, strict=True)
        ) and all(any(theirs.implies(mine) for theirs in other.conditions) for mine in self.conditions)


def _parameter_conditions(parameter: Parameter, place: str, names: dict[str, str]) -> set[Condition]:
    """The conditions of a parameter besides its class; a variable is named after its position."""
    found: set[Condition] = set()
    term, pattern = parameter.term, parameter.pattern
    if isinstance(term, Name):
        if term.name in names:
            found.add(OpaqueCondition(f"(= {names[term.name]} {place})"))
        elif term.name != ANYTHING:
            names[term.name] = place
    elif isinstance(term, Literal):
        found.add(Membership(place, frozenset({term.value})))
    else:
        found.add(OpaqueCondition(f"(= {place} {canonical_text(term, names)})"))
    for name, value in pattern.fields if isinstance(pattern, Pattern) else ():
        fact = f"{place}.{name}"
        if isinstance(value, Literal):
            found.add(Membership(fact, frozenset({value.value})))
        else:
            found.add(OpaqueCondition(f"(= {fact} {canonical_text(value, names)})"))
    return found


def _name_members(term: Term, names: dict[str, str]) -> None:
    """Name the variable of a list member after the list."""
    if isinstance(term, Operation) and term.operator == "in":
        member, listed = term.operands
        if isinstance(member, Name) and member.name not in names and not isinstance(listed, ListLiteral):
            called = f"some {canonical_text(listed, names)}"
            names[member.name] = called + "'" * sum(name.startswith(called) for name in names.values())
    for found in walk(term):
        if isinstance(found, Name):
            names.setdefault(found.name, f"?{len(names)}")
