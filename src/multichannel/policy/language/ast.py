"""The syntax tree of policy statements; spans are offsets into the text of the statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

COMPARISONS = ("=", "!=", "<=", ">=", "<", ">", "==", "in", "matches", ":=")
MOST_BRANCHES = 64
"""The alternatives of a body that are looked at: nobody reads more."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of characters; `end` is exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a constant such as a class."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a number, true, false, or nil (None)."""

    span: Span
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """A list of terms in brackets."""

    span: Span
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """`subject.name`, or a method call when it has arguments."""

    span: Span
    subject: Term
    name: str
    arguments: tuple[Term, ...] | None


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`: a query of other rules."""

    span: Span
    name: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """`and`, `or`, `not`, `cut`, `forall`, `new`, a comparison or an arithmetic operator."""

    span: Span
    operator: str
    operands: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A class with required facts in braces; a dictionary when it has no name."""

    span: Span
    name: str | None
    fields: tuple[tuple[str, Term], ...]


Term: TypeAlias = Name | Literal | ListLiteral | Dot | Call | Operation | Pattern


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a rule head, with its type or pattern if it has one."""

    term: Term
    pattern: Term | None

    @property
    def span(self) -> Span:
        """The characters of the parameter with its pattern."""
        return Span(self.term.span.start, (self.pattern or self.term).span.end)

    @property
    def kind(self) -> str | None:
        """The required class."""
        return self.pattern.name if isinstance(self.pattern, Name | Pattern) else None


@dataclass(frozen=True, slots=True)
class Statement:
    """A rule, a `type`, a `resource` or `actor` block, or an inline query (`query`).

    `head` ends with the parenthesis of the parameters, or before the braces of a block. `content` is what
    follows `if`, without the `;`, or what a block holds between its braces; None if there is nothing.
    `calls` are the queries of other rules in the body.
    """

    keyword: str
    name: str
    head: Span
    parameters: tuple[Parameter, ...] = ()
    body: Term | None = None
    content: Span | None = None
    calls: tuple[Call, ...] = ()


def children(term: Term) -> tuple[Term, ...]:
    """The direct subterms, in source order."""
    if isinstance(term, ListLiteral):
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
    """A term and all its subterms, outermost first; nothing for None."""
    if term is not None:
        yield term
        for child in children(term):
            yield from walk(child)


def terms(statement: Statement) -> Iterator[Term]:
    """All terms of a statement: parameters, patterns, body."""
    for parameter in statement.parameters:
        yield from walk(parameter.term)
        yield from walk(parameter.pattern)
    yield from walk(statement.body)


def conjuncts(term: Term | None) -> tuple[Term, ...]:
    """The conditions joined with `and`, in order; none for None."""
    if term is None:
        return ()
    if isinstance(term, Operation) and term.operator == "and":
        return tuple(part for operand in term.operands for part in conjuncts(operand))
    return (term,)


def branches(term: Term | None) -> list[tuple[Term, ...]]:
    """The alternatives of a body, each a conjunction; a rule without a body has one that is empty."""
    if isinstance(term, Operation) and term.operator == "or":
        return [branch for operand in term.operands for branch in branches(operand)][:MOST_BRANCHES]
    found: list[tuple[Term, ...]] = [()]
    for part in conjuncts(term):
        inner = branches(part) if isinstance(part, Operation) and part.operator == "or" else [(part,)]
        found = [(*before, *after) for before in found for after in inner][:MOST_BRANCHES]
    return found


def variables(parameters: Iterable[Parameter]) -> list[str | None]:
    """The variable of each parameter; None for a parameter that is not a variable."""
    return [each.term.name if isinstance(each.term, Name) else None for each in parameters]
