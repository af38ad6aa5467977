"""What the people of a tenant may do with a record: by standing, with the rule that gives the standing.

The conditions of the policy's derivations are evaluated on the record. They are derived once for a tenant and
resource type, so that a page of records costs little more than one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any

from multichannel.policy.decide.conditions import Conditions, failures
from multichannel.policy.decide.derivations import standing_rules
from multichannel.policy.decide.oso_engine import kind_of
from multichannel.policy.decide.policy import Policy
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import Action, Principal

_TENANT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OTHERWISE = "The policy allows it by a rule that is not about standings."


@dataclass(frozen=True, slots=True)
class StandingAccess:
    """What roles of a tenant may do with one record at a standing, restrictions applied.

    Without a standing, rules of another form than grants permit it.
    """

    standing: str | None
    because: str
    """The first sentence of the policy's comment on the standing."""
    actions: Mapping[str, tuple[Action, ...]]
    """By role, for those that may do anything."""


def standing_access(
    policy: Policy, principal: Principal, record: Any, roles: Iterable[str]
) -> list[StandingAccess]:
    """What each of these roles may do with one record of facts, whatever roles the principal has.

    All standings together give what `Policy.decide` allows a principal with that role alone. Raises
    PolicyFault where the policy fails.
    """
    resource = RESOURCES[kind_of(record)]

    @cache
    def holds(conditions: Conditions) -> bool:
        return not failures(conditions, record)

    actions: dict[str, dict[str, set[Action]]] = defaultdict(lambda: defaultdict(set))
    for role in roles:
        who = replace(principal, roles=(role,))
        restrictions = policy.derivations.restrictions(who, resource)
        forbidden = [each for each in restrictions if holds(each.conditions)]
        open_to = {
            action for action in resource.actions if not any(each.concerns(action) for each in forbidden)
        }
        for each in policy.derivations.allowed(who, resource):
            allowed = {action for action in open_to if each.concerns(action)}
            if allowed and holds(each.conditions):
                actions[each.name][role] |= allowed
    return [
        StandingAccess(standing or None, _because(policy, resource, standing), _in_order(resource, by_role))
        for standing, by_role in actions.items()
    ]


def tenant_ids(facts: Any) -> Iterator[str]:
    """Every GUID in a record of facts and in those that it leads to: no other tenant can have a standing.

    A standing follows from an id of the tenant among the facts of the record, which are all that rules read.
    """
    if isinstance(facts, str):
        if _TENANT_ID.fullmatch(facts):
            yield facts
    elif isinstance(facts, list | tuple):
        for each in facts:
            yield from tenant_ids(each)
    elif is_dataclass(facts):
        for field in fields(facts):
            yield from tenant_ids(getattr(facts, field.name))


def _because(policy: Policy, resource: Resource, standing: str) -> str:
    """The comment above the first rule that gives the standing and has one."""
    if not standing:
        return OTHERWISE
    rules = standing_rules(policy.source, resource.name, standing)
    return next((rule.sentence for rule in rules if rule.sentence), f"Its standing is {standing}.")


def _in_order(resource: Resource, actions: Mapping[str, set[Action]]) -> dict[str, tuple[Action, ...]]:
    return {
        role: tuple(action for action in resource.actions if action in of_role)
        for role, of_role in actions.items()
    }
