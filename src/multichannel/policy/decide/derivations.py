"""What the rules of a policy derive: standings, grants and restrictions, each with its rules and conditions.

Decisions, predicates, comparisons, the matrix and the search for gaps all use it. The engine is queried for
standings and restrictions once for each principal and resource type, and for grants once for all principals.
If `allow` is unmodified and no grant reads the record, what is allowed follows from these: it is
joined, for a tenth of the engine's time. Elsewhere the engine evaluates `allow` itself.

With `trace`, derivations name their rules; without, they take half the time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from polar import Expression, Variable

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.oso_engine import Answer, Engine
from multichannel.policy.decide.partial_results import conditions
from multichannel.policy.language.ast import Literal
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import ROLES, Action, Principal

CACHED = 5_000
ANY, NAME, ACTION = Variable("resource"), Variable("name"), Variable("action")
ROLE, STANDING = Variable("role"), Variable("standing")
OPEN = ROLE, STANDING, ACTION
ALWAYS = Conditions()
SHIPPED_ALLOW = (
    "allow(principal: Principal, action: String, resource) if has_standing(principal, standing, resource) "
    "and grant(role, standing, action, resource) and role in principal.roles;"
)
READS_ROLES = re.compile(r"\broles\b")

Roles = tuple[str, ...]
GrantsAndReasons = dict[Roles, dict[Action, tuple[bool, tuple[str, ...]]]]
"""By roles and action whether it is granted on one record, and the codes of the restrictions that hit."""
Words = tuple[Any, Any, Any]
"""Role, standing and action, each a word or a variable."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """A standing, a restriction, or an action that is allowed at a standing, and where that holds.

    `name` is the standing, or the code of the restriction. Without an `action` it is about every action.
    """

    name: str
    action: Action | None
    rules: tuple[Rule, ...]
    conditions: Conditions

    def concerns(self, action: Action) -> bool:
        """Whether it is about an action."""
        return self.action in {None, action}


Derived = tuple[Derivation, ...]


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that is granted an action at a standing, where these conditions hold."""

    role: str
    standing: str
    action: Action
    rules: tuple[Rule, ...]
    conditions: Conditions


def is_composed(source: PolicySource) -> bool:
    """Whether `allow` is as it ships."""
    return [" ".join(rule.text.split()) for rule in source.rules if rule.name == "allow"] == [SHIPPED_ALLOW]


def reads_roles(source: PolicySource) -> bool:
    """Whether more than `allow` depends on the principal's roles."""
    return any(READS_ROLES.search(rule.text) for rule in source.rules if rule.name != "allow")


