"""A comparison as JSON, as Markdown, and as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff import wording
from multichannel.workbench.diff.accepted_changes import AcceptedChange, not_accepted
from multichannel.workbench.diff.changes import ChangeGroup, Direction, PolicyDiff
from multichannel.workbench.diff.principal_groups import FACTS, PrincipalGroup
from multichannel.workbench.diff.rows import RowCounts
from multichannel.workbench.diff.violations import Violation
from multichannel.workbench.findings import Finding, github_command


@dataclass(frozen=True)
class DiffReport:
    """Everything about one comparison."""

    old: str
    new: str
    old_digest: str
    new_digest: str
    diff: PolicyDiff
    violations: tuple[tuple[Violation, tuple[PrincipalGroup, ...]], ...]
    stale: tuple[Finding, ...]
    accepted: tuple[AcceptedChange, ...]
    rows: RowCounts | None

    def not_accepted(self, change: ChangeGroup) -> tuple[str, ...]:
        """The names of changes that are not accepted."""
        return not_accepted(change, self.accepted)


def as_body(report: DiffReport) -> dict[str, Any]:
    """The JSON body, without the fields that every command has."""
    diff = report.diff
    return {
        "old": {"name": report.old, "policy_sha256": report.old_digest},
        "new": {"name": report.new, "policy_sha256": report.new_digest},
        "counts": {each.value: sum(len(change.names) for change in diff.of(each)) for each in Direction},
        "changes": [_change(report, change) for change in diff.changes],
        "violations": [_violation(violation, groups) for violation, groups in report.violations],
        "rewritings": [
            {"old": [rule.position for rule in each.old], "new": [rule.position for rule in each.new]}
            for each in diff.rewritings
        ],
        "text_only": list(diff.text_only),
        "stale_acceptances": [{"name_of": each.message, "place": each.position} for each in report.stale],
        "rows": report.rows and _rows(report.rows),
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


def _violation(violation: Violation, groups: tuple[PrincipalGroup, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "never": violation.invariant.never,
        "rules_of_business": list(violation.invariant.rules),
        "place": violation.invariant.position,
        "resource": violation.resource,
        "actions": [str(action) for action in violation.actions],
        "roles": list(violation.roles),
        "principals": [_group(group) for group in groups],
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
        "rows_of_each_relation": bounds.rows,
        "values": {path: list(values) for path, values in bounds.values.items()},
        "questions": bounds.queries,
        "given_up": bounds.given_up,
        "roles_looked_at_together": list(bounds.reads_roles),
    }


def as_markdown(report: DiffReport) -> str:
    """For a comment on a pull request."""
    lines = [f"## Policy: `{report.old}` to `{report.new}`", ""]
    for violation, groups in report.violations:
        lines += [f"- **Violated: {wording.violation_text(violation)}**"]
        lines += [f"  - {line}" for line in violation_lines(violation, groups)]
    for direction in Direction:
        changes = report.diff.of(direction)
        if changes:
            lines += ["", f"### {wording.TITLES[direction]}", ""]
        for change in changes:
            accepted = "" if report.not_accepted(change) else " (accepted)"
            lines.append(f"- **{wording.headline(change)}**{accepted}")
            lines += [f"  - {label}: {text}" for label, text in change_lines(change)]
    lines += ["", *(f"- {each}" for each in _rest(report)), "", *wording.bounds_text(report.diff.bounds)]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _rest(report: DiffReport) -> Iterator[str]:
    yield from (f"Same verdicts: {wording.rewriting_text(each)}" for each in report.diff.rewritings)
    yield from (f"Only text: {place}" for place in report.diff.text_only)
    yield from (str(each) for each in report.stale)
    if report.rows:
        yield from (wording.row_count_text(each) for each in report.rows.changed)


def change_lines(change: ChangeGroup) -> Iterator[tuple[str, str]]:
    """The lines of a change, each with a label."""
    witness = change.counterexample
    yield "who", wording.principals_text(change.roles, change.principals, change.count)
    yield "example", wording.principal_text(witness.principal)
    yield "at", wording.facts_text(witness.facts)
    yield "old", wording.verdict_text(witness.before)
    yield "new", wording.verdict_text(witness.after)
    yield "rules", wording.rules_text(change.rules)
    yield "name", change.name


def violation_lines(violation: Violation, groups: tuple[PrincipalGroup, ...]) -> Iterator[str]:
    """The lines of a violation."""
    actions, roles = ", ".join(violation.actions), ", ".join(violation.roles)
    yield f"{violation.resource}: {actions}, by {roles} of: {'; '.join(map(str, groups))}"
    if violation.counterexample is not None:
        action, witness = violation.counterexample
        yield f"for example {action} by {wording.principal_text(witness.principal)}"
        yield f"at {wording.facts_text(witness.facts)}"
    yield f"by {', '.join(rule.position for rule in violation.rules)}"


def as_github(report: DiffReport, folder: str) -> str:
    """One annotation for each change, at a rule that was edited where that is in the new version."""
    lines = []
    for violation, groups in report.violations:
        rule = next(iter(violation.rules))
        message = "; ".join((wording.violation_text(violation), *violation_lines(violation, groups)))
        lines.append(_annotation("error", folder, rule, "Invariant violated", message))
    for change in report.diff.changes:
        is_minor = change.direction is Direction.REASON or not report.not_accepted(change)
        level = "notice" if is_minor else "warning"
        best = min(change.rules, key=lambda each: (not each.is_edited, each.version != "new"))
        details = (f"{label}: {text}" for label, text in change_lines(change))
        message = "; ".join((wording.headline(change), *details))
        lines.append(_annotation(level, folder, best.rule, wording.TITLES[change.direction], message))
    lines += [github_command("error", str(each), title="Stale acceptance") for each in report.stale]
    return "".join(lines)


def _annotation(level: str, folder: str, rule: Rule, title: str, message: str) -> str:
    return github_command(level, message, file=f"{folder}/{rule.file}", line=rule.line, title=title)
