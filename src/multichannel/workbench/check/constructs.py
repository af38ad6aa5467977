"""Constructs that policies must not use: unsafe, or with different meanings in lists and checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from multichannel.policy.language.ast import Dot, Name, Operation, Pattern, Span, Term, terms, walk
from multichannel.policy.language.source import Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.findings import Finding

OPERATORS = {
    "not": ("negation", "a condition is negated", "Compare with !=, or write the opposite condition."),
    "cut": ("cut", "`cut` is used", "Make the conditions of the rules mutually exclusive."),
    "forall": (
        "forall",
        "`forall` is used",
        "Write a restriction on a record that must not exist.",
    ),
    "==": ("double-equals", "`==` is used", "Write =."),
    ":=": ("assignment", "`:=` is used", "Write =."),
    "new": ("new", "an instance is created", ""),
    "debug": ("debugging", "`debug` is left in the policy", ""),
    "print": ("debugging", "`print` is left in the policy", ""),
    "matches": ("matches", "`matches` is used in a body", "Write the class in the head of the rule."),
}
ARITHMETIC = {"+", "-", "*", "/", "mod", "rem"}
CONTENT = re.compile(r"\{(?:\s|#[^\n]*)*\}$")


def check_constructs(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Every forbidden construct."""
    for rule in statements:
        yield from _statement(rule)
        for term in terms(rule.tree):
            yield from _term(rule, term)


def _statement(rule: Rule) -> Iterator[Finding]:
    keyword = rule.tree.keyword
    if keyword == "query":
        hint = "Write a case in the .cases.yaml file beside it."
        yield finding(rule, "inline-query", Span(0, len("?=")), "inline query", hint)
    if keyword == "actor" or (keyword == "resource" and not CONTENT.search(rule.text)):
        message = f"the resource block of {rule.tree.name} is not empty"
        if keyword == "actor":
            message = f"{rule.tree.name} is declared as an actor"
        yield finding(rule, "resource-block", None, message, "Write grants, and an empty resource block.")
    for parameter in rule.tree.parameters:
        for term in (*walk(parameter.term), *walk(parameter.pattern)):
            if isinstance(term, Dot):
                hint = "Name the parameter and compare it in the body."
                yield finding(rule, "dot-in-head", term.span, "a fact is read in the head of a rule", hint)


def _term(rule: Rule, term: Term) -> Iterator[Finding]:
    if isinstance(term, Operation):
        yield from _operation(rule, term)
    if isinstance(term, Pattern) and term.name is None:
        yield finding(rule, "dictionary", term.span, "dictionary")
    if isinstance(term, Dot) and term.arguments is not None:
        yield finding(rule, "method-call", term.span, f"`{term.name}` is called", "Compare facts instead.")
    if isinstance(term, Dot | Name) and term.name.startswith("__"):
        yield finding(rule, "dunder-name", term.span, f"`{term.name}` is not a fact")


def _operation(rule: Rule, term: Operation) -> Iterator[Finding]:
    if term.operator in OPERATORS:
        code, message, hint = OPERATORS[term.operator]
        yield finding(rule, code, term.span, message, hint)
    if term.operator in ARITHMETIC:
        yield finding(rule, "arithmetic", term.span, f"`{term.operator}` is used")
    if term.operator == "or":
        yield from _without_parentheses(rule, term)


def _without_parentheses(rule: Rule, term: Operation) -> Iterator[Finding]:
    for operand in term.operands:
        if isinstance(operand, Operation) and operand.operator == "and":
            text, span = rule.text, operand.span
            if not (text[: span.start].rstrip().endswith("(") and text[span.end :].lstrip().startswith(")")):
                hint = "Add parentheses."
                message = "`and` and `or` are mixed without parentheses"
                yield finding(rule, "and-or", span, message, hint)
