"""Whether two policies give the same verdicts on a kind of record: proved from their rules, or unknown.

It is what excuses a fault that no case catches. The proof is of verdicts; of a denial that has a reason, an
edit may tell one more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import (
    Call,
    Literal,
    Name,
    Operation,
    Parameter,
    Statement,
    Term,
    conjuncts,
)
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.rule_words import helpers_of
from tests.workbench.mutants.conditions import (
    PRINCIPAL,
    RECORD,
    BeyondReason,
    Condition,
    Conditions,
    Fact,
    Value,
    conditions,
    contradict,
    implies,
    one_by_one,
    opposite,
    values_of,
)
from tests.workbench.mutants.inlined import inlined

WORDS = ("role", "standing", "action")
CASES = 2
"""How many times a proof tells cases apart."""

Pair = tuple[Value, Value]


@dataclass(frozen=True)
class Meaning:
    """What the rules about one kind of record say."""

    standings: tuple[tuple[Value, Conditions], ...]
    granted: dict[str, frozenset[Pair]]
    """By action the roles and standings that are granted it."""
    forbidden: dict[str, tuple[Conditions, ...]]
    """By action the conditions under which it is forbidden."""

    def ways(self, role: Value, action: str) -> list[Conditions]:
        """Under which conditions a role may do it: those that no restriction is sure to take away."""
        standings = {standing for granted, standing in self.granted[action] if granted == role}
        every = (asked for standing, asked in self.standings if standing in standings)
        return [asked for asked in every if not self.forbids(action, asked)]

    def forbids(self, action: str, asked: Conditions) -> bool:
        """Whether it is forbidden wherever these conditions hold."""
        return contradict(asked) or any(implies(asked, bar) for bar in self.forbidden[action])


def same(kind: str, one: PolicySource, other: PolicySource) -> bool:
    """Whether it is certain that both give the same verdicts on every record of a kind."""
    try:
        left, right = meaning(kind, one), meaning(kind, other)
    except (BeyondReason, PolicyInvalid):
        return False
    return _covers(left, right) and _covers(right, left)


def _covers(wider: Meaning, narrower: Meaning) -> bool:
    """Whether whatever the narrower one allows the wider one allows."""
    roles = {role for pairs in narrower.granted.values() for role, _ in pairs}
    return all(
        _allows(wider, narrower, role, action, way, CASES)
        for action in narrower.granted
        for role in roles
        for way in narrower.ways(role, action)
    )


def _allows(  # noqa: PLR0913, PLR0917  (two policies, a role, an action, where, and how far to go)
    wider: Meaning, narrower: Meaning, role: Value, action: str, way: Conditions, cases: int
) -> bool:
    """Whether the wider one allows what the narrower one does in this way, if need be case by case."""
    if narrower.forbids(action, way):
        return True
    granted, bars = wider.ways(role, action), wider.forbidden[action]
    if any(implies(way, other) for other in granted) and all(
        narrower.forbids(action, way | bar) for bar in bars
    ):
        return True
    return cases > 0 and any(
        all(
            _allows(wider, narrower, role, action, way | {side}, cases - 1)
            for side in (pivot, opposite(pivot))
            if side is not None
        )
        for pivot in _pivots(way, (*granted, *narrower.forbidden[action]))
    )


def _pivots(way: Conditions, others: Iterable[Conditions]) -> set[Condition]:
    """The conditions that alone keep one of the others from following."""
    missing = ([item for item in other if not implies(way, frozenset({item}))] for other in others)
    return {items[0] for items in missing if len(items) == 1 and opposite(items[0]) is not None}


def meaning(kind: str, source: PolicySource) -> Meaning:
    """What a policy says of a kind of record; BeyondReason where it says it in ways unknown here."""
    helpers = helpers_of(rule.tree for rule in source.rules if rule.is_rule)
    rules = [
        (rule, tree)
        for rule in source.rules
        if rule.name in VERDICTS and _is_about(rule, kind, source)
        for tree in inlined(rule.tree, helpers)
    ]
    actions = [action.value for action in RESOURCES[kind].actions]
    standings = [_standing(rule, tree) for rule, tree in rules if rule.name == "has_standing"]
    known = frozenset(standing for standing, _ in standings)
    trees = [tree for rule, tree in rules if rule.name == "grant"]
    triples = {
        triple
        for tree in trees
        if not _within(tree)
        for triple in _triples(tree, frozenset(), known, actions)
    }
    triples |= {(role, standing, "read_summary") for role, standing, action in triples if action == "read"}
    granted = frozenset(role for role, _, _ in triples)
    triples |= {
        (role, standing, action)
        for tree in trees
        if (within := _within(tree))
        for role, standing, action in _triples(tree, granted, known, actions)
        if all((role, standing, other) in triples for other in within)
    }
    bars = [_bar(tree) for rule, tree in rules if rule.name == "forbid"]
    bars = [(barred, each) for barred, bar in bars for each in one_by_one(bar)]
    return Meaning(
        tuple((standing, each) for standing, asked in standings for each in one_by_one(asked)),
        {action: frozenset((role, st) for role, st, done in triples if done == action) for action in actions},
        {
            action: tuple(bar for barred, bar in bars if barred is None or action in barred)
            for action in actions
        },
    )


def _is_about(rule: Rule, kind: str, source: PolicySource) -> bool:
    """A general grant is that of summaries, which is written out."""
    return rule.about == kind or (rule.name != "grant" and concerns(source, rule, kind))


def _names(statement: Statement) -> dict[str, str]:
    called = {"Principal": PRINCIPAL}
    return {
        item.term.name: called.get(item.kind, RECORD)
        for item in statement.parameters
        if isinstance(item.term, Name) and item.kind not in {None, "String"}
    }


def _standing(rule: Rule, statement: Statement) -> tuple[Value, Conditions]:
    named = statement.parameters[1].term
    if not isinstance(named, Literal):
        raise BeyondReason(rule.position)
    return named.value, conditions(statement, _names(statement))


def _is_grant(part: Term) -> bool:
    return isinstance(part, Call) and part.name == "grant"


def _within(statement: Statement) -> frozenset[Value]:
    """The actions that the same role and standing must be granted, too, for this grant to hold."""
    calls = [part for part in conjuncts(statement.body) if isinstance(part, Call) and part.name == "grant"]
    if not calls:
        return frozenset()
    role, standing, _, record = (parameter.term for parameter in statement.parameters)
    found = set[Value]()
    for call in calls:
        named = call.arguments[2]
        if not isinstance(named, Literal) or not _alike(call.arguments, (role, standing, named, record)):
            raise BeyondReason
        found.add(named.value)
    return frozenset(found)


def _alike(ones: Iterable[Term], others: Iterable[Term]) -> bool:
    return [_said(term) for term in ones] == [_said(term) for term in others]


def _said(term: Term) -> Value:
    """The name or the word that a term is, wherever it is written."""
    if isinstance(term, Name):
        return f"variable {term.name}"
    if isinstance(term, Literal):
        return term.value
    raise BeyondReason


def _triples(
    statement: Statement, roles: frozenset[Value], known: frozenset[Value], actions: list[str]
) -> Iterator[tuple[Value, Value, Value]]:
    """What a rule grants; `roles` are those that a grant within another may be to, if it names none."""
    own = tuple(part for part in conjuncts(statement.body) if not _is_grant(part))
    asked = conditions(replace(statement, body=Operation(statement.head, "and", own)), {})
    if any(not isinstance(item, Fact) or item.path not in WORDS or not item.is_among for item in asked):
        raise BeyondReason
    every = (roles, known, frozenset[Value](actions))
    granted, standings, done = (
        _words(parameter, asked, words) for parameter, words in zip(statement.parameters, every, strict=False)
    )
    for role in granted:
        for standing in standings:
            yield from ((role, standing, action) for action in done if action in actions)


def _words(parameter: Parameter, asked: Conditions, every: frozenset[Value]) -> frozenset[Value]:
    """The words a parameter stands for; every one there is, if nothing is asked of it."""
    if isinstance(parameter.term, Literal):
        return frozenset({parameter.term.value})
    found = values_of(asked, parameter.term.name) if isinstance(parameter.term, Name) else None
    if found is None and not every:
        raise BeyondReason
    return every if found is None else found


def _bar(statement: Statement) -> tuple[frozenset[Value] | None, Conditions]:
    """Which actions are forbidden, None for all, and where."""
    asked, named = conditions(statement, _names(statement)), statement.parameters[2].term
    if isinstance(named, Literal):
        return frozenset({named.value}), asked
    of_action = frozenset(item for item in asked if isinstance(item, Fact) and item.path == "action")
    return values_of(of_action, "action"), asked - of_action
