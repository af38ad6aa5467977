"""The tree of a policy statement: what each part says, and at which characters of the statement it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

COMPARISONS = ("=", "!=", "<=", ">=", "<", ">", "==", "in", "matches", ":=")


@dataclass(frozen=True, slots=True)
class Span:
    """From which character of the statement's text to which, the last excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a constant such as a class."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, true, false, or nil (None)."""

    span: Span
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list in brackets."""

    span: Span
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """`subject.name`, or with arguments a call of a method."""

    span: Span
    subject: Term
    name: str
    arguments: tuple[Term, ...] | None


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`, a question to other rules."""

    span: Span
    name: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """`and`, `or`, `not`, a comparison, arithmetic, `cut`, `forall`, `new` and their like, with operands."""

    span: Span
    operator: str
    operands: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A class with the facts that it asks for in braces, or a dictionary when it has no name."""

    span: Span
    name: str | None
    fields: tuple[tuple[str, Term], ...]


Term: TypeAlias = Name | Literal | Listed | Dot | Call | Operation | Pattern


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a rule's head, and what it has to be."""

    term: Term
    pattern: Term | None

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.term.span.start, (self.pattern or self.term).span.end)

    @property
    def kind(self) -> str | None:
        """The class it has to be of."""
        return self.pattern.name if isinstance(self.pattern, Name | Pattern) else None


@dataclass(frozen=True, slots=True)
class Statement:
    """A rule, a `type`, a `resource` or `actor` block, or an inline query (`?=`)."""

    keyword: str
    name: str
    parameters: tuple[Parameter, ...] = ()
    body: Term | None = None


def children(term: Term) -> tuple[Term, ...]:
    """The terms right inside a term, in the order they are written."""
    if isinstance(term, Listed):
        return term.items
    if isinstance(term, Dot):
        return (term.subject, *(term.arguments or ()))
    if isinstance(term, Call):
        return term.arguments
    if isinstance(term, Operation):
        return term.operands
    if isinstance(term, Pattern):
        return tuple(value for _, value in term.fields)
    return ()


def walk(term: Term | None) -> Iterator[Term]:
    """A term and all terms within, outermost first; nothing for None."""
    if term is not None:
        yield term
        for child in children(term):
            yield from walk(child)


def terms(statement: Statement) -> Iterator[Term]:
    """All terms of a statement: its parameters, their patterns, its body."""
    for parameter in statement.parameters:
        yield from walk(parameter.term)
        yield from walk(parameter.pattern)
    yield from walk(statement.body)


def conjuncts(term: Term | None) -> tuple[Term, ...]:
    """The conditions that a body joins with `and`, in order; none for a rule without a body."""
    if term is None:
        return ()
    if isinstance(term, Operation) and term.operator == "and":
        return tuple(part for operand in term.operands for part in conjuncts(operand))
    return (term,)
