"""The words that parameters of verdicts can be: standings, roles, actions, as rules say them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from multichannel.policy.language.ast import Literal, Name, Operation, variables, walk
from multichannel.policy.language.source import Rule

STANDING = 1
"""The place of the standing among the parameters of has_standing."""
ACTION = 2
"""The place of the action among the parameters of forbid."""


def literals_of(rule: Rule, place: int) -> set[str]:
    """The words that a parameter can be: itself, or those that the body lists for it; none for any."""
    term = rule.tree.parameters[place].term
    if isinstance(term, Literal):
        return {str(term.value)}
    return _listed(term.name, rule) if isinstance(term, Name) else set()


def _listed(variable: str, rule: Rule) -> set[str]:
    return {
        each.value
        for part in rule.body_terms
        if isinstance(part, Operation) and part.operator in {"=", "in"}
        if any(isinstance(operand, Name) and operand.name == variable for operand in part.operands)
        for each in walk(part)
        if isinstance(each, Literal) and isinstance(each.value, str)
    }


def standings_by_kind(statements: Iterable[Rule]) -> Mapping[str | None, set[str]]:
    """By kind of record what one can be to it; under None what one can be to anything."""
    found: dict[str | None, set[str]] = defaultdict(set)
    for rule in statements:
        if rule.is_verdict and rule.tree.name == "has_standing":
            words = literals_of(rule, STANDING)
            found[rule.record_type] |= words
            found[None] |= words
    return found


def record_variable(rule: Rule) -> str | None:
    """The variable of the record of a verdict."""
    return variables(rule.tree.parameters)[-1] if rule.is_verdict else None
