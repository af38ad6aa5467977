"""A comparison as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff.changes import ChangeGroup, Direction, PolicyDiff
from multichannel.workbench.diff.invariant_changes import InvariantChange
from multichannel.workbench.diff.principal_groups import FACTS, PrincipalGroup
from multichannel.workbench.diff.report import DiffReport
from multichannel.workbench.diff.rows import RowCounts
from multichannel.workbench.diff.violations import Violation


def as_body(report: DiffReport) -> dict[str, Any]:
    """The JSON body, without the fields that every command has."""
    diff = report.diff
    return {
        "old": {"name": report.old, "policy_sha256": report.old_digest},
        "new": {"name": report.new, "policy_sha256": report.new_digest},
        "counts": {each.value: sum(len(change.names) for change in diff.of(each)) for each in Direction},
        "changes": [_change(report, change) for change in diff.changes],
        "invariants": [_invariant(report, change) for change in report.invariants],
        "violations": [_violation(violation) for violation in report.violations],
        "rewritings": [
            {"old": [rule.position for rule in each.old], "new": [rule.position for rule in each.new]}
            for each in diff.rewritings
        ],
        "text_only": list(diff.text_only),
        "stale_acceptances": [{"name_of": each.message, "place": each.position} for each in report.stale],
        "rows": report.rows and _rows(report.rows),
        "not_compared": list(report.not_compared),
        "bound": _bound(diff),
    }


def _change(report: DiffReport, change: ChangeGroup) -> dict[str, Any]:
    return {
        "direction": change.direction.value,
        "resource": change.resource,
        "actions": [str(action) for action in change.actions],
        "restriction" if change.cause.isupper() else "standing": change.cause,
        "roles": list(change.roles),
        "principals": [_group(group) for group in change.principals],
        "principals_count": change.count,
        "rules": [
            {"version": each.version, "edited": each.is_edited, **_rule(each.rule)} for each in change.rules
        ],
        "witness": {
            "principal": _principal(change.counterexample.principal),
            "facts": dict(change.counterexample.facts),
            "old": _verdict(change.counterexample.before),
            "new": _verdict(change.counterexample.after),
        },
        "names": list(change.names),
        "not_accepted": list(report.not_accepted(change)),
    }


def _group(group: PrincipalGroup) -> dict[str, list[str | None]]:
    return {
        name: sorted(values, key=lambda value: (value is None, value or ""))
        for name, values in group.values
        if name in group.of
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"place": rule.position, "rule": rule.number, "text": rule.text}


def _principal(principal: Principal) -> dict[str, Any]:
    facts = {name: getattr(principal, name) for name in FACTS}
    return {"tenant_id": principal.tenant_id, "roles": list(principal.roles), **facts}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"allowed": verdict.allowed, "reasons": list(verdict.reasons)}


def _invariant(report: DiffReport, change: InvariantChange) -> dict[str, Any]:
    return {
        "never": change.invariant.never,
        "place": change.invariant.position,
        "is_narrowed": change.is_narrowed,
        "resource": change.resource,
        "witness": {
            "action": change.action,
            "principal": _principal(change.principal),
            "facts": dict(change.facts),
        },
        "name": change.name,
        "is_accepted": report.is_accepted(change),
    }


def _violation(violation: Violation) -> dict[str, Any]:
    body: dict[str, Any] = {
        "never": violation.invariant.never,
        "rules_of_business": list(violation.invariant.rules),
        "place": violation.invariant.position,
        "resource": violation.resource,
        "actions": [str(action) for action in violation.actions],
        "roles": list(violation.roles),
        "principals": [_group(group) for group in violation.groups],
        "rules": [_rule(rule) for rule in violation.rules],
    }
    if violation.counterexample is not None:
        action, witness = violation.counterexample
        example = {"action": action, "principal": _principal(witness.principal), "facts": dict(witness.facts)}
        body["witness"] = example
    return body


def _rows(rows: RowCounts) -> dict[str, Any]:
    return {
        "tenants": list(rows.tenants),
        "counts": [
            {
                "tenant": each.tenant,
                "resource": each.resource,
                "action": each.action,
                "old": each.before,
                "new": each.after,
            }
            for each in rows.counts
        ],
    }


def _bound(diff: PolicyDiff) -> Mapping[str, Any]:
    bounds = diff.bounds
    return {
        "principals": bounds.principals,
        "decisions": bounds.decisions,
        "roles_of_each_principal": bounds.roles,
        "rows_of_each_relation": bounds.rows,
        "values": {path: list(values) for path, values in bounds.values.items()},
        "questions": bounds.queries,
        "given_up": bounds.given_up,
    }
