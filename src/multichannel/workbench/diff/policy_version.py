"""One of the two versions: what it grants and forbids to whom, in parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain

from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.rule_parts import Grants, Part, Parts, alone
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.literals import Conjunction, atoms

Granted = Mapping[Action, tuple[Part, ...]]
RoleGrants = dict[tuple[str, str, Action], tuple[Rule, ...]]


class Side:
    """One version; what it answers twice is the same object twice."""

    def __init__(self, name: str, policy: Policy) -> None:
        """`name` is `old` or `new`."""
        self.name = name
        self.policy = policy
        self.source = policy.source
        self._granted: dict[tuple[object, ...], Granted] = {}
        self._roles_decide: dict[str, bool] = {}
        self._grants: dict[str, defaultdict[str, RoleGrants]] = {}

    @cached_property
    def parts(self) -> Parts:
        """What its verdicts are joined from; loaded when something has to be compared."""
        return Parts(self.source)

    def granted(self, principal: Principal, role: str, resource: Resource, *, trace: bool = True) -> Granted:
        """By action each way in which it is granted to the role alone, restrictions aside."""
        if not self.parts.are_joined(resource):
            found = self.parts.allowed(alone(principal, role), resource, trace=trace)
            key: tuple[object, ...] = (resource.name, id(found))
            return self._keep(key, lambda: self._by_action(found, resource))
        who = self._asking(principal, role, resource)
        standings = self.parts.standings(who, resource)
        key = (resource.name, role, id(standings))
        return self._keep(key, lambda: self._joined(standings, role, resource))

    def barred(self, principal: Principal, role: str, resource: Resource) -> tuple[Part, ...]:
        """Each way in which something is forbidden."""
        return self.parts.restrictions(self._asking(principal, role, resource), resource)

    def _asking(self, principal: Principal, role: str, resource: Resource) -> Principal:
        """Whom to ask for: with the role where standings or restrictions look at it."""
        if resource.name not in self._roles_decide:
            facts = self.parts.looked_at(resource, ("has_standing", "forbid"))
            self._roles_decide[resource.name] = "roles" in facts
        return alone(principal, role) if self._roles_decide[resource.name] else principal

    def _keep(self, key: tuple[object, ...], make: Callable[[], Granted]) -> Granted:
        if key not in self._granted:
            self._granted[key] = make()
        return self._granted[key]

    def _by_action(self, found: Iterable[Part], resource: Resource) -> Granted:
        return {
            action: tuple(part for part in found if part.action in {None, action})
            for action in resource.actions
        }

    def _joined(self, standings: Iterable[Part], role: str, resource: Resource) -> Granted:
        grants = self._grants_of(resource)[role]
        found: dict[Action, list[Part]] = defaultdict(list)
        for part in standings:
            for (_, standing, action), rules in grants.items():
                if standing == part.name:
                    whole = tuple(dict.fromkeys((*part.rules, *rules)))
                    found[action].append(Part(standing, action, whole, part.conditions))
        return {action: tuple(found[action]) for action in resource.actions}

    def _grants_of(self, resource: Resource) -> Mapping[str, Grants]:
        if resource.name not in self._grants:
            by_role: defaultdict[str, RoleGrants] = defaultdict(dict)
            for key, rules in self.parts.grants(resource).items():
                by_role[key[0]][key] = rules
            self._grants[resource.name] = by_role
        return self._grants[resource.name]


def ways(parts: Iterable[Part], kind: str, rows: int) -> frozenset[Conjunction]:
    """All ways in which one of the parts holds."""
    return frozenset(chain.from_iterable(atoms(part.conditions, kind, rows) for part in parts))
