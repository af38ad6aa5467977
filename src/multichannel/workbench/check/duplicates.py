"""Rules that say what another says already, and conditions that stand against each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from multichannel.policy.language.ast import ListLiteral, Literal, Operation, Span, Term, branches, walk
from multichannel.policy.language.source import Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.normal_form import NormalRule, OneOf, Value, condition, normalized
from multichannel.workbench.findings import Finding

MOST = 1_000
"""Rules of one name about one kind of record: of more, only the first are held against each other."""


def check_duplicates(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Rules that add nothing, named with the rule that says it, and items that a list has twice."""
    groups: dict[tuple[str, int, str | None], list[NormalRule]] = defaultdict(list)
    for rule in statements:
        if rule.is_rule:
            groups[*rule.signature, rule.record_type].append(NormalRule(rule))
            yield from _items(rule)
    for group in groups.values():
        yield from _compared(group[:MOST])


def _compared(group: list[NormalRule]) -> Iterator[Finding]:
    for place, shape in enumerate(group):
        earlier = next((other for other in group[:place] if other.covers(shape)), None)
        later = next((other for other in group[place + 1 :] if other.covers(shape)), None)
        if earlier is not None:
            yield _superfluous(shape, earlier, same=shape.covers(earlier))
        elif later is not None and not shape.covers(later):
            yield _superfluous(shape, later, same=False)


def _superfluous(shape: NormalRule, other: NormalRule, *, same: bool) -> Finding:
    by = other.rule.position
    if same:
        return finding(
            shape.rule, "duplicate-rule", None, f"the rule says the same as {by}", "Take one away."
        )
    hint = "Take it away, or ask for less there."
    return finding(shape.rule, "subsumed-rule", None, f"the rule holds only where {by} holds anyway", hint)


def _items(rule: Rule) -> Iterator[Finding]:
    for term in walk(rule.tree.body):
        if isinstance(term, ListLiteral):
            ordered = sorted(term.items, key=lambda item: (normalized(item, {}), item.span.start))
            for one, next_one in pairwise(ordered):
                if normalized(one, {}) == normalized(next_one, {}):
                    message = "the list has this item twice"
                    yield finding(rule, "duplicate-rule", next_one.span, message, "Take one away.")


def check_contradictions(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Conditions that never hold together, and those that always hold."""
    for rule in statements:
        if rule.is_rule and not _is_choice(rule):
            for branch in branches(rule.tree.body):
                yield from _Branch(rule, branch).findings()


def _is_choice(rule: Rule) -> bool:
    """Whether a rule is a choice that is on or off: a helper rule with `if true` or `if false`."""
    body = rule.tree.body
    return not rule.is_verdict and isinstance(body, Literal) and isinstance(body.value, bool)


class _Branch:
    """One alternative of a body."""

    def __init__(self, rule: Rule, terms: tuple[Term, ...]) -> None:
        self._rule = rule
        self._terms = terms
        self._one_of: dict[str, frozenset[Value]] = {}
        self._not: dict[str, set[Value]] = defaultdict(set)
        self._pairs: dict[tuple[str, ...], str] = {}
        self._heads()

    def _heads(self) -> None:
        for parameter in self._rule.tree.parameters:
            # The same variable of a head is what the body compares.
            if isinstance(parameter.term, Literal):
                self._one_of[repr(parameter.term.value)] = frozenset({parameter.term.value})

    def findings(self) -> Iterator[Finding]:
        """What is wrong with a condition in the light of those before it."""
        for term in self._terms:
            if isinstance(term, Operation) and term.operator in {"=", "!=", "in", "=="}:
                yield from self._compared(term)
            elif isinstance(term, Literal) and isinstance(term.value, bool):
                yield self._never(term.span) if not term.value else self._always(term.span)

    def _compared(self, term: Operation) -> Iterator[Finding]:
        left, right = term.operands
        if isinstance(left, Literal) and isinstance(right, Literal):
            holds = (left.value == right.value) is (term.operator != "!=")
            yield self._always(term.span) if holds else self._never(term.span)
        elif normalized(left, {}) == normalized(right, {}):
            yield self._never(term.span) if term.operator == "!=" else self._always(term.span)
        elif term.operator == "!=" and isinstance(left, Literal) is not isinstance(right, Literal):
            yield from self._excluded(term)
        else:
            yield from self._asked(term)

    def _excluded(self, term: Operation) -> Iterator[Finding]:
        left, right = term.operands
        subject, value = (right, left) if isinstance(left, Literal) else (left, right)
        if isinstance(value, Literal):
            key = normalized(subject, {})
            self._not[key].add(value.value)
            yield from self._left(key, term.span)

    def _asked(self, term: Operation) -> Iterator[Finding]:
        found = condition(term, {})
        if isinstance(found, OneOf):
            before = self._one_of.get(found.subject, found.values)
            self._one_of[found.subject] = before & found.values
            yield from self._left(found.subject, term.span)
            return
        pair = tuple(sorted(normalized(operand, {}) for operand in term.operands))
        before_this = self._pairs.setdefault(pair, term.operator)
        if {before_this, term.operator} == {"=", "!="}:
            yield self._never(term.span)

    def _left(self, subject: str, span: Span) -> Iterator[Finding]:
        """A finding if no value is left that something could have."""
        values = self._one_of.get(subject)
        if values is not None and not values - self._not[subject]:
            yield self._never(span)

    def _never(self, span: Span) -> Finding:
        message = (
            "this never holds together with the other conditions"
            if len(self._terms) > 1
            else "this never holds"
        )
        return finding(
            self._rule, "contradiction", span, message, "Take the rule away, or say what was meant."
        )

    def _always(self, span: Span) -> Finding:
        return finding(self._rule, "always-true", span, "this always holds", "Compare two different things.")
