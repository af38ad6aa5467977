"""Grants against standings, restrictions and actions: what can never be used, and what nobody is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from multichannel.policy.language.literals import ACTION, STANDING, said_words
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.grant_table import Given, read_grants
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import Helpers, Triple, helpers_of, parameter_words

Granted = Mapping[str, Sequence[Given]]


def check_grants(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Grants that add nothing or know no bounds, standings without grants, restrictions of nothing."""
    by_kind: dict[str, list[Given]] = defaultdict(list)
    for given in read_grants(statements):
        by_kind[given.kind].append(given)
    for kind, given_there in by_kind.items():
        yield from _redundant(given_there)
        yield from (found for given in given_there for found in _unbounded(given, kind))
    helpers = helpers_of(rule.tree for rule in statements)
    for rule in statements:
        if rule.is_verdict and rule.record_type in RESOURCES:
            yield from _about(rule, rule.record_type, by_kind[rule.record_type], helpers)


def granted_actions(statements: Sequence[Rule]) -> set[tuple[str, str]]:
    """Every kind of record with every action that some grant gives there."""
    found = set()
    for given in read_grants(statements):
        for _, _, action in given.triples:
            actions = RESOURCES[given.kind].actions if action is None else (action,)
            found |= {(given.kind, str(each)) for each in actions}
    return found


def _redundant(given_there: list[Given]) -> Iterator[Finding]:
    """Grants of which everything is given by others; of two alike, the later."""
    kept = list(given_there)
    for given in reversed(given_there):
        others = [other for other in kept if other is not given and other.exact]
        if not given.exact or not given.triples or given.rule.record_type is None:
            continue
        if given.triples <= {triple for other in others for triple in other.triples}:
            kept.remove(given)
            by = _givers(given.triples, others)
            yield finding(
                given.rule,
                "redundant-grant",
                None,
                f"all of this is granted already, by {by}",
                "Take one of them away.",
            )


def _givers(triples: frozenset[Triple], others: Sequence[Given]) -> str:
    found = dict.fromkeys(other.rule.position for other in others if other.triples & triples)
    return " and ".join(found)


def _unbounded(given: Given, kind: str) -> Iterator[Finding]:
    for words in given.triples:
        missing = [
            name for name, word in zip(("role", "standing", "action"), words, strict=True) if word is None
        ]
        if missing and given.rule.record_type == kind:
            message = f"the grant names no {' and no '.join(missing)}"
            yield finding(given.rule, "unbounded-grant", None, message, "Name all of those meant.")
            return


def _about(rule: Rule, kind: str, given_there: Sequence[Given], helpers: Helpers) -> Iterator[Finding]:
    triples = {triple for given in given_there for triple in given.triples}
    if rule.tree.name == "has_standing":
        yield from _unused(rule, kind, triples)
    if rule.tree.name == "forbid":
        yield from _idle(rule, kind, triples, helpers)


def _unused(rule: Rule, kind: str, triples: set[Triple]) -> Iterator[Finding]:
    said = said_words(rule, STANDING)
    standings = {standing for _, standing, _ in triples}
    if said and None not in standings and not said & standings:
        message = f"nothing is granted at the standing {' or '.join(sorted(said))} to a {kind}"
        yield finding(rule, "unused-standing", rule.tree.parameters[STANDING].span, message)


def _idle(rule: Rule, kind: str, triples: set[Triple], helpers: Helpers) -> Iterator[Finding]:
    restricted = set(parameter_words(rule.tree, ACTION, helpers) or ())
    known = restricted & {str(action) for action in RESOURCES[kind].actions}
    actions = {action for _, _, action in triples}
    if None in actions or known & actions or (restricted and not known) or (actions and not restricted):
        return
    message = f"nobody is granted {' or '.join(sorted(known)) or 'anything'} on a {kind}"
    yield finding(rule, "idle-restriction", None, message, "Take the restriction away, or grant the action.")