class Derivations:
    """Everything that one policy derives. Raises PolicyFault when the policy fails."""

    def __init__(self, engine: Engine) -> None:
        self.source = engine.source
        self._engine = engine
        self._reads_roles = reads_roles(engine.source)
        self._is_composed = is_composed(engine.source)
        self.derived = lru_cache(CACHED)(self._derive)
        """What `has_standing`, `forbid` or `allow` derives for a principal, as the engine evaluates it."""
        self._joined = lru_cache(CACHED)(self._join)
        self._grants = cache(self._find_grants)
        self._every_grant = cache(lambda *, trace: tuple(self._ask_for_grants(OPEN, None, trace=trace)))
        """The grants on all resource types, with one question."""

    def is_joined(self, resource: Resource) -> bool:
        """Whether standings and grants say all that is allowed on a resource type."""
        return self._is_composed and self._grants(resource, trace=False)[1]

    def grants(self, resource: Resource, *, trace: bool = True) -> tuple[RoleGrant, ...]:
        """What is granted on a resource type, to any principal.

        A grant to any role is one to each role there is; one at any standing is one at each of these.
        """
        return self._grants(resource, trace=trace)[0]

    def standings(self, principal: Principal, resource: Resource, *, trace: bool = False) -> Derived:
        """The standings of a principal, whatever it is granted there."""
        return self.derived("has_standing", self.of_any_role(principal), resource, trace=trace)

    def restrictions(self, principal: Principal, resource: Resource, *, trace: bool = False) -> Derived:
        """What is forbidden to a principal."""
        return self.derived("forbid", self.of_any_role(principal), resource, trace=trace)

    def allowed(self, principal: Principal, resource: Resource, *, trace: bool = False) -> Derived:
        """What is allowed to a principal, restrictions aside."""
        if self.is_joined(resource):
            return self._joined(principal, resource, trace=trace)
        return self.evaluated(principal, resource, trace=trace)

    def evaluated(self, principal: Principal, resource: Resource, *, trace: bool = False) -> Derived:
        """What is allowed as the engine evaluates it, whatever `allow` says."""
        return self.derived("allow", principal, resource, trace=trace)

    def granted_standings(self, principal: Principal, action: Action, resource: Resource) -> frozenset[str]:
        """The standings at which a role of the principal is granted an action, where that is joined."""
        grants = self.grants(resource, trace=False)
        return frozenset(
            each.standing for each in grants if each.action is action and each.role in principal.roles
        )

    def of_any_role(self, principal: Principal) -> Principal:
        """The principal without its roles, if no standing or restriction depends on them."""
        return principal if self._reads_roles else replace(principal, roles=())

    def verdicts(
        self, principal: Principal, resource: Resource, record: Any, roles: Iterable[Roles]
    ) -> GrantsAndReasons:
        """What is granted on one record, and why not; where joined."""
        if not self._reads_roles:
            return self._verdicts(principal, resource, record, roles)
        verdicts: GrantsAndReasons = {}
        for each in roles:
            verdicts |= self._verdicts(replace(principal, roles=each), resource, record, [each])
        return verdicts

    def _verdicts(
        self, principal: Principal, resource: Resource, record: Any, roles: Iterable[Roles]
    ) -> GrantsAndReasons:
        answers = self._engine.ask("has_standing", principal, STANDING, record)
        standings = {answer.bindings["standing"] for answer in answers}
        hits: dict[Action | None, set[str]] = defaultdict(set)
        for action, answer in _by_action(
            lambda action: self._engine.ask("forbid", NAME, principal, action, record), resource
        ):
            hits[action].add(answer.bindings["name"])
        reasons = {action: tuple(sorted(hits[None] | hits[action])) for action in resource.actions}
        granted: dict[Action, set[str]] = defaultdict(set)
        for grant in self.grants(resource, trace=False):
            if grant.standing in standings:
                granted[grant.action].add(grant.role)
        return {
            each: {
                action: (not granted[action].isdisjoint(each), reasons[action]) for action in resource.actions
            }
            for each in roles
        }

    def _join(self, principal: Principal, resource: Resource, *, trace: bool) -> Derived:
        standings = self.standings(principal, resource, trace=trace)
        grants = self.grants(resource, trace=trace)
        allow = tuple(rule for rule in self.source.rules if trace and rule.name == "allow")
        return tuple(
            dict.fromkeys(
                Derivation(held.name, grant.action, (*allow, *held.rules, *grant.rules), held.conditions)
                for held in standings
                for grant in grants
                if grant.standing == held.name and grant.role in principal.roles
            )
        )

    def _derive(self, rule: str, principal: Principal, resource: Resource, *, trace: bool) -> Derived:
        def ask(action: Any) -> Iterator[Answer]:
            arguments = {
                "has_standing": (principal, NAME, ANY),
                "forbid": (NAME, principal, action, ANY),
                "allow": (principal, action, ANY),
            }[rule]
            return self._engine.ask_in_part(rule, *arguments, kind=resource.name, trace=trace)

        derived = (_derivation(action, answer, resource) for action, answer in _by_action(ask, resource))
        return tuple(dict.fromkeys(derived))

    def _find_grants(self, resource: Resource, *, trace: bool) -> tuple[tuple[RoleGrant, ...], bool]:
        """All grants, and whether they depend on nothing but role, standing and action."""
        answers = [
            (words, answer)
            for words, answer in self._every_grant(trace=trace)
            if resource in answer.resources
        ]
        is_joined = not any(_is_open(words) for words, _ in answers)
        if not is_joined:
            answers = list(self._bound(OPEN, resource, trace=trace))
        grants = dict.fromkeys(
            _role_grant(words, answer, resource) for words, answer in answers if words[-1] in resource.actions
        )
        return tuple(grants), is_joined and all(grant.conditions == ALWAYS for grant in grants)

    def _ask_for_grants(
        self, words: Words, resource: Resource | None, *, trace: bool
    ) -> Iterator[tuple[Words, Answer]]:
        kind = resource.name if resource else None
        for answer in self._engine.ask_in_part("grant", *words, ANY, kind=kind, trace=trace):
            names = ("role", "standing", "action")
            role, standing, action = map(answer.bindings.get, names, words)
            yield (role, standing, action), answer

    def _bound(self, words: Words, resource: Resource, *, trace: bool) -> Iterator[tuple[Words, Answer]]:
        """Grants with known words; what a grant leaves open is queried word by word."""
        left_open: set[int] = set()
        for bound, answer in self._ask_for_grants(words, resource, trace=trace):
            places = {place for place, word in enumerate(bound) if type(word) is not str}
            left_open |= places
            if not places:
                yield bound, answer
        if left_open:
            place = min(left_open)
            known = ROLES, standing_names(self.source, resource.name), resource.actions
            for word in map(str, known[place]):
                narrower = (*words[:place], word, *words[place + 1 :])
                yield from self._bound(narrower, resource, trace=trace)


