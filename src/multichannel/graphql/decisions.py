"""`explainDecision`: why the caller may or may not, in terms of the policy's own lines."""

from __future__ import annotations

import strawberry

from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.declarations import DECLARATIONS, Column, One
from multichannel.graphql.identifiers import read_id
from multichannel.graphql.operation import Operation
from multichannel.policy.conditions import Comparison, Path
from multichannel.policy.evaluation import Failure
from multichannel.policy.explain import Explanation, explain
from multichannel.policy.partial import THIS
from multichannel.policy.resources import Resource
from multichannel.policy.source import Rule
from multichannel.policy.vocabulary import READS, Action, Principal

HIDDEN = "A condition on something you may not read."


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
    roles_needed: list[str] = strawberry.field(
        description="One of these roles would do; empty if it is not that."
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
    facts = work.repository(resource).facts(row_id)
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
            near_misses=[
                DecisionNearMiss(
                    standing=item.standing,
                    roles_needed=list(item.roles_needed),
                    failed_conditions=[self._failed(failure) for failure in item.failed],
                    rules=_rules(item.rules),
                )
                for item in found.near_misses
            ],
            policy_digest=digest,
        )

    def _failed(self, failure: Failure) -> FailedCondition:
        """A condition on the object's readable fields with its value; on related records, without."""
        condition = failure.condition
        if not isinstance(condition, Comparison):
            return FailedCondition(condition=str(condition), value=None)
        sides = [side for side in (condition.left, condition.right) if isinstance(side, Path)]
        if any(side.variable == THIS and side.names[-1] not in self._readable for side in sides):
            return self._hidden(condition)
        value = failure.met if all(side.variable == THIS for side in sides) else None
        return FailedCondition(condition=str(condition), value=None if value is None else str(value))

    def _hidden(self, condition: Comparison) -> FailedCondition:
        """A comparison with one's own tenant tells only that one is not it; everything else stays hidden."""
        about_oneself = condition.operator == "=" and condition.right == self._own
        return FailedCondition(condition=str(condition) if about_oneself else HIDDEN, value=None)


def _rules(rules: tuple[Rule, ...]) -> list[PolicyRule]:
    return [PolicyRule(file=rule.file, line=rule.line, text=rule.text) for rule in rules]
