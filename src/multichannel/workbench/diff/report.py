"""A comparison as Markdown, and as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multichannel.policy.deployment.versions import INVARIANTS
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import with_article
from multichannel.workbench.diff import wording
from multichannel.workbench.diff.accepted_changes import AcceptedChange, not_accepted
from multichannel.workbench.diff.changes import ChangeGroup, Direction, PolicyDiff
from multichannel.workbench.diff.invariant_changes import InvariantChange
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
    invariants: tuple[InvariantChange, ...]
    """The invariants that the new version holds no longer, or for less."""
    violations: tuple[Violation, ...]
    invariants_given_up: int
    """How many searches for what violates an invariant were given up."""
    stale: tuple[Finding, ...]
    accepted: tuple[AcceptedChange, ...]
    rows: RowCounts | None

    def not_accepted(self, change: ChangeGroup) -> tuple[str, ...]:
        """The names of changes that are not accepted."""
        return not_accepted(change, self.accepted)

    @property
    def is_held(self) -> bool:
        """Whether all was compared, no invariant is lost or violated, and what is accepted is a change."""
        lost = [each for each in self.invariants if not self.is_accepted(each)]
        return not (lost or self.violations or self.stale or self.not_compared)

    @property
    def not_compared(self) -> tuple[str, ...]:
        """What was not compared, so that there may be changes or violations that are not listed."""
        lines = wording.incompleteness_text(self.diff.bounds)
        if self.invariants_given_up:
            lines.append(
                f"{self.invariants_given_up:,} searches for what violates an invariant were given up."
            )
        return tuple(lines)

    def is_accepted(self, change: InvariantChange) -> bool:
        """Whether it is accepted that an invariant holds no longer."""
        return any(each.name == change.name for each in self.accepted)


def as_markdown(report: DiffReport) -> str:
    """For a comment on a pull request."""
    lines = [f"## Policy: `{report.old}` to `{report.new}`", ""]
    for lost in report.invariants:
        accepted = " (accepted)" if report.is_accepted(lost) else ""
        lines += [f"- **{wording.invariant_text(lost)}**{accepted}"]
        lines += [f"  - {label}: {text}" for label, text in invariant_lines(lost)]
    for violation in report.violations:
        lines += [f"- **Violated: {wording.violation_text(violation)}**"]
        lines += [f"  - {line}" for line in violation_lines(violation)]
    lines += [f"- **Not compared: {line}**" for line in report.not_compared]
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
    title = wording.rewritings_title(report.diff)
    yield from (f"{title}: {wording.rewriting_text(each)}" for each in report.diff.rewritings)
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


def invariant_lines(change: InvariantChange) -> Iterator[tuple[str, str]]:
    """The lines of an invariant that is held no longer, each with a label."""
    yield "for example", f"{change.action} of {with_article(change.resource)}"
    yield "by", wording.principal_text(change.principal)
    yield "at", wording.facts_text(change.facts)
    yield "name", change.name


def violation_lines(violation: Violation) -> Iterator[str]:
    """The lines of a violation."""
    actions, roles = ", ".join(violation.actions), ", ".join(violation.roles)
    yield f"{violation.resource}: {actions}, by {roles} of: {'; '.join(map(str, violation.groups))}"
    if violation.counterexample is not None:
        action, witness = violation.counterexample
        yield f"for example {action} by {wording.principal_text(witness.principal)}"
        yield f"at {wording.facts_text(witness.facts)}"
    yield f"by {', '.join(rule.position for rule in violation.rules)}"


def as_github(report: DiffReport, folder: str) -> str:
    """One annotation for each change, at a rule that was edited where that is in the new version."""
    lines = []
    for lost in report.invariants:
        level = "notice" if report.is_accepted(lost) else "error"
        details = (f"{label}: {text}" for label, text in invariant_lines(lost))
        message = "; ".join((wording.invariant_text(lost), *details))
        lines.append(
            github_command(level, message, file=f"{folder}/{INVARIANTS}", line=1, title="Invariant lost")
        )
    lines += [github_command("error", line, title="Not compared") for line in report.not_compared]
    for violation in report.violations:
        rule = next(iter(violation.rules))
        message = "; ".join((wording.violation_text(violation), *violation_lines(violation)))
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
