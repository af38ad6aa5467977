"""One of the two versions: what it grants and forbids to whom.

Principals that differ in no fact that the rules read share their derivations, so rules are evaluated a few at
a time: those that read the same facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from itertools import chain

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.derivations import Derivation, Derivations, Roles, is_composed
from multichannel.policy.decide.oso_engine import Engine
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.ast import Dot, Name, Operation, Pattern
from multichannel.policy.language.extract import Extract, extract, with_helpers
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import ANY_RESOURCE, VERDICTS, Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

DerivationsByAction = Mapping[Action, tuple[Derivation, ...]]
CACHED, CACHED_RULES = 500, 10_000
Facts = tuple[str, ...]
"""Names of facts of principals."""


class PolicyVersion:
    """One version; what it answers twice is the same object twice."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._source = policy.source
        self._derived: dict[tuple[object, ...], tuple[Derivation, ...]] = {}
        self._joined: dict[tuple[int, ...], tuple[Derivation, ...]] = {}
        self._same: dict[tuple[Derivation, ...], tuple[Derivation, ...]] = {}
        self._by_action: dict[tuple[object, ...], DerivationsByAction] = {}
        self._groups = cache(self._find_groups)
        self.is_composed = is_composed(policy.source)
        self._reads_roles = cache(
            lambda resource: "roles" in self._facts_read(("has_standing", "forbid"), resource)
        )
        """Whether standings or restrictions depend on the principal's roles."""
        self.facts_read = cache(
            lambda resource: self._facts_read(("has_standing", "forbid", "allow", "grant"), resource)
        )
        """The facts of principals on which decisions about a resource type can depend."""

    def is_joined(self, resource: Resource) -> bool:
        """Whether standings and grants say all that is allowed; else `allow` has to be evaluated."""
        return self.policy.derivations.is_joined(resource)

    def uses(self, rules: Iterable[Rule], resource: Resource) -> bool:
        """Whether a decision about a record of a resource type can use one of these rules or declarations."""
        verdicts = (
            rule
            for rule in self._source.rules
            if rule.name == "allow" or (rule.name in VERDICTS and rule.about in {None, resource.name})
        )
        used = with_helpers(self._source, verdicts)
        return any(rule in used or not rule.is_rule for rule in rules)

    def rules_with_helpers(self, name: str, resource: Resource) -> Iterator[frozenset[Rule]]:
        """Each rule of a name that concerns a resource type, with the helper rules that it can use."""
        for rule in self._rules(name, resource):
            yield with_helpers(self._source, [rule])

    def granted(
        self, principal: Principal, roles: Roles, resource: Resource, *, trace: bool = True
    ) -> DerivationsByAction:
        """By action each derivation by which it is granted to these roles, restrictions aside.

        Without a trace, which takes half the time, those that are not joined have neither rules nor a name.
        """
        if not self.is_joined(resource):
            allowed = self._derive("allow", replace(principal, roles=roles), resource, trace=trace)
            return self._once((resource.name, id(allowed)), lambda: _split(allowed, resource))
        standings = self._derive("has_standing", self._asking(principal, roles, resource), resource)
        key = (resource.name, roles, id(standings))
        return self._once(key, lambda: self._join(standings, roles, resource))

    def forbidden(self, principal: Principal, roles: Roles, resource: Resource) -> DerivationsByAction:
        """By action each derivation by which it is forbidden."""
        forbidden = self._derive("forbid", self._asking(principal, roles, resource), resource)
        return self._once((resource.name, id(forbidden)), lambda: _split(forbidden, resource))

    def _asking(self, principal: Principal, roles: Roles, resource: Resource) -> Principal:
        return replace(principal, roles=roles) if self._reads_roles(resource) else principal

    def _once(self, key: tuple[object, ...], make: Callable[[], DerivationsByAction]) -> DerivationsByAction:
        if key not in self._by_action:
            self._by_action[key] = {
                action: self._same.setdefault(each, each) for action, each in make().items()
            }
        return self._by_action[key]

    def _join(self, standings: Iterable[Derivation], roles: Roles, resource: Resource) -> DerivationsByAction:
        rules: dict[tuple[str, Action], dict[Rule, None]] = defaultdict(dict)
        for grant in self.policy.derivations.grants(resource):
            if grant.role in roles:
                rules[grant.standing, grant.action] |= dict.fromkeys(grant.rules)
        granted: dict[Action, list[Derivation]] = defaultdict(list)
        for held in standings:
            for (standing, action), granting in rules.items():
                if standing == held.name:
                    together = tuple(dict.fromkeys((*held.rules, *granting)))
                    granted[action].append(Derivation(standing, action, together, held.conditions))
        return {action: tuple(granted[action]) for action in resource.actions}

    def _derive(
        self, rule: str, principal: Principal, resource: Resource, *, trace: bool = True
    ) -> tuple[Derivation, ...]:
        """What the rules of a name derive, a group of them at a time."""
        parts = []
        for number, (facts, derivations) in enumerate(self._groups(rule, resource)):
            key = (rule, resource.name, trace, number, *(getattr(principal, fact) for fact in facts))
            if key not in self._derived:
                self._derived[key] = derivations.derived(rule, principal, resource, trace=trace)
            parts.append(self._derived[key])
        ids = tuple(map(id, parts))
        if ids not in self._joined:
            whole = tuple(dict.fromkeys(chain.from_iterable(parts)))
            self._joined[ids] = self._same.setdefault(whole, whole)
        return self._joined[ids]

    def _find_groups(self, rule: str, resource: Resource) -> list[tuple[Facts, Derivations]]:
        """Some rules each, with the facts of principals that they read; all of them where one needs another.

        What is allowed is allowed by one standing at a time, unless a rule asks for two.
        """
        alike: list[Rule] = []
        if rule == "allow":
            alike = [*self._rules("allow", resource), *self._rules("grant", resource)]
        if not self._source.is_separable or any(each.text.count("has_standing") > 1 for each in alike):
            names = (rule, *VERDICTS) if rule == "allow" else (rule,)
            return [(self._facts_read(names, resource), self.policy.derivations)]
        by_facts: dict[Facts, list[Rule]] = {}
        for each in self._rules("has_standing" if rule == "allow" else rule, resource):
            by_facts.setdefault(self._facts_of((each, *alike)), []).append(each)
        return [
            (facts, _derivations(extract(self._source, (*rules, *alike))))
            for facts, rules in by_facts.items()
        ]

    def _facts_read(self, names: Iterable[str], resource: Resource) -> Facts:
        """The facts of principals that rules of these names read, or rules that they may ask."""
        rules = [rule for name in names for rule in self._rules(name, resource)]
        return self._facts_of(rules if self._source.is_separable else self._source.by_mark.values())

    def _rules(self, name: str, resource: Resource) -> list[Rule]:
        return [
            rule
            for rule in self._source.rules
            if rule.name == name and concerns(self._source, rule, resource.name)
        ]

    def _facts_of(self, rules: Iterable[Rule]) -> Facts:
        """What rules read, or their helper rules."""
        words = (_facts_in(rule) for rule in with_helpers(self._source, rules))
        return tuple(sorted(frozenset().union(*words)))