def standing_names(source: PolicySource, kind: str) -> tuple[str, ...]:
    """The standings that rules name for a resource type, in the order of the files."""
    heads = (rule.tree.parameters[1].term for rule in standing_rules(source, kind))
    return tuple(dict.fromkeys(str(term.value) for term in heads if isinstance(term, Literal)))


def standing_rules(source: PolicySource, kind: str, standing: str | None = None) -> Iterator[Rule]:
    """The rules that give a standing towards a resource type, or any, in the order of the files."""
    for rule in source.rules:
        if rule.name == "has_standing" and rule.is_rule and concerns(source, rule, kind):
            head = rule.tree.parameters[1].term
            if standing is None or (isinstance(head, Literal) and head.value == standing):
                yield rule


def _is_open(words: Words) -> bool:
    return any(type(word) is not str for word in words)


def _by_action(
    ask: Callable[[Any], Iterator[Answer]], resource: Resource
) -> Iterator[tuple[Action | None, Answer]]:
    """The answers of a question about all actions at once, each with its action or None for every one.

    Where a rule compares the action with something, the query is made for each action instead.
    """
    answers = list(ask(ACTION))
    if any(is_compared(answer.bindings.get("action")) for answer in answers):
        yield from ((action, answer) for action in resource.actions for answer in ask(action.value))
        return
    for answer in answers:
        word = answer.bindings.get("action")
        if type(word) is not str:
            yield None, answer
        elif word in resource.actions:
            yield Action(word), answer


def is_compared(action: Any) -> bool:
    """Whether a rule compares the action of a query with something."""
    return isinstance(action, Expression) and any(part.operator != "Isa" for part in action.args)


def _derivation(action: Action | None, answer: Answer, resource: Resource) -> Derivation:
    """One answer. What is allowed has the name of the standing in the head of a traced rule."""
    name = answer.bindings.get("name")
    return Derivation(
        name if type(name) is str else _standing(answer.rules),
        action,
        answer.rules,
        conditions(answer.bindings["resource"], resource),
    )


def _role_grant(words: Words, answer: Answer, resource: Resource) -> RoleGrant:
    role, standing, action = words
    where = conditions(answer.bindings["resource"], resource)
    return RoleGrant(role, standing, Action(action), answer.rules, where)


def _standing(rules: Iterable[Rule]) -> str:
    heads = (rule.tree.parameters[1].term for rule in rules if rule.name == "has_standing")
    return next((str(head.value) for head in heads if isinstance(head, Literal)), "")
