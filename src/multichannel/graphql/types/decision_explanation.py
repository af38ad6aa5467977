"""`explainDecision`: why the policy allows an action or not, by its own rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from multichannel.errors import BadInput, NotVisible
from multichannel.graphql.framework.fields import DECLARATIONS, Column, ToOne
from multichannel.graphql.framework.global_ids import read_id
from multichannel.graphql.framework.strawberry_types import described, value_type
from multichannel.policy.decide.policy import Policy
from multichannel.policy.explain.derivation import PRINCIPAL, EvaluatedCondition, Fact
from multichannel.policy.explain.explanation import (
    Explanation,
    NearMiss,
    explain,
    redact,
    redacted_near_misses,
)
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource, with_article
from multichannel.policy.schema.vocabulary import READS, Action, Principal
from multichannel.store.unit_of_work import UnitOfWork

DISCLOSED_RULES = {"has_standing", "grant"}
"""The rules that a near miss shows. Which of their helper rules hold may follow from hidden facts."""
HIDDEN_CONDITIONS = "There are conditions on fields that you cannot read; whether they hold is not disclosed."
NearMisses = Iterable[tuple[NearMiss, bool]]
"""Near misses, each with whether the standing is held."""


@value_type
class PolicyRule:
    """A rule of the policy."""

    file: str = described("The name of the policy file.")
    line: int = described("The line that the rule begins on.")
    text: str = described("The text of the rule.")


@value_type
class DecisionGrant:
    """A grant of the action to you."""

    roles: list[str] = described("Your roles that are granted the action.")
    standing: str = described("The standing of your tenant towards the record, such as `billing_partner`.")
    rules: list[PolicyRule] = described("The rules that say so.")


@value_type
class DecisionRestriction:
    """A restriction that denies the action."""

    code: str = described("The reason code, as in `reasons` of a FORBIDDEN error.")
    rules: list[PolicyRule] = described("The rules that say so.")


@value_type
class FailedCondition:
    """A condition of a rule that does not hold."""

    condition: str = described("The condition as the policy states it, with facts about you filled in.")
    value: str | None = described("The value that failed it; null if it is null or you cannot read it.")


@value_type
class DecisionNearMiss:
    """A grant of the action that you do not have, and what is missing."""

    standing: str = described("The standing that the grant is for.")
    standing_held: bool = described(
        "Whether your tenant has the standing. If so, a role or another condition is missing."
    )
    roles_needed: list[str] = described(
        "The roles that are granted the action there; empty if you have one of them."
    )
    failed_conditions: list[FailedCondition] = described("The conditions that do not hold.")
    rules: list[PolicyRule] = described("The rules that say so.")


@value_type
class DecisionExplanation:
    """Why you may or may not perform an action on a record that you can see."""

    allowed: bool = described("Whether the policy allows it.")
    grants: list[DecisionGrant] = described("Every grant of the action to you.")
    restrictions: list[DecisionRestriction] = described(
        "The restrictions that deny the action; empty unless you may READ the record."
    )
    near_misses: list[DecisionNearMiss] = described(
        "If nothing grants the action: what is missing, nearest first; otherwise empty."
    )
    policy_digest: str = described("The digest of the policy version that decided.")


def explain_decision(work: UnitOfWork, action: Action, id: str) -> DecisionExplanation:
    """The explanation; NotVisible for a record that the caller cannot read at any level."""
    resource, row_id = read_id(id)
    if action not in resource.actions:
        names = ", ".join(item.name for item in resource.actions)
        raise BadInput(
            f"{action.name} is not an action on {with_article(resource.name)}. Its actions are {names}."
        )
    facts = work.repository(resource).facts(row_id) if resource.name in DECLARATIONS else None
    if facts is None:
        raise NotVisible
    levels = {level for level in READS if work.policy.check(work.principal, level, facts).allowed}
    explanation = explain(work.policy, work.principal, action, resource, facts)
    disclosure = _Disclosure(work.principal, resource, levels)
    misses = [] if explanation.grants else disclosure.near_misses(work.policy, action, facts)
    return disclosure.explanation(explanation, misses, work.policy.digest)


class _Disclosure:
    """Shows of an explanation what the caller may know, given its read levels on the record."""

    def __init__(self, principal: Principal, resource: Resource, levels: set[Action]) -> None:
        self._principal = principal
        self._resource = resource
        self._own = principal.tenant_id
        self._may_read = Action.READ in levels or Action.READ not in resource.actions
        self._readable = {"id"} | {
            item.local if isinstance(item, ToOne) else name
            for name, item in DECLARATIONS[resource.name].fields.items()
            if isinstance(item, Column | ToOne) and item.read in levels
        }

    def near_misses(self, policy: Policy, action: Action, facts: Any) -> NearMisses:
        """The near misses, computed from readable facts only."""
        redacted = redact(facts, self._resource, self._readable, self._own)
        return redacted_near_misses(policy, self._principal, action, facts, redacted)

    def explanation(self, explanation: Explanation, misses: NearMisses, digest: str) -> DecisionExplanation:
        return DecisionExplanation(
            allowed=explanation.allowed,
            grants=[
                DecisionGrant(roles=list(item.roles), standing=item.standing, rules=_rules(item.rules))
                for item in explanation.grants
            ],
            restrictions=[
                DecisionRestriction(code=item.code, rules=_rules(item.rules))
                for item in explanation.restrictions
                if self._may_read
            ],
            near_misses=self._disclosed(misses),
            policy_digest=digest,
        )

    def _disclosed(self, misses: NearMisses) -> list[DecisionNearMiss]:
        """Nearest first, by what is disclosed, so that the order reveals nothing else."""
        disclosed: list[DecisionNearMiss] = []
        for item, is_held in misses:
            miss = DecisionNearMiss(
                standing=item.standing,
                standing_held=is_held,
                roles_needed=list(item.roles_needed),
                failed_conditions=self._failed_conditions(item),
                rules=_rules(rule for rule in item.rules if rule.name in DISCLOSED_RULES),
            )
            if miss not in disclosed:
                disclosed.append(miss)
        return sorted(disclosed, key=_distance)

    def _failed_conditions(self, miss: NearMiss) -> list[FailedCondition]:
        """The failed conditions that the caller may know of, and whether there are hidden ones at all."""
        conditions = [
            FailedCondition(condition=_filled_in(failed), value=self._value(failed.subject))
            for failed in miss.failed
            if self._may_know(failed)
        ]
        if not all(self._may_know(each) for each in miss.conditions):
            conditions.append(FailedCondition(condition=HIDDEN_CONDITIONS, value=None))
        return conditions

    def _may_know(self, condition: EvaluatedCondition) -> bool:
        """Whether it is about readable fields only, or compares a field with the caller's own tenant."""
        about_caller = condition.operator == "=" and condition.expected == self._own
        return condition.subject is not None and all(
            _is_of_caller(fact) or (_is_own_field(fact) and (about_caller or self._reads(fact)))
            for fact in condition.facts
        )

    def _value(self, fact: Fact | None) -> str | None:
        if fact is None or fact.value is None or not (_is_of_caller(fact) or self._reads(fact)):
            return None
        return str(fact.value)

    def _reads(self, fact: Fact) -> bool:
        return _is_own_field(fact) and fact.place[1] in self._readable


def _is_of_caller(fact: Fact) -> bool:
    """Whether it is a fact about the caller."""
    return fact.place[:1] == (PRINCIPAL,)


def _is_own_field(fact: Fact) -> bool:
    """Whether it is a field of the record itself, not of a related one."""
    return len(fact.place) == 2 and not _is_of_caller(fact)  # noqa: PLR2004  (the record, and its field)


def _filled_in(condition: EvaluatedCondition) -> str:
    """The condition as the policy states it, with facts about the caller in place of their names."""
    against = condition.against
    if against is None or not _is_of_caller(against):
        return condition.text
    return condition.text.replace(against.text, f'"{against.value}"')


def _distance(miss: DecisionNearMiss) -> tuple[int, str, list[tuple[str, int]]]:
    missing = len(miss.failed_conditions) + bool(miss.roles_needed) + 2 * (not miss.standing_held)
    return missing, miss.standing, [(rule.file, rule.line) for rule in miss.rules]


def _rules(rules: Iterable[Rule]) -> list[PolicyRule]:
    return [PolicyRule(file=rule.file, line=rule.line, text=rule.text) for rule in rules]
