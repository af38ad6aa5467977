"""The kinds of findings by code, with level and description."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import Malformed, Rule
from multichannel.workbench.findings import Finding, Level


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind of finding: why it matters, and its level."""

    description: str
    level: Level = Level.ERROR


SYNTAX = {
    "no-policy": FindingKind("A policy folder must contain at least one .polar file."),
    "unreadable": FindingKind("A policy file must be readable UTF-8 text."),
    "too-large": FindingKind("A policy file must not exceed the maximum size."),
    "syntax": FindingKind("A syntax error prevents the whole policy from loading."),
    "unused-variable": FindingKind(
        "A variable that is used once is probably misspelled; name it _ or _name if it can be anything."
    ),
    "and-or": FindingKind("`and` and `or` must not be mixed without parentheses."),
    "refused": FindingKind("The policy does not load."),
    "no-list-filter": FindingKind("Every condition on a record must be translatable to a SQL list filter."),
}
NAMES = {
    "unknown-class": FindingKind("A rule about an unknown class never applies."),
    "unknown-attribute": FindingKind("A rule that reads an unknown fact fails, which denies every request."),
    "not-a-list": FindingKind("`in` requires a list on its right side."),
    "unknown-rule": FindingKind("A rule queries a predicate that no rule defines."),
    "wrong-arity": FindingKind("Rules with different numbers of parameters are different rules."),
    "wrong-class": FindingKind("A rule is queried with a record of a type that it is not about."),
    "unknown-action": FindingKind("An action that does not exist is never granted or restricted."),
    "unknown-role": FindingKind("A role that does not exist grants nothing."),
    "unknown-standing": FindingKind("A standing that no rule gives grants nothing."),
    "unknown-word": FindingKind("A fact is compared with a word that it never has."),
    "wrong-type": FindingKind("Values of different types are never equal."),
    "never-nil": FindingKind("A fact that always has a value is compared with nil."),
    "reason-code": FindingKind("The reason code of a restriction must be a string in capitals."),
    "similar-code": FindingKind("A reason code that is used once resembles another code.", Level.WARNING),
}
CONSTRUCTS = {
    "negation": FindingKind("`not` has different meanings in a check and in a list filter."),
    "cut": FindingKind("`cut` makes the order of rules significant and cannot be used in a list filter."),
    "forall": FindingKind("`forall` cannot be translated to a list filter."),
    "double-equals": FindingKind("`==` fails in list filters; use `=`."),
    "assignment": FindingKind("`:=` fails in list filters; use `=`."),
    "new": FindingKind("A policy cannot create instances."),
    "debugging": FindingKind("Debugging statements stop the service or flood its log."),
    "dunder-name": FindingKind("A policy may read declared facts only."),
    "method-call": FindingKind("Method calls cannot be translated to a list filter."),
    "arithmetic": FindingKind("Arithmetic cannot be translated to a list filter."),
    "dictionary": FindingKind("Dictionaries cannot be translated to a list filter."),
    "literal-id": FindingKind("Ids of tenants and records belong in the data, not in the policy."),
    "inline-query": FindingKind("Inline queries are not run; write expectations as cases."),
    "resource-block": FindingKind("Blocks only declare resources; permissions inside a block are ignored."),
    "dot-in-head": FindingKind("A fact in the head of a rule matches unintended values."),
    "matches": FindingKind("`matches` in a body has different meanings in a check and in a list filter."),
}
RULES = {
    "duplicate-rule": FindingKind("Two rules are identical; a change to one would miss the other."),
    "subsumed-rule": FindingKind("A rule that applies only where another one applies has no effect."),
    "redundant-grant": FindingKind("A permission that is granted twice remains when one grant is removed."),
    "unbounded-grant": FindingKind("A grant must name its roles, standings and actions."),
    "unreachable-rule": FindingKind("A rule that no decision uses has no effect."),
    "unused-standing": FindingKind("A standing without grants has no effect."),
    "contradiction": FindingKind("Conditions that contradict each other make the rule ineffective."),
    "always-true": FindingKind("A condition that is always true has no effect and is probably a mistake."),
    "endless-recursion": FindingKind("Recursive rules run into the timeout, which denies every request."),
    "idle-restriction": FindingKind("A restriction of an ungranted action has no effect.", Level.WARNING),
}
COMPLETENESS = {
    "no-allow": FindingKind("Without a rule named allow, every request is denied."),
    "missing-resource": FindingKind("Every resource type must be declared by a resource block."),
    "missing-cross-cloud": FindingKind(
        "Access to records that tenants have a standing to must be restricted to their national cloud."
    ),
    "untied-standing": FindingKind(
        "A standing that does not depend on the principal's tenant applies to every tenant."
    ),
    "ungranted-action": FindingKind("An action is granted to nobody."),
    "uncommented-restriction": FindingKind(
        "The comment of a restriction is the reason that denied users see.", Level.WARNING
    ),
    "no-cases": FindingKind("A policy file should have test cases.", Level.WARNING),
}
FINDING_KINDS = {**SYNTAX, **NAMES, **CONSTRUCTS, **RULES, **COMPLETENESS}
"""Every kind of finding of `policy check`."""


def finding(
    statement: Rule | Malformed, code: str, span: Span | None, message: str, hint: str = ""
) -> Finding:
    """A finding at some characters of a statement, at its head for None; only its first line is marked."""
    span = span or _head(statement)
    line, column = statement.place(span.start)
    length = len(statement.text[span.start : span.end].partition("\n")[0])
    return Finding(
        file=statement.file,
        line=line,
        column=column,
        length=max(length, 1),
        code=code,
        message=message,
        level=FINDING_KINDS[code].level,
        rule=statement.text,
        hint=hint.strip(),
    )


def _head(statement: Rule | Malformed) -> Span:
    """The head of a rule, or the whole of anything else."""
    if isinstance(statement, Rule) and statement.is_rule:
        return statement.tree.head
    return Span(0, len(statement.text))
