"""Constructs that policies do without: what lists and checks understand differently, and what is unsafe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from multichannel.policy.language.ast import Dot, Name, Operation, Pattern, Span, Term, terms, walk
from multichannel.workbench.check.statement import Stated
from multichannel.workbench.findings import Finding

OPERATORS = {
    "not": ("negation", "a condition is negated", "Compare with !=, or say what must hold instead."),
    "cut": ("cut", "`cut` is used", "Make the conditions of the rules exclude each other."),
    "forall": ("forall", "`forall` is used", "Ask for one record that must not be there in a restriction."),
    "==": ("double-equals", "`==` is used", "Write =."),
    ":=": ("assignment", "`:=` is used", "Write =."),
    "new": ("new", "an instance is made", ""),
    "debug": ("debugging", "`debug` is left in the policy", ""),
    "print": ("debugging", "`print` is left in the policy", ""),
    "matches": ("matches", "`matches` is used in a body", "Name the class in the head of the rule."),
}
ARITHMETIC = {"+", "-", "*", "/", "mod", "rem"}
CONTENT = re.compile(r"\{(?:\s|#[^\n]*)*\}$")


def check_constructs(statements: Sequence[Stated]) -> Iterator[Finding]:
    """Every construct that has no place in a policy."""
    for stated in statements:
        yield from _statement(stated)
        for term in terms(stated.tree):
            yield from _term(stated, term)


def _statement(stated: Stated) -> Iterator[Finding]:
    keyword = stated.tree.keyword
    if keyword == "query":
        hint = "Write a case in the .cases.yaml beside the file."
        yield stated.finding("inline-query", Span(0, len("?=")), "an inline query", hint)
    if keyword == "actor" or (keyword == "resource" and not CONTENT.search(stated.rule.text)):
        message = f"a block of {stated.tree.name} that says something"
        if keyword == "actor":
            message = f"{stated.tree.name} is declared an actor"
        yield stated.finding("resource-block", None, message, "Write grants, and an empty resource block.")
    for parameter in stated.tree.parameters:
        for term in (*walk(parameter.term), *walk(parameter.pattern)):
            if isinstance(term, Dot):
                hint = "Give the parameter a name and compare it in the body."
                yield stated.finding("dot-in-head", term.span, "a fact is looked up in the head", hint)


def _term(stated: Stated, term: Term) -> Iterator[Finding]:
    if isinstance(term, Operation):
        yield from _operation(stated, term)
    if isinstance(term, Pattern) and term.name is None:
        yield stated.finding("dictionary", term.span, "a dictionary")
    if isinstance(term, Dot) and term.arguments is not None:
        yield stated.finding("method-call", term.span, f"`{term.name}` is called", "Compare facts instead.")
    if isinstance(term, Dot | Name) and term.name.startswith("__"):
        yield stated.finding("dunder-name", term.span, f"`{term.name}` is not a fact")


def _operation(stated: Stated, term: Operation) -> Iterator[Finding]:
    if term.operator in OPERATORS:
        code, message, hint = OPERATORS[term.operator]
        yield stated.finding(code, term.span, message, hint)
    if term.operator in ARITHMETIC:
        yield stated.finding("arithmetic", term.span, f"`{term.operator}` is used")
    if term.operator == "or":
        yield from _without_parentheses(stated, term)


def _without_parentheses(stated: Stated, term: Operation) -> Iterator[Finding]:
    for operand in term.operands:
        if isinstance(operand, Operation) and operand.operator == "and":
            text, span = stated.rule.text, operand.span
            if not (text[: span.start].rstrip().endswith("(") and text[span.end :].lstrip().startswith(")")):
                hint = "Put parentheses around what belongs together."
                message = "`and` and `or` are mixed without parentheses"
                yield stated.finding("and-or", span, message, hint)
