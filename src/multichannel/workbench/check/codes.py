"""The kinds of findings by code: how much each weighs, and what is wrong with what has one."""

from __future__ import annotations

from dataclasses import dataclass

from multichannel.policy.language.ast import Span
from multichannel.policy.language.source import Malformed, Rule
from multichannel.workbench.findings import Finding, Level


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its weight, and one sentence on why it is one."""

    says: str
    level: Level = Level.ERROR


FORM = {
    "no-policy": Kind("A folder of policies holds at least one .polar file."),
    "unreadable": Kind("A policy file is UTF-8 text that can be read."),
    "too-large": Kind("A policy file is for people to read, and no larger than they and the check can."),
    "syntax": Kind("What is no statement keeps the whole policy from loading."),
    "unused-variable": Kind(
        "A variable that stands alone is a slip of the pen; one that may, begins with _."
    ),
    "and-or": Kind("Without parentheses readers differ about what `and` and `or` mean together."),
    "refused": Kind("The policy does not load."),
    "no-list-filter": Kind("Whatever is asked of one record has to be asked of a whole list, in SQL."),
}
NAMES = {
    "unknown-class": Kind("A rule about an unknown class never holds."),
    "unknown-attribute": Kind("A rule that asks for an unknown fact fails, and denies to everybody."),
    "not-a-list": Kind("Only lists have members."),
    "unknown-rule": Kind("A question to rules that do not exist."),
    "wrong-arity": Kind("A rule with another number of parameters is another rule."),
    "wrong-class": Kind("A rule that is asked about records of another kind never holds."),
    "unknown-action": Kind("An action that nobody asks for is never granted and never forbidden."),
    "unknown-role": Kind("A role that nobody can have grants nothing."),
    "unknown-standing": Kind("A standing that nobody can have grants nothing."),
    "unknown-word": Kind("A comparison with a word that the fact never is."),
    "wrong-type": Kind("A comparison of values of different kinds never comes out equal."),
    "never-nil": Kind("A comparison with nil of a fact that is always known."),
    "reason-code": Kind("A restriction begins with its code, in capitals, which callers are told."),
    "similar-code": Kind("A code that is used once and looks like another is one to callers.", Level.WARNING),
}
CONSTRUCTS = {
    "negation": Kind("`not` means different things to a check and to a list filter."),
    "cut": Kind("`cut` makes the order of rules matter, and lists differ from checks."),
    "forall": Kind("`forall` cannot be turned into a list filter."),
    "double-equals": Kind("`==` fails on lists, where `=` does not."),
    "assignment": Kind("`:=` fails on lists, where `=` does not."),
    "new": Kind("A policy makes no instances."),
    "debugging": Kind("What helps to debug a policy stops or floods the service."),
    "dunder-name": Kind("A policy reads declared facts, and nothing behind them."),
    "method-call": Kind(
        "A policy reads facts and calls nothing: a call cannot be turned into a list filter."
    ),
    "arithmetic": Kind("Arithmetic cannot be turned into a list filter."),
    "dictionary": Kind("Dictionaries are no facts, and cannot be turned into a list filter."),
    "literal-id": Kind("A rule about one tenant or record by its id is no policy: ids belong into data."),
    "inline-query": Kind("Inline queries are not run here; expectations are cases, beside the file."),
    "resource-block": Kind("Blocks only declare resources: what is granted inside them would be overlooked."),
    "dot-in-head": Kind("A fact in the head of a rule matches what it should not."),
    "matches": Kind("`matches` in a body means different things to a check and to a list filter."),
}
RULES = {
    "duplicate-rule": Kind("Of two rules that say the same, one is changed and the other forgotten."),
    "subsumed-rule": Kind("A rule that holds only where another holds adds nothing."),
    "redundant-grant": Kind("What is granted twice stays granted when one of the two is taken away."),
    "unbounded-grant": Kind("A grant names its roles, its standings and its actions."),
    "unreachable-rule": Kind("A rule that no decision asks for decides nothing."),
    "unused-standing": Kind("A standing that nothing is granted at."),
    "contradiction": Kind("Conditions that cannot hold together, so the rule never does."),
    "always-true": Kind("A condition that always holds is none; something else was meant."),
    "endless-recursion": Kind("Rules that ask themselves run out of time, and deny to everybody."),
    "idle-restriction": Kind("A restriction of what nobody is granted there.", Level.WARNING),
}
COMPLETENESS = {
    "no-allow": Kind("Without a rule named allow nothing is allowed."),
    "missing-resource": Kind("Every kind of record is declared by a resource block."),
    "missing-cross-cloud": Kind("Whatever tenants can have a standing to has to stay in its national cloud."),
    "untied-standing": Kind(
        "A standing that does not ask for the principal's own tenant lets every tenant in."
    ),
    "ungranted-action": Kind("An action that nobody is granted."),
    "uncommented-restriction": Kind("A restriction says why it is there, to those denied.", Level.WARNING),
    "no-cases": Kind("Cases beside a file prove what it says.", Level.WARNING),
}
KINDS = {**FORM, **NAMES, **CONSTRUCTS, **RULES, **COMPLETENESS}
"""Every kind of finding of a check."""


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
        level=KINDS[code].level,
        rule=statement.text,
        hint=hint.strip(),
    )


def _head(statement: Rule | Malformed) -> Span:
    """The head of a rule, or the whole of anything else."""
    if isinstance(statement, Rule) and statement.is_rule:
        return statement.tree.head
    return Span(0, len(statement.text))
