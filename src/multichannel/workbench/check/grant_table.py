"""The roles, standings and actions that each grant names, read off the rules.

It serves policies that do not load, too; for those that do, a test holds it to what the engine derives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from multichannel.policy.language.ast import conjuncts
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.rule_words import GRANT, Helpers, Solver, Triple, helpers_of, word

ROUNDS = 4
"""How deep grants that follow from other grants are read."""


@dataclass(frozen=True, eq=False)
class GrantTriples:
    """What one grant grants on one resource type; `exact` unless it has other conditions."""

    rule: Rule
    kind: str
    triples: frozenset[Triple]
    exact: bool


def read_grants(statements: Sequence[Rule]) -> list[GrantTriples]:
    """What every grant grants on every resource type that it concerns."""
    helpers = helpers_of(rule.tree for rule in statements)
    rules = [rule for rule in statements if rule.is_rule and rule.signature == GRANT]
    about = [
        (rule, kind) for rule in rules for kind in ([rule.record_type] if rule.record_type else RESOURCES)
    ]
    known: dict[str, frozenset[Triple]] = defaultdict(frozenset)
    grants: list[GrantTriples] = []
    for _ in range(ROUNDS):
        grants = [_triples_of(rule, kind, helpers, known[kind]) for rule, kind in about if kind in RESOURCES]
        collected: dict[str, set[Triple]] = defaultdict(set)
        for grant in grants:
            collected[grant.kind] |= grant.triples
        together = {kind: frozenset(triples) for kind, triples in collected.items()}
        if together == known:
            break
        known = defaultdict(frozenset, together)
    return grants


def _triples_of(rule: Rule, kind: str, helpers: Helpers, known: frozenset[Triple]) -> GrantTriples:
    solver = Solver(helpers, known)
    role, standing, action = (parameter.term for parameter in rule.tree.parameters[:3])
    triples = frozenset(
        (word(role, bound), word(standing, bound), word(action, bound))
        for bound in solver.solve(conjuncts(rule.tree.body), {})
    )
    return GrantTriples(rule, kind, triples, solver.exact)
