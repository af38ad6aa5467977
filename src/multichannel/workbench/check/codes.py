"""The kinds of findings by code, and their levels."""

from __future__ import annotations

from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import Malformed, Rule
from multichannel.workbench.findings import Finding, Level

FINDING_KINDS = {
    # Files and syntax.
    "no-policy": "A policy folder must contain at least one .polar file.",
    "unreadable": "A policy file must be readable UTF-8 text.",
    "unread": "A file that is not read protects nothing.",
    "hidden-character": "What is shown must be what the engine reads.",
    "own-allow": "An `allow` of one's own is evaluated for every decision, which takes much longer.",
    "allow-without-role": "What any role may do, everybody of a tenant may do.",
    "reading-taken": "Somebody could change what it cannot read.",
    "too-large": "A policy file must not exceed the maximum size.",
    "syntax": "A syntax error prevents the whole policy from loading.",
    "unused-variable": "A variable that is used once is probably misspelled; name it _name if not.",
    "and-or": "`and` and `or` must not be mixed without parentheses.",
    "refused": "The policy does not load.",
    "no-list-filter": "Every condition on a record must be translatable to a SQL list filter.",
    # Names, types and words.
    "unknown-class": "A rule about an unknown class never applies.",
    "unknown-attribute": "A rule that reads an unknown fact fails, which denies every request.",
    "not-a-list": "`in` requires a list on its right side.",
    "unknown-rule": "A rule queries a predicate that no rule defines.",
    "wrong-arity": "Rules with different numbers of parameters are different rules.",
    "wrong-class": "A rule is queried with a record of a type that it is not about.",
    "unknown-action": "An action that does not exist is never granted or restricted.",
    "unknown-role": "A role that does not exist grants nothing.",
    "unknown-standing": "A standing that no rule gives grants nothing.",
    "unknown-word": "A fact is compared with a word that it never has.",
    "wrong-type": "Values of different types are never equal.",
    "never-nil": "A fact that always has a value is compared with nil.",
    "reason-code": "The reason code of a restriction must be a string in capitals.",
    "similar-code": "A reason code that is used once resembles another code.",
    # Constructs.
    "negation": "`not` has different meanings in a check and in a list filter.",
    "cut": "`cut` makes the order of rules significant and cannot be used in a list filter.",
    "forall": "`forall` cannot be translated to a list filter.",
    "double-equals": "`==` fails in list filters; use `=`.",
    "assignment": "`:=` fails in list filters; use `=`.",
    "new": "A policy cannot create instances.",
    "debugging": "Debugging statements stop the service or flood its log.",
    "dunder-name": "A policy may read declared facts only.",
    "method-call": "Method calls cannot be translated to a list filter.",
    "arithmetic": "Arithmetic cannot be translated to a list filter.",
    "dictionary": "Dictionaries cannot be translated to a list filter.",
    "literal-id": "Ids of tenants and records belong in the data, not in the policy.",
    "inline-query": "Inline queries are not run; write expectations as cases.",
    "resource-block": "Blocks only declare resources; permissions inside a block are ignored.",
    "dot-in-head": "A fact in the head of a rule matches unintended values.",
    "matches": "`matches` in a body has different meanings in a check and in a list filter.",
    # Rules without effect.
    "duplicate-rule": "Two rules are identical; a change to one would miss the other.",
    "subsumed-rule": "A rule that applies only where another one applies has no effect.",
    "redundant-grant": "A permission that is granted twice remains when one grant is removed.",
    "unbounded-grant": "A grant must name its roles, standings and actions.",
    "unreachable-rule": "A rule that no decision uses has no effect.",
    "unused-standing": "A standing without grants has no effect.",
    "contradiction": "Conditions that contradict each other make the rule ineffective.",
    "always-true": "A condition that is always true has no effect and is probably a mistake.",
    "endless-recursion": "Recursive rules run into the timeout, which denies every request.",
    "idle-restriction": "A restriction of an ungranted action has no effect.",
    # What is missing.
    "no-allow": "Without a rule named allow, every request is denied.",
    "missing-resource": "Every resource type must be declared by a resource block.",
    "missing-cross-cloud": "Access by tenants to records must be restricted to their national cloud.",
    "untied-standing": "A standing that does not depend on the principal's tenant applies to every tenant.",
    "ungranted-action": "An action is granted to nobody.",
    "uncommented-restriction": "The comment of a restriction is the reason that denied users see.",
    "no-cases": "A policy file should have test cases.",
    # Invariants.
    "no-invariants": "A policy should say what no edit of it may ever allow; a service requires it.",
    "invalid-invariant": "An invariant that has no meaning is not held.",
    "vacuous-invariant": "An invariant that no policy could violate protects nothing.",
    "violated-invariant": "The policy allows what an invariant says it must never allow.",
    "unchecked-invariant": "Whether an invariant holds could not be found out.",
}
"""Every kind of finding of `policy check`: why it matters."""
WARNINGS = {
    "similar-code",
    "idle-restriction",
    "uncommented-restriction",
    "no-cases",
    "no-invariants",
    "own-allow",
    "reading-taken",
}
"""The kinds that need not fail a check."""


def finding(
    statement: Rule | Malformed, code: str, span: Span | None, message: str, hint: str = ""
) -> Finding:
    """A finding at some characters of a statement, at its head for None; only its first line is marked."""
    if span is None:
        whole = Span(0, len(statement.text))
        span = statement.tree.head if isinstance(statement, Rule) and statement.is_rule else whole
    line, column = statement.place(span.start)
    length = len(statement.text[span.start : span.end].partition("\n")[0])
    return Finding(
        file=statement.file,
        line=line,
        column=column,
        length=max(length, 1),
        code=code,
        message=message,
        level=_level(code),
        rule=statement.text,
        hint=hint.strip(),
    )


def file_finding(file: str, code: str, message: str, hint: str = "") -> Finding:
    """A finding about a file as a whole."""
    return Finding(file=file, line=1, code=code, message=message, hint=hint, level=_level(code))


def _level(code: str) -> Level:
    return Level.WARNING if code in WARNINGS else Level.ERROR
