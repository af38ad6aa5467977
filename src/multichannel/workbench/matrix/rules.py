"""What the matrix shows of a single rule: its conditions, actions and names."""

from __future__ import annotations

from multichannel.policy.language.ast import (
    Call,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Span,
    Term,
    conjuncts,
)
from multichannel.policy.language.source import Rule
from multichannel.workbench.rule_words import Helpers, parameter_words

ANY = "any"
ACTION_AT = 2
"""The place of the action among the parameters of a restriction."""


def word_at(rule: Rule, at: int) -> str:
    """The word at a place of a rule's head; `any` if it is a variable."""
    term = rule.tree.parameters[at].term
    return str(term.value) if isinstance(term, Literal) else ANY


def actions_of(rule: Rule, helpers: Helpers) -> tuple[str, ...] | None:
    """The actions that a restriction names, itself or through helper rules; None for every action."""
    return parameter_words(rule.tree, ACTION_AT, helpers)


def where(rule: Rule) -> str:
    """The conditions of a rule as they are written, on one line.

    The condition that lists the actions of a restriction is left out: `actions_of` has them.
    """
    statement = rule.tree
    heads = [_slice(rule, item.span) for item in statement.parameters if _asks(item)]
    kept = conjuncts(statement.body)
    chosen = _choice(rule) if rule.name == "forbid" else None
    if chosen is None or not all(_is_plain(term) for term in kept):
        return " and ".join(filter(None, (*heads, _body(rule))))
    return " and ".join([*heads, *(_slice(rule, term.span) for term in kept if term is not chosen)])


def on_one_line(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def _choice(rule: Rule) -> Term | None:
    """The condition that lists the actions of a restriction, if its head has a variable."""
    statement = rule.tree
    variable = statement.parameters[ACTION_AT].term
    for term in conjuncts(statement.body):
        if isinstance(term, Operation) and term.operator in {"in", "="} and _is_named(term, variable):
            right = term.operands[1]
            items = right.items if isinstance(right, ListLiteral) else (right,)
            if all(isinstance(item, Literal) for item in items):
                return term
        if isinstance(term, Call) and all(_is_variable(each, variable) for each in term.arguments):
            return term
    return None


def _is_named(term: Operation, variable: Term) -> bool:
    return _is_variable(term.operands[0], variable)


def _is_variable(term: Term, variable: Term) -> bool:
    return isinstance(term, Name) and isinstance(variable, Name) and term.name == variable.name


def _is_plain(term: Term) -> bool:
    """Whether what stands between the ends of a term is all of it, parentheses too."""
    return not (isinstance(term, Operation) and term.operator in {"or", "not", "forall"})


def _asks(parameter: Parameter) -> bool:
    return isinstance(parameter.pattern, Pattern) or isinstance(parameter.term, Pattern)


def _slice(rule: Rule, span: Span) -> str:
    return on_one_line(rule.text[span.start : span.end])


def _body(rule: Rule) -> str:
    return _slice(rule, rule.tree.content) if rule.tree.content else ""
