"""The parts that verdicts are joined from: standings, grants and restrictions, each with its rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from polar import Variable

from multichannel.policy.decide.composition import Composition
from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.oso_engine import Answer, Engine
from multichannel.policy.decide.partial_results import conditions
from multichannel.policy.language.ast import Dot, Pattern, terms
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal

ANY, NAME, ACTION = Variable("resource"), Variable("name"), Variable("action")
ROLE, STANDING = Variable("role"), Variable("standing")


@dataclass(frozen=True, slots=True)
class Part:
    """A standing, or a restriction by its code: where it holds. Without an `action` it is about all."""

    name: str
    action: str | None
    rules: tuple[Rule, ...]
    conditions: Conditions


Grants = Mapping[tuple[str, str, Action], tuple[Rule, ...]]
"""The rules by role, standing and action."""


class Parts:
    """The parts of one policy. Principals that differ in no fact the rules look at are asked for once."""

    def __init__(self, source: PolicySource) -> None:
        """Load it; PolicyInvalid when it does not load."""
        self.source = source
        self._engine = Engine(source)
        self._composition = Composition(self._engine)
        self._found: dict[tuple[object, ...], tuple[Part, ...]] = {}
        self._same: dict[tuple[Part, ...], tuple[Part, ...]] = {}
        self._engines: dict[tuple[str, str], list[tuple[tuple[str, ...], Engine]]] = {}

    def are_joined(self, resource: Resource) -> bool:
        """Whether standings and grants say all there is; else `allowed` has to be asked."""
        return self._composition.covers(resource)

    def looked_at(self, resource: Resource, names: Iterable[str]) -> tuple[str, ...]:
        """The facts of principals that rules of these names, or rules that they may ask, look at."""
        named = [rule for name in names for rule in self._rules(name, resource.name)]
        return self._facts_of(named if self.source.is_separable else self.source.by_mark.values())

    def standings(self, principal: Principal, resource: Resource) -> tuple[Part, ...]:
        """What a principal can be to records of a kind, whatever it is granted there."""
        return self._asked("has_standing", principal, resource, (principal, NAME, ANY))

    def restrictions(self, principal: Principal, resource: Resource) -> tuple[Part, ...]:
        """What is forbidden to a principal."""
        return self._asked("forbid", principal, resource, (NAME, principal, ACTION, ANY))

    def allowed(self, principal: Principal, resource: Resource, *, trace: bool = True) -> tuple[Part, ...]:
        """What is allowed to a principal, restrictions aside; each part has the name of its standing.

        Without a trace it takes half the time, and parts have neither rules nor a name.
        """
        return self._asked("allow", principal, resource, (principal, ACTION, ANY), trace=trace)

    def grants(self, resource: Resource) -> Grants:
        """What is granted to which role at which standing; for kinds of records whose parts are joined."""
        found: dict[tuple[str, str, Action], tuple[Rule, ...]] = {}
        asked = self._engine.ask_in_part("grant", ROLE, STANDING, ACTION, ANY, kind=resource.name, trace=True)
        for answer in asked:
            role, standing, action = (answer.bindings[name] for name in ("role", "standing", "action"))
            if action in resource.actions:
                key = (role, standing, Action(action))
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), *answer.rules)))
        return found

    def _asked(
        self,
        rule: str,
        principal: Principal,
        resource: Resource,
        arguments: tuple[Any, ...],
        *,
        trace: bool = True,
    ) -> tuple[Part, ...]:
        """The answers of all rules of a name, a few at a time: these look at few facts of principals."""
        found: dict[Part, None] = {}
        for number, (facts, engine) in enumerate(self._groups(rule, resource)):
            key = (rule, resource.name, trace, number, *(getattr(principal, fact) for fact in facts))
            if key not in self._found:
                asked = engine.ask_in_part(rule, *arguments, kind=resource.name, trace=trace)
                self._found[key] = tuple(_part(answer, resource) for answer in asked)
            found |= dict.fromkeys(self._found[key])
        whole = tuple(found)
        return self._same.setdefault(whole, whole)

    def _groups(self, rule: str, resource: Resource) -> list[tuple[tuple[str, ...], Engine]]:
        """Engines for some rules each, with the facts of principals that they look at; whole if need be."""
        key = rule, resource.name
        if key not in self._engines:
            self._engines[key] = self._apart(rule, resource) or [
                (self.looked_at(resource, (rule, *VERDICTS) if rule == "allow" else (rule,)), self._engine)
            ]
        return self._engines[key]

    def _apart(self, rule: str, resource: Resource) -> list[tuple[tuple[str, ...], Engine]]:
        """What is allowed is allowed by one standing at a time; nothing where a rule asks for two."""
        alike: list[Rule] = []
        name = rule
        if rule == "allow":
            name = "has_standing"
            alike = [*self._rules("allow", resource.name), *self._rules("grant", resource.name)]
        if not self.source.is_separable or any(each.text.count("has_standing") > 1 for each in alike):
            return []
        by_facts: dict[tuple[str, ...], list[Rule]] = {}
        for each in self._rules(name, resource.name):
            by_facts.setdefault(self._facts_of((each, *alike)), []).append(each)
        return [(facts, Engine(self.source.only((*rules, *alike)))) for facts, rules in by_facts.items()]

    def _rules(self, name: str, kind: str) -> list[Rule]:
        return [rule for rule in self.source.rules if rule.name == name and concerns(self.source, rule, kind)]

    def _facts_of(self, rules: Iterable[Rule]) -> tuple[str, ...]:
        """What rules look at, or rules that they may ask; by the word, so facts of anything else count."""
        asked = [rule for rule in self.source.rules if rule.is_rule and rule.name not in {"allow", *VERDICTS}]
        words: set[str] = set()
        for rule in (*rules, *asked):
            for term in terms(rule.tree):
                words |= {term.name} if isinstance(term, Dot) else set()
                words |= {fact for fact, _ in term.fields} if isinstance(term, Pattern) else set()
        return tuple(sorted(words & set(Principal.__slots__)))


def alone(principal: Principal, role: str) -> Principal:
    """The principal with this role and no other."""
    return replace(principal, roles=(role,))


def _part(answer: Answer, resource: Resource) -> Part:
    """One answer; a name that is bound to nothing is that of the standing in the head of a rule."""
    bound = answer.bindings
    action = bound.get("action")
    name = bound.get("name")
    return Part(
        name if type(name) is str else _standing(answer.rules),
        action if type(action) is str else None,
        answer.rules,
        conditions(bound["resource"], resource),
    )


def _standing(rules: Iterable[Rule]) -> str:
    heads = (rule.text.partition(",")[2] for rule in rules if rule.name == "has_standing")
    return next((head.split('"')[1] for head in heads if '"' in head), "")
