"""Rules with the helper rules they ask written into them: one rule for each alternative."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

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
from multichannel.workbench.rule_words import Helpers

LEFT_ALONE = {"multichannel"}
"""Helper rules that proofs take as conditions of their own."""


def inlined(statement: Statement, helpers: Helpers) -> Iterator[Statement]:
    """The same rule without questions to helper rules; nothing where a choice switches it off."""
    for terms in _alternatives(conjuncts(statement.body), helpers):
        yield replace(statement, body=Operation(statement.head, "and", terms))


def _alternatives(terms: tuple[Term, ...], helpers: Helpers) -> Iterator[tuple[Term, ...]]:
    if not terms:
        yield ()
        return
    first, *rest = terms
    for written in _written(first, helpers):
        for others in _alternatives(tuple(rest), helpers):
            yield (*written, *others)


def _written(term: Term, helpers: Helpers) -> Iterator[tuple[Term, ...]]:
    if isinstance(term, Literal) and isinstance(term.value, bool):
        yield from [()] if term.value else []
    elif (
        isinstance(term, Call) and term.name not in LEFT_ALONE and (term.name, len(term.arguments)) in helpers
    ):
        for helper in helpers[_signature(term)]:
            yield from _called(term, helper, helpers)
    else:
        yield (term,)


def _signature(call: Call) -> tuple[str, int]:
    return call.name, len(call.arguments)


def _called(call: Call, helper: Statement, helpers: Helpers) -> Iterator[tuple[Term, ...]]:
    known: dict[str, Term] = {}
    asked: list[Term] = []
    for parameter, argument in zip(helper.parameters, call.arguments, strict=True):
        if isinstance(parameter.term, Name):
            known[parameter.term.name] = argument
        elif isinstance(argument, Literal) and isinstance(parameter.term, Literal):
            if argument.value != parameter.term.value:
                return
        else:
            asked.append(Operation(call.span, "=", (argument, parameter.term)))
    body = tuple(_with(part, known) for part in conjuncts(helper.body))
    for terms in _alternatives(body, helpers):
        yield (*asked, *terms)


def _with(term: Term, known: Mapping[str, Term]) -> Term:
    match term:
        case Name(name=name):
            return known.get(name, term)
        case Dot(subject=subject):
            return replace(term, subject=_with(subject, known))
        case Operation(operands=operands):
            return replace(term, operands=tuple(_with(each, known) for each in operands))
        case Call(arguments=arguments):
            return replace(term, arguments=tuple(_with(each, known) for each in arguments))
        case ListLiteral(items=items):
            return replace(term, items=tuple(_with(each, known) for each in items))
    return term
