"""The words that parameters of verdicts can be: standings, roles, actions, as rules say them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from multichannel.policy.language.ast import Literal, Name, Operation, walk
from multichannel.workbench.check.statement import Stated

STANDING = 1
"""The place of the standing among the parameters of has_standing."""
ACTION = 2
"""The place of the action among the parameters of forbid."""


def said_words(stated: Stated, place: int) -> set[str]:
    """The words that a parameter can be: itself, or those that the body lists for it; none for any."""
    term = stated.tree.parameters[place].term
    if isinstance(term, Literal):
        return {str(term.value)}
    return _listed(term.name, stated) if isinstance(term, Name) else set()


def _listed(variable: str, stated: Stated) -> set[str]:
    return {
        each.value
        for part in stated.body
        if isinstance(part, Operation) and part.operator in {"=", "in"}
        if any(isinstance(operand, Name) and operand.name == variable for operand in part.operands)
        for each in walk(part)
        if isinstance(each, Literal) and isinstance(each.value, str)
    }


def standings_by_kind(statements: Iterable[Stated]) -> Mapping[str | None, set[str]]:
    """By kind of record what one can be to it; under None what one can be to anything."""
    found: dict[str | None, set[str]] = defaultdict(set)
    for stated in statements:
        if stated.is_verdict and stated.tree.name == "has_standing":
            words = said_words(stated, STANDING)
            found[stated.kind] |= words
            found[None] |= words
    return found
