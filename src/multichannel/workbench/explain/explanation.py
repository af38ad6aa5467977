"""Explanations for reviewers: a decision with its reasons, as data, and the list filter behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from multichannel.decision_log.decisions import RECORD, LoggedDecision, read_log
from multichannel.errors import BadInput, PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.decide.policy import Policy
from multichannel.policy.deployment.versions import Versions
from multichannel.policy.explain.evaluated_condition import Fact, Tried
from multichannel.policy.explain.explanation import Explanation, Grant, NearMiss, Restriction, explain
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.explain.list_sql import filters
from multichannel.workbench.explain.targets import Asked


@dataclass(frozen=True)
class Explained:
    """A question, and its answer under one policy; `filters` are the SQL of the list by dialect."""

    who: str
    principal: Principal
    action: Action
    asked: Asked
    digest: str
    explanation: Explanation
    filters: Mapping[str, str] = field(default_factory=dict)
    logged: LoggedDecision | None = None


def explained(
    policy: Policy, who: tuple[str, Principal], action: Action, asked: Asked, *, sql: bool = False
) -> Explained:
    """Explain one decision; PolicyInvalid where the policy fails at it."""
    name, principal = who
    try:
        found = explain(policy, principal, action, asked.resource, asked.record)
    except PolicyFault as fault:
        raise PolicyInvalid(f"it fails on {action} of a {asked.resource.name}: {fault}") from None
    made = filters(policy, principal, action, asked.resource) if sql else {}
    return Explained(name, principal, action, asked, policy.digest, found, made)


def logged(log: Path, prefix: str) -> LoggedDecision:
    """The one decision on a record whose id begins like this; BadInput if there is none, or several."""
    found = {line.id: line for line in read_log(log) if line.id.startswith(prefix.lower())}
    if len(found) != 1:
        several = f"{len(found)} decisions of {log} begin" if found else f"no decision of {log} begins"
        raise BadInput(f"{several} with {prefix}")
    line = next(iter(found.values()))
    if line.kind != RECORD:
        raise BadInput(f"{line.id} is about a list; only decisions on one record can be explained")
    if line.record is None:
        raise BadInput(f"{line.id} was denied for there was no such {line.resource.name}; no rule was asked")
    return line


def explain_logged(line: LoggedDecision, policy: Policy, *, sql: bool = False) -> Explained:
    """Explain a decision of a log once more; ids are as the log has them."""
    asked = Asked(str(line.record.id), line.resource, line.record)  # type: ignore[union-attr]  # see `logged`
    found = explained(policy, (line.principal.tenant_id, line.principal), line.action, asked, sql=sql)
    return Explained(**{**vars(found), "logged": line})


def policy_of(line: LoggedDecision, folder: Path, versions: Versions) -> Policy:
    """The policy a decision was made with: the folder's, or a version that was in force; else BadInput."""
    source = PolicySource.read(folder)
    if source.digest == line.policy:
        return Policy(source)
    found = [version for version in versions.kept() if version.digest == line.policy]
    if not found:
        raise BadInput(
            f"{line.id} was decided by policy {line.policy}. {folder} holds {source.digest}, and "
            f"{versions.folder} has no such version. Give the folder it is in with --policy."
        )
    return Policy(versions.read(found[0].kept_as).source)


def as_json(found: Explained) -> dict[str, Any]:
    """The answer with stable names, all values included."""
    explanation = found.explanation
    return {
        "who": found.who,
        "principal": {name: getattr(found.principal, name) for name in Principal.__slots__},
        "action": found.action,
        "what": found.asked.name,
        "resource": found.asked.resource.name,
        "seen": found.asked.seen,
        "allowed": explanation.allowed,
        **reasons(explanation),
        "filters": dict(found.filters),
        "decision": None if found.logged is None else _decision(found.logged),
    }


def reasons(explanation: Explanation) -> dict[str, Any]:
    """What a decision rests on, with stable names."""
    return {
        "grants": [_grant(each) for each in explanation.grants],
        "restrictions": [_restriction(each) for each in explanation.restrictions],
        "near_misses": [_near_miss(each) for each in explanation.near_misses],
    }


def restricting(restriction: Restriction) -> Rule:
    """The restriction itself, of the rules that say so."""
    return next(rule for rule in restriction.rules if rule.name == "forbid")


def _grant(grant: Grant) -> dict[str, Any]:
    return {"roles": grant.roles, "standing": grant.standing, **_way(grant.rules, grant.conditions)}


def _restriction(restriction: Restriction) -> dict[str, Any]:
    rule = restricting(restriction)
    told = {"code": restriction.code, "number": rule.number, "reason": rule.reason}
    return {**told, **_way(restriction.rules, restriction.conditions)}


def _near_miss(miss: NearMiss) -> dict[str, Any]:
    told = {"standing": miss.standing, "standing_held": miss.held, "roles_needed": miss.roles_needed}
    return {**told, **_way(miss.rules, miss.conditions)}


def _way(rules: Iterable[Rule], conditions: Iterable[Tried]) -> dict[str, Any]:
    return {
        "rules": [{"file": rule.file, "line": rule.line, "text": rule.text} for rule in rules],
        "conditions": [_condition(each) for each in conditions],
    }


def _condition(tried: Tried) -> dict[str, Any]:
    return {
        "file": tried.rule.file,
        "line": tried.line,
        "column": tried.column,
        "text": tried.text,
        "holds": tried.holds,
        "fact": tried.subject.path or tried.subject.text if tried.subject else None,
        "found": plain(tried.subject),
        "operator": tried.operator or None,
        "expected": _value(tried.expected),
        "expected_of": tried.against.path if tried.against else None,
    }


def _decision(line: LoggedDecision) -> dict[str, Any]:
    return {"id": line.id, "allowed": line.allowed, "reasons": line.reasons, "policy_sha256": line.policy}


def plain(fact: Fact | None) -> Any:
    """A fact's value for people and for JSON: of a record its id."""
    return None if fact is None else _value(fact.value)


def _value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    return value if value is None or isinstance(value, str | int | bool) else value.id
