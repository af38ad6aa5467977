"""Restrictions that take reading away and leave the right to change what is no longer read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Resource
from multichannel.policy.schema.vocabulary import READS
from multichannel.workbench.check.codes import finding
from multichannel.workbench.diff.model_finder import ModelFinder, RecordQuery
from multichannel.workbench.diff.policy_version import PolicyVersion, conditions_of
from multichannel.workbench.diff.principals import PrincipalClasses, role_reading
from multichannel.workbench.findings import Finding

READING = "read"
"""What the name of an action that changes nothing begins with."""
Left = dict[Rule, dict[str, None]]
"""By restriction the actions that it leaves."""


def check_reading(policy: Policy) -> Iterator[Finding]:
    """A finding for each restriction of a read level that does not hit an action granted beside it."""
    version, left = PolicyVersion(policy), defaultdict[Rule, dict[str, None]](dict)
    try:
        for resource in RESOURCES.values():
            if any(_names_reading(rules) for rules in version.rules_with_helpers("forbid", resource)):
                _note_left(version, resource, left)
    except PolicyFault:
        return  # told with the invariants
    for rule, actions in left.items():
        message = f"the restriction takes reading away and leaves {', '.join(actions)}"
        yield finding(rule, "reading-taken", None, message, "Restrict these actions as well.")


def _names_reading(rules: frozenset[Rule]) -> bool:
    return any(not rule.words.isdisjoint(map(str, READS)) for rule in rules)


def _note_left(version: PolicyVersion, resource: Resource, left: Left) -> None:
    finder, reading = ModelFinder(), role_reading((version,), resource)
    for principal in PrincipalClasses((version,)).of(resource):
        for roles in reading.sets(principal.kind):
            forbidden = version.forbidden(principal, roles, resource)
            taken = [
                (read, each) for read in resource.reads for each in forbidden[read] if each.action is read
            ]
            granted = version.granted(principal, roles, resource) if taken else {}
            for read, restriction in taken:
                must = conditions_of(granted[read]), conditions_of((restriction,))
                for action in resource.actions:
                    never = conditions_of(forbidden[action])
                    query = RecordQuery((*must, conditions_of(granted[action])), never)
                    if not action.startswith(READING) and finder.find(resource.name, query) is not None:
                        rule = next(each for each in restriction.rules if each.name == "forbid")
                        left[rule][str(action)] = None
