"""What a comparison found, as JSON, as Markdown, and as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff import wording as telling
from multichannel.workbench.diff.accepted_changes import Accepted, left
from multichannel.workbench.diff.changes import Changes, Cited, Diff, Direction
from multichannel.workbench.diff.principal_groups import FACTS, PrincipalGroup
from multichannel.workbench.diff.rows import Rows
from multichannel.workbench.diff.violations import Violation
from multichannel.workbench.findings import Finding
from multichannel.workbench.formats import github_command


@dataclass(frozen=True)
class Report:
    """All of one comparison."""

    old: str
    new: str
    old_digest: str
    new_digest: str
    diff: Diff
    violations: tuple[tuple[Violation, tuple[PrincipalGroup, ...]], ...]
    stale: tuple[Finding, ...]
    accepted: tuple[Accepted, ...]
    rows: Rows | None

    def left(self, change: Changes) -> tuple[str, ...]:
        """The names of a change that nobody has accepted."""
        return left(change, self.accepted)


def as_body(report: Report) -> dict[str, Any]:
    """JSON, but for what every command says of itself."""
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


def _change(report: Report, change: Changes) -> dict[str, Any]:
    remaining = report.left(change)
    return {
        "direction": change.direction.value,
        "resource": change.resource,
        "actions": [str(action) for action in change.actions],
        "restriction" if change.cause.isupper() else "standing": change.cause,
        "roles": list(change.roles),
        "principals": [_group(group) for group in change.principals],
        "principals_count": change.count,
        "rules": [_cited(cited) for cited in change.rules],
        "witness": {
            "principal": _principal(change.witness.principal),
            "facts": dict(change.witness.facts),
            "old": _verdict(change.witness.before),
            "new": _verdict(change.witness.after),
        },
        "names": list(change.names),
        "not_accepted": list(remaining),
    }


def _group(group: PrincipalGroup) -> dict[str, list[str | None]]:
    return {
        name: sorted(values, key=lambda value: (value is None, value or ""))
        for name, values in group.values
        if name in group.of
    }


def _cited(cited: Cited) -> dict[str, Any]:
    return {"version": cited.side, "edited": cited.is_edited, **_rule(cited.rule)}


def _rule(rule: Rule) -> dict[str, Any]:
    return {"place": rule.position, "rule": rule.number, "text": rule.text}


def _principal(principal: Principal) -> dict[str, Any]:
    facts = {name: getattr(principal, name) for name in FACTS}
    return {"tenant_id": principal.tenant_id, "roles": list(principal.roles), **facts}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"allowed": verdict.allowed, "reasons": list(verdict.reasons)}


def _violation(violation: Violation, groups: tuple[PrincipalGroup, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "never": violation.invariant.never,
        "rules_of_business": list(violation.invariant.rules),
        "place": violation.invariant.position,
        "resource": violation.resource,
        "actions": [str(action) for action in violation.actions],
        "roles": list(violation.roles),
        "principals": [_group(group) for group in groups],
        "rules": [_rule(rule) for rule in violation.rules],
    }
    if violation.witness is not None:
        action, witness = violation.witness
        told = {"action": action, "principal": _principal(witness.principal), "facts": dict(witness.facts)}
        found["witness"] = told
    return found


def _rows(rows: Rows) -> dict[str, Any]:
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
            for each in rows.seen
        ],
    }


def _bound(diff: Diff) -> Mapping[str, Any]:
    bound = diff.bound
    return {
        "principals": bound.principals,
        "decisions": bound.decisions,
        "rows_of_each_relation": bound.rows,
        "values": {path: list(values) for path, values in bound.values.items()},
        "questions": bound.questions,
        "given_up": bound.capped,
        "roles_looked_at_together": list(bound.roles_decide),
    }


def as_markdown(report: Report) -> str:
    """For a comment on a pull request."""
    lines = [f"## Policy: `{report.old}` to `{report.new}`", ""]
    for violation, groups in report.violations:
        lines += [f"- **Broken: {telling.broken(violation)}**"]
        lines += [f"  - {line}" for line in violated(violation, groups)]
    for direction in Direction:
        changes = report.diff.of(direction)
        if changes:
            lines += ["", f"### {telling.TITLES[direction]}", ""]
        for change in changes:
            lines += [f"- **{telling.headline(change)}**{'' if report.left(change) else ' (accepted)'}"]
            lines += [f"  - {label}: {said}" for label, said in told(change)]
    lines += ["", *(f"- {each}" for each in _rest(report)), "", *telling.bound(report.diff.bound)]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _rest(report: Report) -> Iterator[str]:
    yield from (f"Same verdicts: {telling.rewriting(each)}" for each in report.diff.rewritings)
    yield from (f"Only text: {place}" for place in report.diff.text_only)
    yield from (str(each) for each in report.stale)
    if report.rows:
        yield from (telling.seen(each) for each in report.rows.changed)


def told(change: Changes) -> Iterator[tuple[str, str]]:
    """A change line by line, each with what it is."""
    witness = change.witness
    yield "who", telling.who(change.roles, change.principals, change.count)
    yield "such as", telling.somebody(witness.principal)
    yield "at", telling.facts(witness.facts)
    yield "old", telling.verdict(witness.before)
    yield "new", telling.verdict(witness.after)
    yield "rules", "; ".join(telling.rules(change.rules))
    yield "name", change.name


def violated(violation: Violation, groups: tuple[PrincipalGroup, ...]) -> Iterator[str]:
    """What breaks an invariant, line by line."""
    actions, roles = ", ".join(violation.actions), ", ".join(violation.roles)
    yield f"{violation.resource}: {actions}, by {roles} of: {'; '.join(map(str, groups))}"
    if violation.witness is not None:
        action, witness = violation.witness
        yield f"such as {action} by {telling.somebody(witness.principal)}"
        yield f"at {telling.facts(witness.facts)}"
    yield f"by {', '.join(rule.position for rule in violation.rules)}"


def as_github(report: Report, folder: str) -> str:
    """One annotation for each change, at a rule that was edited where that is in the new version."""
    lines = []
    for violation, groups in report.violations:
        rule = next(iter(violation.rules))
        said = telling.broken(violation) + "; " + "; ".join(violated(violation, groups))
        lines.append(_annotation("error", folder, rule, "Invariant broken", said))
    for change in report.diff.changes:
        level = "warning" if report.left(change) and change.direction is not Direction.REASON else "notice"
        best = min(change.rules, key=lambda each: (not each.is_edited, each.side != "new"))
        said = "; ".join((telling.headline(change), *(f"{label}: {text}" for label, text in told(change))))
        lines.append(_annotation(level, folder, best.rule, telling.TITLES[change.direction], said))
    lines += [github_command("error", {"title": "Stale acceptance"}, str(each)) for each in report.stale]
    return "".join(f"{line}\n" for line in lines)


def _annotation(level: str, folder: str, rule: Rule, title: str, message: str) -> str:
    properties: dict[str, str | int] = {"file": f"{folder}/{rule.file}", "line": rule.line, "title": title}
    return github_command(level, properties, message)
