"""`explainDecision`: why the caller may or may not, in terms of the policy's own lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import strawberry

from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.framework.context import Operation
from multichannel.graphql.framework.fields import DECLARATIONS, Column, One
from multichannel.graphql.framework.global_ids import read_id
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.evaluated_condition import PRINCIPAL, Fact, Tried
from multichannel.policy.explain.explanation import Explanation, NearMiss, explain
from multichannel.policy.explain.redaction import near_misses_told, told
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import READS, Action, Principal

WAY = {"has_standing", "grant"}
"""The rules that make a way; which of those that they ask hold may be a fact that is not told."""
UNTOLD = "There are conditions on what you may not read; whether they hold is not told."
Missed = Iterable[tuple[NearMiss, bool]]
"""What came near, and whether the standing is held."""


@strawberry.type(description="A line of the policy.")
class PolicyRule:
    """A statement of a policy file."""

    file: str = strawberry.field(description="The policy file.")
    line: int = strawberry.field(description="The line the statement begins on.")
    text: str = strawberry.field(description="The statement.")


@strawberry.type(description="A way in which the action is granted.")
class DecisionGrant:
    """Roles at a standing."""

    roles: list[str] = strawberry.field(description="Those of your roles that are granted the action.")
    standing: str = strawberry.field(description="What your tenant is to the object.")
    rules: list[PolicyRule] = strawberry.field(description="The lines that say so.")


@strawberry.type(description="A restriction that takes the action away.")
class DecisionRestriction:
    """A reason code."""

    code: str = strawberry.field(description="The reason, as FORBIDDEN errors carry it.")
    rules: list[PolicyRule] = strawberry.field(description="The lines that say so.")


@strawberry.type(description="A condition that does not hold.")
class FailedCondition:
    """A comparison with the value it met."""

    condition: str = strawberry.field(
        description="The condition as the policy has it, with your facts filled in."
    )
    value: str | None = strawberry.field(description="The value it met, where you may read it.")


@strawberry.type(description="A way in which the action could have been granted, and what was missing.")
class DecisionNearMiss:
    """Roles or conditions missing."""

    standing: str = strawberry.field(description="What your tenant is, or would have to be, to the object.")
    standing_held: bool = strawberry.field(
        description="Whether your tenant is that; then a role is missing, or a condition of the grant."
    )
    roles_needed: list[str] = strawberry.field(
        description="One of these roles is granted it there; empty if you have one."
    )
    failed_conditions: list[FailedCondition] = strawberry.field(
        description="The conditions that do not hold."
    )
    rules: list[PolicyRule] = strawberry.field(description="The lines that say so.")


@strawberry.type(description="Why you may or may not do something to an object you can read.")
class DecisionExplanation:
    """A decision with its reasons."""

    allowed: bool = strawberry.field(description="Whether you may.")
    grants: list[DecisionGrant] = strawberry.field(description="Every way in which the policy grants it.")
    restrictions: list[DecisionRestriction] = strawberry.field(
        description="The restrictions that take it away; told to those who may READ the object."
    )
    near_misses: list[DecisionNearMiss] = strawberry.field(
        description="Where nothing grants it: what came nearest, nearest first."
    )
    policy_digest: str = strawberry.field(description="Names the version of the policy that decided.")


def explain_decision(operation: Operation, action: Action, id: str) -> DecisionExplanation:
    """The explanation; NotVisible for what the caller may not read to any degree."""
    resource, row_id = read_id(id)
    if action not in resource.actions:
        names = ", ".join(item.name for item in resource.actions)
        raise BadInput(f"A {resource.name} has no {action.name}; it has {names}.")
    work = operation.work
    facts = work.repository(resource).facts(row_id) if resource.name in DECLARATIONS else None
    if facts is None:
        raise NotVisible
    degrees = {degree for degree in READS if work.policy.check(work.principal, degree, facts).allowed}
    found = explain(work.policy, work.principal, action, resource, facts)
    shown = _Shown(work.principal, resource, degrees)
    missed = [] if found.grants else shown.missed(work.policy, action, facts)
    return shown.explanation(found, missed, work.policy.digest)


class _Shown:
    """An explanation as far as one may read it who reads to some degrees."""

    def __init__(self, principal: Principal, resource: Resource, degrees: set[Action]) -> None:
        self._principal = principal
        self._resource = resource
        self._own = principal.tenant_id
        self._may_read = Action.READ in degrees or Action.READ not in resource.actions
        self._readable = {"id"} | {
            item.local if isinstance(item, One) else name
            for name, item in DECLARATIONS[resource.name].fields.items()
            if isinstance(item, Column | One) and item.read in degrees
        }

    def missed(self, policy: Policy, action: Action, facts: Any) -> Missed:
        """What came near, by nothing but what may be read."""
        shown = told(facts, self._resource, self._readable, self._own)
        return near_misses_told(policy, self._principal, action, facts, shown)

    def explanation(self, found: Explanation, missed: Missed, digest: str) -> DecisionExplanation:
        return DecisionExplanation(
            allowed=found.allowed,
            grants=[
                DecisionGrant(roles=list(item.roles), standing=item.standing, rules=_rules(item.rules))
                for item in found.grants
            ],
            restrictions=[
                DecisionRestriction(code=item.code, rules=_rules(item.rules))
                for item in found.restrictions
                if self._may_read
            ],
            near_misses=self._near_misses(missed),
            policy_digest=digest,
        )

    def _near_misses(self, missed: Missed) -> list[DecisionNearMiss]:
        """Nearest first, by what is told: the order tells nothing of the rest."""
        shown: list[DecisionNearMiss] = []
        for item, is_held in missed:
            way = DecisionNearMiss(
                standing=item.standing,
                standing_held=is_held,
                roles_needed=list(item.roles_needed),
                failed_conditions=self._told(item),
                rules=_rules(rule for rule in item.rules if rule.name in WAY),
            )
            if way not in shown:
                shown.append(way)
        return sorted(shown, key=_distance)

    def _told(self, miss: NearMiss) -> list[FailedCondition]:
        """The failed conditions one may know of, and whether there are others, failed or not."""
        found = [
            FailedCondition(condition=_filled_in(failed), value=self._value(failed.subject))
            for failed in miss.failed
            if self._may_know(failed)
        ]
        if not all(self._may_know(each) for each in miss.conditions):
            found.append(FailedCondition(condition=UNTOLD, value=None))
        return found

    def _may_know(self, condition: Tried) -> bool:
        """Whether it is about readable fields, or about oneself: that the object is not one's own."""
        about_oneself = condition.operator == "=" and condition.expected == self._own
        return condition.subject is not None and all(
            _is_ones_own(fact) or (_is_own_field(fact) and (about_oneself or self._reads(fact)))
            for fact in condition.facts
        )

    def _value(self, fact: Fact | None) -> str | None:
        if fact is None or fact.value is None or not (_is_ones_own(fact) or self._reads(fact)):
            return None
        return str(fact.value)

    def _reads(self, fact: Fact) -> bool:
        return _is_own_field(fact) and fact.place[1] in self._readable


def _is_ones_own(fact: Fact) -> bool:
    """Whether it is a fact of whoever asks."""
    return fact.place[:1] == (PRINCIPAL,)


def _is_own_field(fact: Fact) -> bool:
    """Whether it is the object's own field, not one of a related record."""
    return len(fact.place) == 2 and not _is_ones_own(fact)  # noqa: PLR2004  (the object, and its field)


def _filled_in(condition: Tried) -> str:
    """The condition as the policy has it, with the facts of whoever asks in place of their names."""
    against = condition.against
    if against is None or not _is_ones_own(against):
        return condition.text
    return condition.text.replace(against.text, f'"{against.value}"')


def _distance(way: DecisionNearMiss) -> tuple[int, str, list[tuple[str, int]]]:
    missing = len(way.failed_conditions) + bool(way.roles_needed) + 2 * (not way.standing_held)
    return missing, way.standing, [(rule.file, rule.line) for rule in way.rules]


def _rules(rules: Iterable[Rule]) -> list[PolicyRule]:
    return [PolicyRule(file=rule.file, line=rule.line, text=rule.text) for rule in rules]
