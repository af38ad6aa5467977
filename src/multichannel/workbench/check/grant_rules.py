"""Grants compared with standings, restrictions and actions: what is redundant, unbounded, unused or idle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from multichannel.policy.language.literals import ACTION, STANDING, literals_of
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.grant_table import GrantTriples, read_grants
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import Helpers, Triple, helpers_of, parameter_words


def check_grants(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Redundant and unbounded grants, standings without grants, restrictions of what is not granted."""
    by_kind: dict[str, list[GrantTriples]] = defaultdict(list)
    for grant in read_grants(statements):
        by_kind[grant.kind].append(grant)
    for kind, grants in by_kind.items():
        yield from _redundant(grants)
        yield from (found for grant in grants for found in _unbounded(grant, kind))
    helpers = helpers_of(rule.tree for rule in statements)
    for rule in statements:
        if rule.is_verdict and rule.record_type in RESOURCES:
            yield from _about(rule, rule.record_type, by_kind[rule.record_type], helpers)


def granted_actions(statements: Sequence[Rule]) -> set[tuple[str, str]]:
    """Every resource type with every action that is granted there."""
    found = set()
    for grant in read_grants(statements):
        for _, _, action in grant.triples:
            actions = RESOURCES[grant.kind].actions if action is None else (action,)
            found |= {(grant.kind, str(each)) for each in actions}
    return found


def _redundant(grants: list[GrantTriples]) -> Iterator[Finding]:
    """Grants that other grants include; of two alike, the later."""
    kept = list(grants)
    for grant in reversed(grants):
        others = [other for other in kept if other is not grant and other.exact]
        if not grant.exact or not grant.triples or grant.rule.record_type is None:
            continue
        if grant.triples <= {triple for other in others for triple in other.triples}:
            kept.remove(grant)
            by = _granting(grant.triples, others)
            yield finding(
                grant.rule,
                "redundant-grant",
                None,
                f"{by} already grants all of this",
                "Remove one of them.",
            )


def _granting(triples: frozenset[Triple], others: Sequence[GrantTriples]) -> str:
    found = dict.fromkeys(other.rule.position for other in others if other.triples & triples)
    return " and ".join(found)


def _unbounded(grant: GrantTriples, kind: str) -> Iterator[Finding]:
    for words in grant.triples:
        missing = [
            name for name, word in zip(("role", "standing", "action"), words, strict=True) if word is None
        ]
        if missing and grant.rule.record_type == kind:
            message = f"the grant does not name its {' and '.join(missing)}"
            yield finding(grant.rule, "unbounded-grant", None, message, "List them.")
            return


def _about(rule: Rule, kind: str, grants: Sequence[GrantTriples], helpers: Helpers) -> Iterator[Finding]:
    triples = {triple for grant in grants for triple in grant.triples}
    if rule.tree.name == "has_standing":
        yield from _unused(rule, kind, triples)
    if rule.tree.name == "forbid":
        yield from _idle(rule, kind, triples, helpers)


def _unused(rule: Rule, kind: str, triples: set[Triple]) -> Iterator[Finding]:
    held = literals_of(rule, STANDING)
    standings = {standing for _, standing, _ in triples}
    if held and None not in standings and not held & standings:
        message = f"no action is granted at the standing {' or '.join(sorted(held))} to a {kind}"
        yield finding(rule, "unused-standing", rule.tree.parameters[STANDING].span, message)


def _idle(rule: Rule, kind: str, triples: set[Triple], helpers: Helpers) -> Iterator[Finding]:
    restricted = set(parameter_words(rule.tree, ACTION, helpers) or ())
    known = restricted & {str(action) for action in RESOURCES[kind].actions}
    actions = {action for _, _, action in triples}
    if None in actions or known & actions or (restricted and not known) or (actions and not restricted):
        return
    message = f"no role is granted {' or '.join(sorted(known)) or 'anything'} on a {kind}"
    yield finding(rule, "idle-restriction", None, message, "Remove the restriction, or grant the action.")
