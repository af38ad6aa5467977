"""What each grant grants, and grants that are redundant or unbounded, unused standings, idle restrictions.

Grants are read off the rules, so that policies that do not load can be checked; for those that do, a test
compares the result with what the engine derives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multichannel.policy.decide.derivations import SHIPPED_ALLOW
from multichannel.policy.language.ast import Dot, Operation, Term, conjuncts
from multichannel.policy.language.source import Rule
from multichannel.policy.language.types import ACTION, STANDING, literals_of
from multichannel.policy.schema.resources import RESOURCES, with_article
from multichannel.workbench.check.codes import finding
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import (
    GRANT,
    Helpers,
    Solver,
    Triple,
    helpers_of,
    parameter_words,
    word,
)

ROUNDS = 4
"""How deep grants that follow from other grants are read."""
Triples = frozenset[Triple]


@dataclass(frozen=True, eq=False)
class GrantTriples:
    """What one grant grants on one resource type; `exact` unless it has other conditions."""

    rule: Rule
    kind: str
    triples: Triples
    exact: bool


def read_grants(statements: Sequence[Rule]) -> list[GrantTriples]:
    """What every grant grants on every resource type that it concerns."""
    helpers = helpers_of(rule.tree for rule in statements)
    rules = [rule for rule in statements if rule.is_rule and rule.signature == GRANT]
    about = [
        (rule, kind) for rule in rules for kind in ([rule.record_type] if rule.record_type else RESOURCES)
    ]
    known: dict[str, Triples] = {}
    grants: list[GrantTriples] = []
    for _ in range(ROUNDS):
        grants = [
            _triples_of(rule, kind, helpers, known.get(kind, frozenset()))
            for rule, kind in about
            if kind in RESOURCES
        ]
        collected: dict[str, Triples] = defaultdict(frozenset)
        for grant in grants:
            collected[grant.kind] |= grant.triples
        if collected == known:
            break
        known = collected
    return grants


def _triples_of(rule: Rule, kind: str, helpers: Helpers, known: Triples) -> GrantTriples:
    solver = Solver(helpers, known)
    role, standing, action = (parameter.term for parameter in rule.tree.parameters[:3])
    triples = frozenset(
        (word(role, bound), word(standing, bound), word(action, bound))
        for bound in solver.solve(conjuncts(rule.tree.body), {})
    )
    return GrantTriples(rule, kind, triples, solver.exact)


def check_allow(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Rules named `allow` that are not the one that ships."""
    for rule in statements:
        if rule.name != "allow" or not rule.is_verdict or " ".join(rule.text.split()) == SHIPPED_ALLOW:
            continue
        if not any(_asks_for_role(term) for term in rule.terms):
            hint = "Write `role in principal.roles`."
            yield finding(rule, "allow-without-role", None, "the rule asks for no role", hint)
        message = "the rule is not the `allow` that ships, so that every decision has to be evaluated"
        yield finding(rule, "own-allow", None, message, "Write a standing and a grant.")


def _asks_for_role(term: Term) -> bool:
    return (
        isinstance(term, Operation)
        and term.operator == "in"
        and isinstance(term.operands[1], Dot)
        and term.operands[1].name == "roles"
    )


def granted_actions(statements: Sequence[Rule]) -> set[tuple[str, str]]:
    """Every resource type with every action that is granted there."""
    return {
        (grant.kind, str(each))
        for grant in read_grants(statements)
        for _, _, action in grant.triples
        for each in (RESOURCES[grant.kind].actions if action is None else (action,))
    }


def check_grants(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Redundant and unbounded grants, standings without grants, restrictions of what is not granted."""
    by_kind: dict[str, list[GrantTriples]] = defaultdict(list)
    for grant in read_grants(statements):
        by_kind[grant.kind].append(grant)
    for grants in by_kind.values():
        yield from _redundant(grants)
        for grant in grants:
            yield from _unbounded(grant)
    helpers = helpers_of(rule.tree for rule in statements)
    for rule in statements:
        kind = rule.record_type
        if rule.is_verdict and kind in RESOURCES:
            triples = {triple for grant in by_kind[kind] for triple in grant.triples}
            if rule.tree.name == "has_standing":
                yield from _unused(rule, kind, triples)
            if rule.tree.name == "forbid":
                yield from _idle(rule, kind, triples, helpers)


def _redundant(grants: list[GrantTriples]) -> Iterator[Finding]:
    """Grants that other grants include; of two alike, the later."""
    kept = list(grants)
    for grant in reversed(grants):
        others = [other for other in kept if other is not grant and other.exact]
        if not grant.exact or not grant.triples or grant.rule.record_type is None:
            continue
        if grant.triples <= {triple for other in others for triple in other.triples}:
            kept.remove(grant)
            positions = dict.fromkeys(
                other.rule.position for other in others if other.triples & grant.triples
            )
            message = f"{' and '.join(positions)} already grants all of this"
            yield finding(grant.rule, "redundant-grant", None, message, "Remove one of them.")


def _unbounded(grant: GrantTriples) -> Iterator[Finding]:
    for words in grant.triples:
        missing = [
            name for name, word in zip(("role", "standing", "action"), words, strict=True) if word is None
        ]
        if missing and grant.rule.record_type == grant.kind:
            message = f"the grant does not name its {' and '.join(missing)}"
            yield finding(grant.rule, "unbounded-grant", None, message, "List them.")
            return


def _unused(rule: Rule, kind: str, triples: set[Triple]) -> Iterator[Finding]:
    held = literals_of(rule, STANDING)
    standings = {standing for _, standing, _ in triples}
    if held and None not in standings and not held & standings:
        message = f"no action is granted at the standing {' or '.join(sorted(held))} to {with_article(kind)}"
        yield finding(rule, "unused-standing", rule.tree.parameters[STANDING].span, message)


def _idle(rule: Rule, kind: str, triples: set[Triple], helpers: Helpers) -> Iterator[Finding]:
    restricted = set(parameter_words(rule.tree, ACTION, helpers) or ())
    known = restricted & {str(action) for action in RESOURCES[kind].actions}
    actions = {action for _, _, action in triples}
    if None in actions or known & actions or (restricted and not known) or (actions and not restricted):
        return
    message = f"no role is granted {' or '.join(sorted(known)) or 'anything'} on {with_article(kind)}"
    yield finding(rule, "idle-restriction", None, message, "Remove the restriction, or grant the action.")