@lru_cache(CACHED_RULES)
def _facts_in(rule: Rule) -> frozenset[str]:
    """The facts of principals that a rule reads, and those that a record may be asked for instead."""
    records = {
        parameter.term.name
        for parameter in rule.tree.parameters
        if isinstance(parameter.term, Name) and parameter.kind in {ANY_RESOURCE, *RESOURCES}
    }
    words: set[str] = set()
    for term in rule.terms:
        if isinstance(term, Operation) and term.operator == "in" and isinstance(term.operands[1], Dot):
            records |= {each.name for each in term.operands[:1] if isinstance(each, Name)}
    for term in rule.terms:
        if isinstance(term, Dot) and isinstance(term.subject, Name) and term.subject.name not in records:
            words.add(term.name)
        if isinstance(term, Pattern):
            words |= {fact for fact, _ in term.fields}
    return frozenset(words & set(Principal.__slots__))


@lru_cache(CACHED)
def _derivations(some: Extract) -> Derivations:
    """What some rules derive: for all versions that have the same rules."""
    return Derivations(Engine(some))


def _split(derivations: Iterable[Derivation], resource: Resource) -> DerivationsByAction:
    return {
        action: tuple(each for each in derivations if each.concerns(action)) for action in resource.actions
    }


def conditions_of(derivations: Iterable[Derivation]) -> frozenset[Conditions]:
    """The alternatives at which one of the derivations holds."""
    return frozenset(each.conditions for each in derivations)
