"""Duplicate and subsumed rules, and conditions that are contradictory or always true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from multichannel.policy.language.ast import ListLiteral, Literal, Operation, Span, Term, branches, walk
from multichannel.policy.language.source import Rule
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.normal_form import (
    Membership,
    NormalForm,
    Value,
    canonical_text,
    normal_condition,
)
from multichannel.workbench.findings import Finding

MOST = 1_000
"""The rules of one name and resource type that are compared; any more are not."""


def check_duplicates(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Rules without effect beside another rule, and items that a list has twice."""
    groups: dict[tuple[str, int, str | None], list[NormalForm]] = defaultdict(list)
    for rule in statements:
        if rule.is_rule:
            groups[*rule.signature, rule.record_type].append(NormalForm(rule))
            yield from _items(rule)
    for (name, parameters, record_type), group in groups.items():
        general = groups.get((name, parameters, None), []) if record_type else []
        yield from _compared(group[:MOST], general)


def _compared(group: list[NormalForm], general: list[NormalForm]) -> Iterator[Finding]:
    """Rules that another of the group, or a rule about any resource, makes superfluous."""
    for place, shape in enumerate(group):
        earlier = next((other for other in group[:place] if other.covers(shape)), None)
        later = next((other for other in (*group[place + 1 :], *general) if other.covers(shape)), None)
        if earlier is not None:
            yield _superfluous(shape, earlier, same=shape.covers(earlier))
        elif later is not None and not shape.covers(later):
            yield _superfluous(shape, later, same=False)


def _superfluous(shape: NormalForm, other: NormalForm, *, same: bool) -> Finding:
    rule, by = shape.rule, other.rule.position
    if same:
        return finding(rule, "duplicate-rule", None, f"the rule is the same as {by}", "Remove one of them.")
    hint = "Remove it, or add conditions to the other rule."
    return finding(rule, "subsumed-rule", None, f"the rule applies only where {by} applies", hint)


def _items(rule: Rule) -> Iterator[Finding]:
    for term in walk(rule.tree.body):
        if isinstance(term, ListLiteral):
            ordered = sorted(term.items, key=lambda item: (canonical_text(item, {}), item.span.start))
            for item, following in pairwise(ordered):
                if canonical_text(item, {}) == canonical_text(following, {}):
                    message = "the list contains this item twice"
                    yield finding(rule, "duplicate-rule", following.span, message, "Remove one of them.")


def check_contradictions(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Contradictory conditions, and conditions that are always true."""
    for rule in statements:
        if rule.is_rule and not _is_choice(rule):
            for branch in branches(rule.tree.body):
                yield from _Branch(rule, branch).findings()


def _is_choice(rule: Rule) -> bool:
    """Whether a rule is a choice that is on or off: a helper rule with `if true` or `if false`."""
    body = rule.tree.body
    return not rule.is_verdict and isinstance(body, Literal) and isinstance(body.value, bool)


class _Branch:
    """One conjunction of a body."""

    def __init__(self, rule: Rule, terms: tuple[Term, ...]) -> None:
        self._rule = rule
        self._terms = terms
        self._one_of: dict[str, frozenset[Value]] = {}
        self._not: dict[str, set[Value]] = defaultdict(set)
        self._pairs: dict[tuple[str, ...], str] = {}

    def findings(self) -> Iterator[Finding]:
        """Conditions that contradict earlier ones or are always true."""
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
        elif canonical_text(left, {}) == canonical_text(right, {}):
            yield self._never(term.span) if term.operator == "!=" else self._always(term.span)
        elif term.operator == "!=" and isinstance(left, Literal) is not isinstance(right, Literal):
            yield from self._excluded(term)
        else:
            yield from self._equal(term)

    def _excluded(self, term: Operation) -> Iterator[Finding]:
        left, right = term.operands
        subject, value = (right, left) if isinstance(left, Literal) else (left, right)
        if isinstance(value, Literal):
            key = canonical_text(subject, {})
            self._not[key].add(value.value)
            yield from self._left(key, term.span)

    def _equal(self, term: Operation) -> Iterator[Finding]:
        condition = normal_condition(term, {})
        if isinstance(condition, Membership):
            before = self._one_of.get(condition.subject, condition.values)
            self._one_of[condition.subject] = before & condition.values
            yield from self._left(condition.subject, term.span)
            return
        pair = tuple(sorted(canonical_text(operand, {}) for operand in term.operands))
        before_this = self._pairs.setdefault(pair, term.operator)
        if {before_this, term.operator} == {"=", "!="}:
            yield self._never(term.span)

    def _left(self, subject: str, span: Span) -> Iterator[Finding]:
        """A finding if no possible value is left."""
        values = self._one_of.get(subject)
        if values is not None and not values - self._not[subject]:
            yield self._never(span)

    def _never(self, span: Span) -> Finding:
        problem = "contradicts the other conditions" if len(self._terms) > 1 else "is never true"
        hint = "Remove the rule, or correct the condition."
        return finding(self._rule, "contradiction", span, f"this condition {problem}", hint)

    def _always(self, span: Span) -> Finding:
        hint = "Compare two different values."
        return finding(self._rule, "always-true", span, "this condition is always true", hint)
