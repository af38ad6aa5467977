"""`explainDecision`: why the caller may or may not, in terms of the policy's own lines."""

from __future__ import annotations

from collections.abc import Iterable

import strawberry

from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.declarations import DECLARATIONS, Column, One
from multichannel.graphql.identifiers import read_id
from multichannel.graphql.operation import Operation
from multichannel.policy.conditions import Comparison, Member, Path
from multichannel.policy.evaluation import Failure
from multichannel.policy.explain import Explanation, NearMiss, explain
from multichannel.policy.partial import THIS
from multichannel.policy.resources import Resource
from multichannel.policy.source import Rule
from multichannel.policy.vocabulary import READS, Action, Principal

UNTOLD = "There are conditions on what you may not read; whether they hold is not told."


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
        description="False where your tenant is not that, and no condition of it is told."
    )
    roles_needed: list[str] = strawberry.field(
        description="One of these roles is granted it there; empty if it is not that."
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
    return _Shown(work.principal, resource, degrees).explanation(found, work.policy.digest)


class _Shown:
    """An explanation as far as one may read it who reads to some degrees."""

    def __init__(self, principal: Principal, resource: Resource, degrees: set[Action]) -> None:
        self._own = principal.tenant_id
        self._may_read = Action.READ in degrees or Action.READ not in resource.actions
        self._readable = {"id"} | {
            item.local if isinstance(item, One) else name
            for name, item in DECLARATIONS[resource.name].fields.items()
            if isinstance(item, Column | One) and item.read in degrees
        }

    def explanation(self, found: Explanation, digest: str) -> DecisionExplanation:
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
            near_misses=self._near_misses(found.near_misses),
            policy_digest=digest,
        )

    def _near_misses(self, missed: Iterable[NearMiss]) -> list[DecisionNearMiss]:
        """Nearest first, by what is told: the order tells nothing of the rest."""
        shown: list[DecisionNearMiss] = []
        for item in missed:
            way = DecisionNearMiss(
                standing=item.standing,
                standing_held=item.held,
                roles_needed=list(item.roles_needed),
                failed_conditions=self._told(item),
                rules=_rules(item.rules),
            )
            if way not in shown:
                shown.append(way)
        return sorted(shown, key=_distance)

    def _told(self, miss: NearMiss) -> list[FailedCondition]:
        """The failed conditions one may know of, and whether there are others, failed or not."""
        told = [
            FailedCondition(condition=str(failure.condition), value=self._value(failure))
            for failure in miss.failed
            if self._may_know(failure.condition)
        ]
        conditions = miss.conditions
        if conditions.members or not all(self._may_know(each) for each in conditions.comparisons):
            told.append(FailedCondition(condition=UNTOLD, value=None))
        return told

    def _may_know(self, condition: Comparison | Member) -> bool:
        """Whether it is about readable fields, or about oneself: that the object is not one's own."""
        if isinstance(condition, Member):
            return False
        sides = [side for side in (condition.left, condition.right) if isinstance(side, Path)]
        about_oneself = condition.operator == "=" and condition.right == self._own
        return all(_is_own_field(side) and (about_oneself or self._reads(side)) for side in sides)

    def _value(self, failure: Failure) -> str | None:
        readable = isinstance(failure.condition, Comparison) and self._reads(failure.condition.left)
        return str(failure.met) if readable and failure.met is not None else None

    def _reads(self, path: Path) -> bool:
        return _is_own_field(path) and path.names[0] in self._readable


def _is_own_field(path: Path) -> bool:
    """Whether it is the object's own field, not one of a related record."""
    return path.variable == THIS and len(path.names) == 1


def _distance(way: DecisionNearMiss) -> tuple[int, str, list[tuple[str, int]]]:
    missing = len(way.failed_conditions) + bool(way.roles_needed) + 2 * (not way.standing_held)
    return missing, way.standing, [(rule.file, rule.line) for rule in way.rules]


def _rules(rules: tuple[Rule, ...]) -> list[PolicyRule]:
    return [PolicyRule(file=rule.file, line=rule.line, text=rule.text) for rule in rules]
