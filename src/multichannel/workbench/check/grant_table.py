"""What is granted: for each grant the roles, standings and actions it names, read off the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.policy.language.ast import conjuncts
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.rule_words import GRANT, Helpers, Solver, Triple, helpers_of, word

ROUNDS = 4
"""Grants that follow from grants that follow from grants: deeper than that nothing is read off."""


@dataclass(frozen=True, eq=False)
class Given:
    """What one grant gives on one kind of record; `exact` unless it asks for more than the three words."""

    rule: Rule
    kind: str
    triples: frozenset[Triple]
    exact: bool


def read_grants(statements: Sequence[Rule]) -> list[Given]:
    """What every grant gives on every kind of record that it is about."""
    helpers = helpers_of(rule.tree for rule in statements)
    rules = [rule for rule in statements if rule.is_rule and rule.signature == GRANT]
    about = [
        (rule, kind) for rule in rules for kind in ([rule.record_type] if rule.record_type else RESOURCES)
    ]
    known: dict[str, frozenset[Triple]] = defaultdict(frozenset)
    found: list[Given] = []
    for _ in range(ROUNDS):
        found = [_given(rule, kind, helpers, known[kind]) for rule, kind in about if kind in RESOURCES]
        collected: dict[str, set[Triple]] = defaultdict(set)
        for given in found:
            collected[given.kind] |= given.triples
        together = {kind: frozenset(triples) for kind, triples in collected.items()}
        if together == known:
            break
        known = defaultdict(frozenset, together)
    return found


def _given(rule: Rule, kind: str, helpers: Helpers, known: frozenset[Triple]) -> Given:
    solver = Solver(helpers, known)
    role, standing, action = (parameter.term for parameter in rule.tree.parameters[:3])
    triples = frozenset(
        (word(role, bound), word(standing, bound), word(action, bound))
        for bound in solver.solve(conjuncts(rule.tree.body), {})
    )
    return Given(rule, kind, triples, solver.exact)
