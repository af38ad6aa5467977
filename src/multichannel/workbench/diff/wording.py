"""The sentences about differences, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from multichannel.domain.tenants import TenantKind
from multichannel.policy.decide.policy import Verdict
from multichannel.policy.decide.sample_principals import OTHER_MARKET
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff.changes import (
    NOT_GRANTED,
    ChangeGroup,
    CitedRule,
    ComparisonBounds,
    Direction,
    PolicyDiff,
    Rewriting,
)
from multichannel.workbench.diff.invariant_changes import InvariantChange
from multichannel.workbench.diff.principal_groups import FACTS, PrincipalGroup
from multichannel.workbench.diff.rows import RowCount
from multichannel.workbench.diff.violations import Violation
from multichannel.workbench.findings import count_of

TITLES = {
    Direction.ALLOWED: "Newly allowed",
    Direction.DENIED: "Newly denied",
    Direction.REASON: "Still denied, for other reasons",
}
TENANTS = {
    "own_tenant": "the principal's own tenant",
    "another_tenant": "another tenant",
    "a_third_tenant": "a third tenant",
    "a_fourth_tenant": "a fourth tenant",
}


def headline(change: ChangeGroup) -> str:
    """Such as `Subscription: cancel, suspend, granted at billing_partner`."""
    return f"{change.resource}: {', '.join(change.actions)}, {_cause(change)}"


def _cause(change: ChangeGroup) -> str:
    is_restriction = change.cause.isupper()
    if change.direction is Direction.ALLOWED:
        return f"no longer restricted by {change.cause}" if is_restriction else f"granted at {change.cause}"
    if change.direction is Direction.DENIED:
        return f"restricted by {change.cause}" if is_restriction else f"no longer granted at {change.cause}"
    was_reason = change.cause in change.counterexample.before.reasons
    return f"{change.cause} is no longer a reason" if was_reason else f"{change.cause} is a new reason"


def principals_text(roles: Iterable[str], groups: Sequence[PrincipalGroup], count: int) -> str:
    """Such as `sales_agent of: indirect_reseller, active (8 of the principals)`."""
    return f"{', '.join(roles)} of: {'; '.join(map(str, groups))} ({count} of the principals)"


def principal_text(principal: Principal) -> str:
    """The roles of a principal and its other facts."""
    values = [getattr(principal, name) for name in FACTS if getattr(principal, name) is not None]
    facts = ["any other market" if value == OTHER_MARKET else str(value) for value in values]
    if principal.kind is TenantKind.CUSTOMER and principal.market is None:
        facts.append("market unknown")
    return ", ".join((*principal.roles, *facts))


def facts_text(facts: Mapping[str, object]) -> str:
    """The facts of a record that matter."""
    return ", ".join(f"{path} = {_value(value)}" for path, value in facts.items()) or "any record"


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return TENANTS.get(str(value), str(value))


def verdict_text(verdict: Verdict) -> str:
    """Allowed, or denied with its reasons."""
    return "allowed" if verdict.allowed else f"denied, {', '.join(verdict.reasons) or NOT_GRANTED}"


def rules_text(cited: Iterable[CitedRule]) -> str:
    """The positions of rules, edited rules first."""
    ordered = sorted(
        cited, key=lambda each: (not each.is_edited, each.version, each.rule.file, each.rule.line)
    )
    return "; ".join(
        f"{each.rule.position} of {each.version.upper()}" + (", edited" if each.is_edited else "")
        for each in ordered
    )


def rewriting_text(rewriting: Rewriting) -> str:
    """Such as `subscription.polar:3 is now subscription.polar:3, subscription.polar:7`."""
    old, new = (", ".join(rule.position for rule in rules) for rules in (rewriting.old, rewriting.new))
    if not old:
        return f"{new} was added"
    return f"{old} is now {new}" if new else f"{old} was removed"


def rewritings_title(diff: PolicyDiff) -> str:
    """What is known of rules that differ and are cited by no change."""
    if diff.bounds.is_complete:
        return "Same verdicts by other rules"
    return "Other rules, of which not everything was compared"


def invariant_text(change: InvariantChange) -> str:
    """Such as `invariants.yaml:3 of OLD is gone: never: a partner reads ... (R8)`."""
    invariant = change.invariant
    numbers = f" ({', '.join(invariant.rules)})" if invariant.rules else ""
    lost = "is held for less" if change.is_narrowed else "is gone"
    return f"{invariant.position} of OLD {lost}: never: {invariant.never}{numbers}"


def violation_text(violation: Violation) -> str:
    """Such as `invariants.yaml:3: never: a partner reads ... (R8)`."""
    numbers = ", ".join(violation.invariant.rules)
    cited = f" ({numbers})" if numbers else ""
    return f"{violation.invariant.position}: never: {violation.invariant.never}{cited}"


def bounds_text(bounds: ComparisonBounds) -> list[str]:
    """What was compared, and what was not."""
    if not bounds.principals:
        return ["No rule differs, so no decision differs."]
    values, types = bounds.values.values(), count_of(len(bounds.principals), "resource type")
    roles = max(bounds.roles.values())
    compared = (
        f"{bounds.decisions:,} decisions were compared: up to {max(bounds.principals.values()):,} principals "
        f"with {'one role' if roles == 1 else f'one to {roles} roles'} each, and every action on {types}. "
        "The principals are of every kind, type, status, cloud, mode and market that rules tell apart."
    )
    lines = [compared]
    if bounds.queries:
        lines.append(
            "Where the versions require different things, all records were evaluated that have up to "
            f"{count_of(bounds.rows, 'row')} in each relation, which is as many as the rules ask for, with "
            f"{len(bounds.values):,} facts at every value that a rule compares them with, unknown, and "
            f"others (up to {max(map(len, values), default=0)} values)."
        )
    return lines


def incompleteness_text(bounds: ComparisonBounds) -> list[str]:
    """What was not compared, so that there may be changes that are not listed."""
    lines = [
        f"{position}: the rule reads the list of roles in another way than `role in principal.roles`."
        for position in bounds.unclear
    ]
    if bounds.given_up:
        lines.append(
            f"{bounds.given_up:,} of {bounds.queries:,} searches took too long, or need too many rows."
        )
    return lines


def row_count_text(count: RowCount) -> str:
    """Such as `Subscription: Alder 12 -> 15 (read)`."""
    return f"{count.resource}: {count.tenant} {count.before:,} -> {count.after:,} ({count.action})"
