"""What the matrix shows of a single rule: its conditions, actions and names."""

from __future__ import annotations

from multichannel.policy.language.ast import (
    Call,
    Literal,
    Name,
    Operation,
    Pattern,
    Span,
    Term,
    conjuncts,
)
from multichannel.policy.language.source import Rule
from multichannel.workbench.rule_words import Helpers, choice_of, parameter_words

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
    heads = [
        _slice(rule, item.span)
        for item in statement.parameters
        if isinstance(item.pattern, Pattern) or isinstance(item.term, Pattern)
    ]
    kept = conjuncts(statement.body)
    chosen = _choice(rule) if rule.name == "forbid" else None
    if chosen is None or not all(_is_plain(term) for term in kept):
        body = _slice(rule, statement.content) if statement.content else ""
        return " and ".join(filter(None, (*heads, body)))
    return " and ".join([*heads, *(_slice(rule, term.span) for term in kept if term is not chosen)])


def on_one_line(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def _choice(rule: Rule) -> Term | None:
    """The condition that lists the actions of a restriction, if its head has a variable."""
    variable = rule.tree.parameters[ACTION_AT].term
    if not isinstance(variable, Name):
        return None
    for term in conjuncts(rule.tree.body):
        arguments = term.arguments if isinstance(term, Call) else ()
        names = {each.name for each in arguments if isinstance(each, Name)}
        if choice_of(term)[0] == variable.name or (names == {variable.name} and len(arguments) == 1):
            return term
    return None


def _is_plain(term: Term) -> bool:
    """Whether what stands between the ends of a term is all of it, parentheses too."""
    return not (isinstance(term, Operation) and term.operator in {"or", "not", "forall"})


def _slice(rule: Rule, span: Span) -> str:
    return on_one_line(rule.text[span.start : span.end])
