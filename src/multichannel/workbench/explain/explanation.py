"""Explanations for reviewers: a decision with its reasons as data, and the SQL of the list filter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlparse
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from multichannel.decision_log.decisions import RECORD, LoggedDecision, read_log
from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.decide.to_sql import where
from multichannel.policy.deployment.versions import Versions
from multichannel.policy.explain.derivation import EvaluatedCondition, Fact
from multichannel.policy.explain.explanation import Explanation, Grant, NearMiss, Restriction, explain
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.explain.targets import Target
from multichannel.workbench.replay import logged_policy

DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}


@dataclass(frozen=True)
class ExplainedDecision:
    """A decision of one policy and its explanation; `filters` is the SQL of the list by dialect."""

    who: str
    principal: Principal
    action: Action
    target: Target
    digest: str
    explanation: Explanation
    filters: Mapping[str, str] = field(default_factory=dict)
    logged: LoggedDecision | None = None


def explain_target(
    policy: Policy, who: tuple[str, Principal], action: Action, target: Target, *, sql: bool = False
) -> ExplainedDecision:
    """Explain a decision; PolicyInvalid if the policy fails to decide."""
    name, principal = who
    try:
        explanation = explain(policy, principal, action, target.resource, target.record)
    except PolicyFault as fault:
        raise PolicyInvalid(f"the policy cannot decide {action} {target.resource.name}: {fault}") from None
    filters = _filters(policy, principal, action, target.resource) if sql else {}
    return ExplainedDecision(name, principal, action, target, policy.digest, explanation, filters)


def _filters(policy: Policy, principal: Principal, action: Action, resource: Resource) -> dict[str, str]:
    """By dialect, the statement that lists the ids of the allowed rows; empty if no rows are stored."""
    model: Any = resource.model
    if model is None:
        return {}
    predicate = policy.predicate(principal, action, resource)
    statement = select(model.id).where(where(predicate, resource, model)).params(now=datetime.now(UTC))
    filters = {}
    for name, dialect in DIALECTS.items():
        sql = str(statement.compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))
        filters[name] = str(sqlparse.format(" ".join(sql.split()), reindent=True, indent_width=2))
    return filters


def find_logged_decision(log: Path, prefix: str) -> LoggedDecision:
    """The decision on a record whose id starts with the prefix; BadInput unless there is exactly one."""
    matches = {line.id: line for line in read_log(log) if line.id.startswith(prefix.lower())}
    if len(matches) != 1:
        count = f"{len(matches)} decisions" if matches else "no decision"
        raise BadInput(f"{count} in {log} with an id that starts with {prefix}")
    (line,) = matches.values()
    if line.kind != RECORD:
        raise BadInput(f"{line.id} is the decision on a list; only decisions on a record can be explained")
    if line.record is None:
        raise BadInput(f"{line.id} was denied because the {line.resource.name} was not found")
    return line


def explain_logged_decision(line: LoggedDecision, policy: Policy, *, sql: bool = False) -> ExplainedDecision:
    """Explain a decision of a log, with the ids of the log."""
    target = Target(str(line.record.id), line.resource, line.record)  # type: ignore[union-attr]  # see above
    principal = (line.principal.tenant_id, line.principal)
    return replace(explain_target(policy, principal, line.action, target, sql=sql), logged=line)


def policy_of(line: LoggedDecision, folder: Path, versions: Versions) -> Policy:
    """The policy of a logged decision: that of the folder, or a stored version; else BadInput."""
    policy = logged_policy(line.policy, folder, versions)
    if policy is None:
        raise BadInput(
            f"{line.id} was decided by policy {line.policy}, which is neither in {folder} nor in "
            f"{versions.folder}. Name its folder with --policy."
        )
    return policy


def explanation_as_json(decision: ExplainedDecision) -> dict[str, Any]:
    """The decision with all values, under stable names."""
    explanation = decision.explanation
    return {
        "who": decision.who,
        "principal": {name: getattr(decision.principal, name) for name in Principal.__slots__},
        "action": decision.action,
        "what": decision.target.name,
        "resource": decision.target.resource.name,
        "seen": decision.target.visible,
        "allowed": explanation.allowed,
        **reasons(explanation),
        "filters": dict(decision.filters),
        "decision": None if decision.logged is None else _logged(decision.logged),
    }


def reasons(explanation: Explanation) -> dict[str, Any]:
    """The reasons of a decision, under stable names."""
    return {
        "grants": [_grant(each) for each in explanation.grants],
        "restrictions": [_restriction(each) for each in explanation.restrictions],
        "near_misses": [_near_miss(each) for each in explanation.near_misses],
    }


def restricting(restriction: Restriction) -> Rule:
    """The rule `forbid` of a restriction."""
    return next(rule for rule in restriction.rules if rule.name == "forbid")


def _grant(grant: Grant) -> dict[str, Any]:
    return {"roles": grant.roles, "standing": grant.standing, **_derivation(grant.rules, grant.conditions)}


def _restriction(restriction: Restriction) -> dict[str, Any]:
    rule = restricting(restriction)
    head = {"code": restriction.code, "number": rule.number, "reason": rule.reason}
    return {**head, **_derivation(restriction.rules, restriction.conditions)}


def _near_miss(miss: NearMiss) -> dict[str, Any]:
    head = {"standing": miss.standing, "standing_held": miss.held, "roles_needed": miss.roles_needed}
    return {**head, **_derivation(miss.rules, miss.conditions)}


def _derivation(rules: Iterable[Rule], conditions: Iterable[EvaluatedCondition]) -> dict[str, Any]:
    return {
        "rules": [{"file": rule.file, "line": rule.line, "text": rule.text} for rule in rules],
        "conditions": [_condition(each) for each in conditions],
    }


def _condition(condition: EvaluatedCondition) -> dict[str, Any]:
    return {
        "file": condition.rule.file,
        "line": condition.line,
        "column": condition.column,
        "text": condition.text,
        "holds": condition.holds,
        "fact": condition.subject.path or condition.subject.text if condition.subject else None,
        "found": plain(condition.subject),
        "operator": condition.operator or None,
        "expected": _value(condition.expected),
        "expected_of": condition.against.path if condition.against else None,
    }


def _logged(line: LoggedDecision) -> dict[str, Any]:
    return {"id": line.id, "allowed": line.allowed, "reasons": line.reasons, "policy_sha256": line.policy}


def plain(fact: Fact | None) -> Any:
    """The value of a fact for output; for a record, its id."""
    return None if fact is None else _value(fact.value)


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value if value is None or isinstance(value, str | int | bool) else value.id
