"""Changes in words, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from multichannel.policy.decide.policy import Verdict
from multichannel.policy.decide.sample_principals import OTHER_MARKET
from multichannel.policy.schema.vocabulary import Principal
from multichannel.workbench.diff.changes import NOT_GRANTED, Bound, Changes, Cited, Direction, Rewriting
from multichannel.workbench.diff.principal_groups import FACTS, PrincipalGroup
from multichannel.workbench.diff.rows import Seen
from multichannel.workbench.diff.violations import Violation

TITLES = {
    Direction.ALLOWED: "Newly allowed",
    Direction.DENIED: "Newly denied",
    Direction.REASON: "Denied as before, for other reasons",
}
TENANTS = {
    "own_tenant": "the principal's own tenant",
    "another_tenant": "another tenant",
    "a_third_tenant": "a third tenant",
    "a_fourth_tenant": "a fourth tenant",
}


def headline(change: Changes) -> str:
    """Such as `Subscription: cancel, suspend at billing_partner`."""
    return f"{change.resource}: {', '.join(change.actions)}, {_cause(change)}"


def _cause(change: Changes) -> str:
    is_restriction = change.cause.isupper()
    if change.direction is Direction.ALLOWED:
        return f"no longer kept back by {change.cause}" if is_restriction else f"granted at {change.cause}"
    if change.direction is Direction.DENIED:
        return f"kept back by {change.cause}" if is_restriction else f"no longer granted at {change.cause}"
    had = change.cause in change.witness.before.reasons
    return f"{change.cause} is no reason any more" if had else f"{change.cause} is a reason now"


def who(roles: Iterable[str], groups: Sequence[PrincipalGroup], count: int) -> str:
    """Such as `sales_agent of: indirect_reseller, active`; groups with what they differ in."""
    said = "; ".join(map(str, groups))
    return f"{', '.join(roles)} of: {said} ({count} of the principals)"


def somebody(principal: Principal) -> str:
    """One principal with all its facts."""
    facts = [str(getattr(principal, name)) for name in FACTS if getattr(principal, name) is not None]
    return ", ".join(
        (*principal.roles, *("any other market" if fact == OTHER_MARKET else fact for fact in facts))
    )


def facts(found: Mapping[str, object]) -> str:
    """The facts of a record; where none matters, any record will do."""
    said = [f"{path} = {_value(value)}" for path, value in found.items()]
    return ", ".join(said) or "any record"


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return TENANTS.get(str(value), str(value))


def verdict(found: Verdict) -> str:
    """Allowed, or denied and why."""
    return "allowed" if found.allowed else f"denied, {', '.join(found.reasons) or NOT_GRANTED}"


def rules(cited: Iterable[Cited]) -> list[str]:
    """Where the rules stand, those that were edited first."""
    first = sorted(cited, key=lambda each: (not each.is_edited, each.side, each.rule.file, each.rule.line))
    return [
        f"{each.rule.position} of {each.side.upper()}" + (", edited" if each.is_edited else "")
        for each in first
    ]


def rewriting(found: Rewriting) -> str:
    """Such as `subscription.polar:3 is now subscription.polar:3, subscription.polar:7`."""
    old, new = (", ".join(rule.position for rule in side) for side in (found.old, found.new))
    if not old:
        return f"{new} was added"
    return f"{old} is now {new}" if new else f"{old} was taken away"


def broken(violation: Violation) -> str:
    """Such as `invariants.yaml:3: never: a partner reads ... (R8)`."""
    numbers = ", ".join(violation.invariant.rules)
    cited = f" ({numbers})" if numbers else ""
    return f"{violation.invariant.position}: never: {violation.invariant.never}{cited}"


def bound(found: Bound) -> list[str]:
    """What was compared, and what was not."""
    if not found.principals:
        return ["No rule differs, so no decision does."]
    values = found.values.values()
    compared = (
        f"{found.decisions:,} decisions were compared: {max(found.principals.values()):,} principals on "
        f"{_kinds(len(found.principals))}, with one role each, and every action. They are of every "
        "kind, type, status, cloud and mode, and of each market that is mentioned and another."
    )
    said = [compared]
    if found.questions:
        said.append(
            f"Where the versions ask for different things, all records were decided that have up to "
            f"{found.rows} rows in each relation, and for {len(found.values):,} facts every value that is "
            f"compared, unknown, and others ({max(map(len, values), default=0)} values at most)."
        )
    if found.roles_decide:
        said.append(f"Rules look at roles together, which was not tried: {', '.join(found.roles_decide)}.")
    if found.capped:
        said.append(
            f"{found.capped:,} of {found.questions:,} questions took too long and were given up: there may "
            "be changes that are not told here."
        )
    return said


def _kinds(count: int) -> str:
    return "1 kind of record" if count == 1 else f"{count} kinds of record"


def seen(found: Seen) -> str:
    """Such as `Subscription: Alder 12 -> 15 (read)`."""
    return f"{found.resource}: {found.tenant} {found.before:,} -> {found.after:,} ({found.action})"
