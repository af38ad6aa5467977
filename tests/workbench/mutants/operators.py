"""The faults that are made of a statement, by what goes wrong in a reviewer's hands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from multichannel.policy.language.ast import (
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Span,
    Term,
    conjuncts,
    walk,
)
from multichannel.policy.language.source import VERDICTS, PolicySource, Rule
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.rule_words import can_hold, helpers_of
from tests.workbench.mutants.mutant import Mutant, edited
from tests.workbench.mutants.words import Words, facts_like, text_of, types_of, values

HEADS = {
    "grant": ("role", "standing", "action"),
    "has_standing": ("principal", "standing"),
    "forbid": ("code", "principal", "action"),
}
"""What the parameters of a verdict are; the record comes last."""
SWAPPED = {"=": "!=", "!=": "="}
PRINCIPAL_FACTS = {"cloud", "market", "status"}
"""Facts of principals that records have, too."""

Edits = Iterator[tuple[str, str]]
"""The operator, and what the statement becomes."""


def mutants(source: PolicySource) -> Iterator[Mutant]:
    """Every fault that the operators make of a policy, each text once, in the order of the files.

    None is made of a rule that a choice switches off: whatever it says, it decides nothing.
    """
    words = Words(source)
    for rule in in_force(source):
        seen = {rule.text}
        for operator, text in _Faults(rule, words).all():
            if text not in seen:
                seen.add(text)
                yield Mutant(source, rule, operator, text)


def in_force(source: PolicySource) -> list[Rule]:
    """The rules that no choice switches off."""
    rules = [rule for rule in source.rules if rule.is_rule]
    helpers = helpers_of(rule.tree for rule in rules)
    return [rule for rule in rules if can_hold(rule.tree, helpers)]


class _Faults:
    """The faults of one rule."""

    def __init__(self, rule: Rule, words: Words) -> None:
        self._text = rule.text
        self._name = rule.name
        self._statement = rule.tree
        self._words = words
        self._kind = rule.about or ""

    def all(self) -> Edits:
        """What each operator makes of the rule."""
        yield "drop the rule", ""
        yield from self._conditions_dropped()
        if self._name in VERDICTS:
            yield from self._heads()
        for term in walk(self._statement.body):
            yield from self._of_term(term)

    @cached_property
    def _types(self) -> dict[str, str]:
        return types_of(self._statement)

    def _of_term(self, term: Term) -> Edits:
        if isinstance(term, Operation) and len(term.operands) == 2:
            yield from self._comparison(term)
        if isinstance(term, Dot):
            yield from self._fact(term)
        if isinstance(term, Call):
            yield "rename a helper", self._with(Span(term.span.start, term.span.start), "the_")

    def _with(self, span: Span, by: str) -> str:
        return edited(self._text, [(span, by)])

    def _decides_nothing(self, part: Term) -> bool:
        return (isinstance(part, Call) and part.name == "choice") or self._part(part) == "true"

    def _conditions_dropped(self) -> Edits:
        """Not a choice that is asked for or is on: of a rule in force it decides nothing."""
        parts = conjuncts(self._statement.body)
        for dropped in (part for part in parts if not self._decides_nothing(part)):
            kept = [self._part(part) for part in parts if part is not dropped]
            body = f" if {' and '.join(kept)}" if kept else ""
            yield "drop a condition", _without_single_names(f"{self._head}{body};")

    def _part(self, term: Term) -> str:
        return self._text[term.span.start : term.span.end]

    @property
    def _head(self) -> str:
        end = self._statement.parameters[-1].span.end
        return self._text[: self._text.index(")", end) + 1]

    def _heads(self) -> Edits:
        for part, parameter in zip(HEADS[self._name], self._statement.parameters, strict=False):
            word, span = text_of(parameter.term), parameter.term.span
            if word is not None:
                yield from self._named(part, word, span)
            elif part == "action" and isinstance(parameter.term, Name) and parameter.term.name == "_action":
                yield from self._exemptions(parameter.term)

    def _named(self, part: str, word: str, span: Span) -> Edits:
        """Another word in the head; and, of what may be done or may not, one more."""
        if part == "code":
            others = self._words.codes(self._kind)
        else:
            others = self._words.named(part, self._kind, word)
        others = [other for other in others if other != word]
        for other in others[:1]:
            yield f"another {part}", self._with(span, f'"{other}"')
        if part != "code" and self._name != "has_standing":
            for other in others:
                another = self._with(span, f'"{other}"')
                yield f"one more {part}", f"{self._text}\n{another}"

    def _exemptions(self, name: Term) -> Edits:
        """A restriction of every action that spares one."""
        actions = self._words.actions(self._kind)
        for spared in actions:
            kept = ", ".join(f'"{action}"' for action in actions if action != spared)
            narrowed = self._with(name.span, "action")
            yield "spare an action", f"{narrowed.removesuffix(';')} and\n  action in [{kept}];"

    def _comparison(self, term: Operation) -> Edits:
        left, right = term.operands
        if term.operator in SWAPPED:
            between = self._text[left.span.end : right.span.start]
            swapped = between.replace(term.operator, SWAPPED[term.operator])
            yield "turn a comparison", self._with(Span(left.span.end, right.span.start), swapped)
        if term.operator in SWAPPED and isinstance(left, Dot) and isinstance(right, Literal):
            yield from self._constant(left, term.operator, right)
        if term.operator == "in" and isinstance(right, ListLiteral):
            yield from self._list(left, right)

    def _constant(self, fact: Dot, operator: str, literal: Literal) -> Edits:
        if isinstance(literal.value, bool):
            yield "another constant", self._with(literal.span, str(not literal.value).lower())
        word = text_of(literal)
        if word is None:
            return
        others = [other for other in values(fact, self._types) if other != word]
        for other in others:
            yield "another constant", self._with(literal.span, f'"{other}"')
            if operator == "=":
                span = Span(fact.span.end, literal.span.end)
                yield "one more constant", self._with(span, f' in ["{word}", "{other}"]')

    def _list(self, left: Term, listed: ListLiteral) -> Edits:
        found = [word for word in map(text_of, listed.items) if word is not None]
        for dropped in found:
            kept = ", ".join(f'"{word}"' for word in found if word != dropped)
            yield "one item less", self._with(listed.span, f"[{kept}]")
        if isinstance(left, Name):
            others = self._words.named(left.name, self._kind, found[0])
        else:
            others = values(left, self._types) if isinstance(left, Dot) else []
        for other in others:
            if other not in found:
                yield (
                    "one more item",
                    self._with(Span(listed.span.start + 1, listed.span.start + 1), f'"{other}", '),
                )

    def _fact(self, fact: Dot) -> Edits:
        name = Span(fact.span.end - len(fact.name), fact.span.end)
        for other in facts_like(fact, self._types):
            yield "another fact", self._with(name, other)
        owner = self._other_owner(fact)
        if owner is not None:
            yield "another's fact", _without_single_names(self._with(fact.subject.span, owner))

    def _other_owner(self, fact: Dot) -> str | None:
        """Another variable that has a fact of that name."""
        if not isinstance(fact.subject, Name):
            return None
        for name, kind in self._types.items():
            facts = RESOURCES[kind].attributes if kind in RESOURCES else PRINCIPAL_FACTS
            if name not in {fact.subject.name, "_"} and fact.name in facts:
                return name
        return None


def _without_single_names(text: str) -> str:
    """What its author would have to write: a variable that is named once is not used, and says so."""
    for name in set(re.findall(r"(?<![\w.\"])([a-z]\w*)(?=[:,])", text)):
        if len(re.findall(rf'(?<![\w."]){name}\b(?!")', text)) == 1:
            text = re.sub(rf'(?<![\w."]){name}\b(?!")', f"_{name}", text)
    return text
