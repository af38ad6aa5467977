"""Statements that can be read: each as text with its place, as a tree, and as where findings point to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.ast import (
    Call,
    Name,
    Operation,
    Parameter,
    Span,
    Statement,
    Term,
    conjuncts,
    walk,
)
from multichannel.policy.language.resource_binding import principals_of
from multichannel.policy.language.source import Malformed, Rule
from multichannel.workbench.check.codes import KINDS
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import BRANCHES

PRINCIPAL = "Principal"
ANYTHING = "_"
"""The variable that is another one each time."""
ARITY = {"allow": 3, "has_standing": 3, "grant": 4, "forbid": 4}
"""The rules that decisions ask for, and how many parameters they have; the record is the last one."""


@dataclass(frozen=True, eq=False)
class Stated:
    """A statement that parses."""

    rule: Rule
    tree: Statement

    @property
    def is_rule(self) -> bool:
        """Whether it is a rule, and no declaration or query."""
        return self.tree.keyword == "rule"

    @property
    def signature(self) -> tuple[str, int]:
        """The name and the number of parameters: what makes rules one question."""
        return self.tree.name, len(self.tree.parameters)

    @property
    def is_verdict(self) -> bool:
        """Whether decisions ask for it."""
        return self.is_rule and ARITY.get(self.tree.name) == len(self.tree.parameters)

    @cached_property
    def kind(self) -> str | None:
        """The class that a verdict's record has to be of; None for any."""
        return self.tree.parameters[-1].kind if self.is_verdict else None

    @property
    def record(self) -> str | None:
        """The variable of a verdict's record."""
        last = self.tree.parameters[-1].term if self.is_verdict else None
        return last.name if isinstance(last, Name) else None

    @cached_property
    def principals(self) -> frozenset[str]:
        """The variables of the principal."""
        return principals_of(self.tree)

    @property
    def head(self) -> Span:
        """Where its head stands."""
        if not self.tree.parameters:
            return Span(0, self.rule.text.find(")") + 1 or len(self.rule.text))
        return Span(0, self.rule.text.find(")", self.tree.parameters[-1].span.end) + 1 or len(self.rule.text))

    @cached_property
    def body(self) -> tuple[Term, ...]:
        """All terms of its body, outermost first."""
        return tuple(walk(self.tree.body))

    def branches(self) -> list[tuple[Term, ...]]:
        """The alternatives of its body, each some conditions; a rule without a body has one without any."""
        return [tuple(branch) for branch in _branches(self.tree.body)][:BRANCHES]

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Its questions to other rules."""
        return tuple(term for term in self.body if isinstance(term, Call))

    def finding(self, code: str, span: Span | None, message: str, hint: str = "") -> Finding:
        """A finding at some characters of it; at its head for None."""
        return finding_at(self.rule, span or self.head, code, message, hint)


def finding_at(rule: Rule | Malformed, span: Span, code: str, message: str, hint: str = "") -> Finding:
    """A finding at some characters of a statement; of what goes over several lines, at the first of them."""
    line, column = rule.place(span.start)
    length = len(rule.text[span.start : span.end].partition("\n")[0])
    return Finding(
        file=rule.file,
        line=line,
        column=column,
        length=max(length, 1),
        code=code,
        message=message,
        level=KINDS[code].level,
        rule=rule.text,
        hint=hint.strip(),
    )


def parameter_names(parameters: tuple[Parameter, ...]) -> list[str | None]:
    """The variable of each parameter; None for what is no variable."""
    return [each.term.name if isinstance(each.term, Name) else None for each in parameters]


def _branches(term: Term | None) -> list[list[Term]]:
    """The alternatives of a term, no more of them than will be looked at."""
    if isinstance(term, Operation) and term.operator == "or":
        return [branch for operand in term.operands for branch in _branches(operand)][:BRANCHES]
    found: list[list[Term]] = [[]]
    for part in conjuncts(term):
        inner = _branches(part) if isinstance(part, Operation) and part.operator == "or" else [[part]]
        found = [[*before, *after] for before in found for after in inner][:BRANCHES]
    return found
