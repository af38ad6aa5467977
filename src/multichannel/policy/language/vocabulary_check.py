"""Checks the words and facts in rules: roles, standings, actions, and values that a fact never has.

Loading stops at the first misspelt word of a grant or fact of the principal; a check reports all faults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from multichannel.errors import PolicyInvalid
from multichannel.policy.language.ast import (
    Call,
    Dot,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Parameter,
    Pattern,
    Span,
    Term,
)
from multichannel.policy.language.characters import refuse_hidden
from multichannel.policy.language.resource_binding import PRINCIPAL
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.language.types import (
    Scope,
    TypeInference,
    ValueForm,
    ValueType,
    class_type,
    fact_types,
)
from multichannel.policy.schema.resources import RESOURCES, with_article
from multichannel.policy.schema.vocabulary import ROLES, Action

COMPARED = {"=", "!=", "in", "<", "<=", ">", ">=", "=="}
MARKET = re.compile("[A-Z]{2}")
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
"""The code of a restriction."""
SHOWN = 12
"""A longer vocabulary is not listed in a hint."""
DUNDER = "__"


@dataclass(frozen=True, slots=True)
class WordFault:
    """A word or fact that is wrong at some characters of a rule."""

    rule: Rule
    code: str
    span: Span
    message: str
    hint: str = ""
    word: str = ""


def check_words(source: PolicySource) -> None:
    """PolicyInvalid for what would silently never match, or is not what it looks like.

    A word of a grant that nothing is called, a fact that no principal has, `in` without a list, the code of a
    restriction that is none, and a character that nobody sees.
    """
    for file, text in source.texts:
        refuse_hidden(file, text)
    rules = [rule for rule in source.rules if rule.is_rule]
    types = TypeInference(rules)
    known = {*map(str, ROLES), *map(str, Action), *types.standings}
    for rule in rules:
        faults = [fault for fault in _facts(rule, types) if fault.word == PRINCIPAL]
        faults += [*_lists(rule, types), *_reason_code(rule)]
        if rule.name == "grant":
            faults += [fault for fault in _words(rule, types) if fault.word and fault.word not in known]
        for fault in faults:
            line, _ = rule.place(fault.span.start)
            raise PolicyInvalid(f"{rule.file}:{line}: {fault.message}. {fault.hint.strip()}".rstrip())


def word_faults(rules: Sequence[Rule], types: TypeInference) -> Iterator[WordFault]:
    """Every word, value or fact in a place where it can never match."""
    for rule in rules:
        if rule.is_rule:
            yield from _words(rule, types)
            yield from _facts(rule, types)
            yield from _lists(rule, types)


def _reason_code(rule: Rule) -> Iterator[WordFault]:
    """A code that clients cannot be given."""
    term = rule.tree.parameters[0].term if rule.name == "forbid" and rule.is_verdict else None
    if isinstance(term, Literal) and not (isinstance(term.value, str) and CODE.fullmatch(term.value)):
        message = "the reason code must be a string in capitals"
        yield WordFault(rule, "reason-code", term.span, message)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence, after a space, with the nearest known word; empty if none is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _words(rule: Rule, types: TypeInference) -> Iterator[WordFault]:
    scope = types.scope(rule)
    for term, meaning in _in_head(rule, types):
        yield from _value(rule, term, meaning)
        if rule.is_verdict and isinstance(term, Name):
            yield from _argument(rule, term, scope.get(term.name), meaning)
    for term, required in (pair for call in rule.tree.calls for pair in types.arguments(call, scope)):
        if required is not None:
            yield from _value(rule, term, required)
            yield from _argument(rule, term, types.of(term, scope), required)
    yield from _comparisons(rule, types, scope)


def _in_head(rule: Rule, types: TypeInference) -> Iterator[tuple[Term, ValueType]]:
    """The terms of a head and its patterns, with the types that they must have."""
    implied = types.parameters(*rule.signature, rule.record_type)
    for parameter, meaning in zip(rule.tree.parameters, implied, strict=True):
        if meaning is not None:
            yield parameter.term, meaning
        if isinstance(parameter.pattern, Pattern) and parameter.pattern.name:
            known = fact_types(parameter.pattern.name) if class_type(parameter.pattern.name) else {}
            yield from ((value, known[name]) for name, value in parameter.pattern.fields if name in known)


def _argument(rule: Rule, term: Term, actual: ValueType | None, required: ValueType) -> Iterator[WordFault]:
    """An argument of the wrong type."""
    if actual is None or actual == required:
        return
    records = ValueForm.RECORD in {actual.form, required.form}
    if (records and actual.kind != required.kind) or (
        actual.words and required.words and not actual.words & required.words
    ):
        message = f"{actual.name} is passed where {required.name} is required"
        yield WordFault(rule, "wrong-type", term.span, message)


def _comparisons(rule: Rule, types: TypeInference, scope: Scope) -> Iterator[WordFault]:
    for term in rule.body_terms:
        if not (isinstance(term, Operation) and term.operator in COMPARED):
            continue
        left, right = (types.of(operand, scope) for operand in term.operands)
        if left is not None and right is not None:
            yield from _unlike(rule, term, left, right)
        elif left is not None:
            yield from _values(rule, term.operands[1], left)
        elif right is not None:
            yield from _values(rule, term.operands[0], right)


def _values(rule: Rule, term: Term, meaning: ValueType) -> Iterator[WordFault]:
    for each in term.items if isinstance(term, ListLiteral) else (term,):
        yield from _value(rule, each, meaning)


def _unlike(rule: Rule, term: Operation, left: ValueType, right: ValueType) -> Iterator[WordFault]:
    """Two facts of different types."""
    if ValueForm.RECORD in {left.form, right.form}:
        if term.operator != "in" and not isinstance(term.operands[0], Call):
            message = f"records cannot be compared: {left.name} and {right.name}; compare their ids"
            yield WordFault(rule, "wrong-type", term.span, message)
    elif left.form is not right.form:
        message = f"{left.name} is {left.form}, {right.name} is {right.form}"
        yield WordFault(rule, "wrong-type", term.span, message)
    elif left.words and right.words and not left.words & right.words:
        yield WordFault(rule, "wrong-type", term.span, f"{left.name} and {right.name} share no value")


def _value(rule: Rule, term: Term, meaning: ValueType) -> Iterator[WordFault]:
    if not isinstance(term, Literal):
        return
    found = _fault(term.value, meaning)
    if found is not None:
        code, message, hint = found
        yield WordFault(rule, code, term.span, message, hint, str(term.value))


def _fault(value: str | float | bool | None, meaning: ValueType) -> tuple[str, str, str] | None:  # noqa: FBT001  (a value of a policy)
    """Code, message and hint if a value is invalid for a type."""
    if meaning.form is ValueForm.RECORD:
        return "wrong-type", f"{meaning.name} is a record", "Compare its id."
    if value is None:
        return None if meaning.nullable else ("never-nil", f"{meaning.name} is never nil", "")
    if isinstance(value, bool) is not (meaning.form is ValueForm.FLAG) or not isinstance(value, str | bool):
        return "wrong-type", f"{meaning.name} is {meaning.form}", ""
    if meaning.form is ValueForm.IDENTITY:
        hint = "Compare it with a fact of the record or the principal."
        return "literal-id", f"{meaning.name} is compared with one id", hint
    return _word(value, meaning) if isinstance(value, str) else None


def _word(value: str, meaning: ValueType) -> tuple[str, str, str] | None:
    if meaning.form is ValueForm.MARKET and not MARKET.fullmatch(value):
        return "unknown-word", f'"{value}" is not a market', "A market is two capital letters, such as US."
    if meaning.words is None or value in meaning.words:
        return None
    known = ", ".join(sorted(meaning.words)) if len(meaning.words) <= SHOWN else ""
    hint = did_you_mean(value, meaning.words) or (f"It is one of {known}." if known else "")
    if meaning.code == "unknown-word":
        return meaning.code, f'{meaning.name} is never "{value}"', hint
    article = "an" if meaning.name.startswith("action") else "a"
    elsewhere = ", only on other types" if meaning.code == "unknown-action" and value in {*Action} else ""
    return meaning.code, f'"{value}" is not {article} {meaning.name}{elsewhere}', hint


def _facts(rule: Rule, types: TypeInference) -> Iterator[WordFault]:
    scope = types.scope(rule)
    for parameter in rule.tree.parameters:
        yield from _pattern_facts(rule, parameter)
    for term in rule.terms:
        if isinstance(term, Dot) and term.arguments is None and not term.name.startswith(DUNDER):
            subject = types.of(term.subject, scope)
            if subject is not None:
                yield from _fact(rule, term, subject)


def _pattern_facts(rule: Rule, parameter: Parameter) -> Iterator[WordFault]:
    pattern = parameter.pattern
    if not isinstance(pattern, Pattern) or pattern.name not in {PRINCIPAL, *RESOURCES}:
        return
    for name, _ in pattern.fields:
        if name not in fact_types(pattern.name):
            hint = did_you_mean(name, fact_types(pattern.name))
            message = f"{with_article(pattern.name)} has no fact `{name}`"
            yield WordFault(rule, "unknown-attribute", pattern.span, message, hint, pattern.name)


def _fact(rule: Rule, term: Dot, subject: ValueType) -> Iterator[WordFault]:
    span = Span(term.span.end - len(term.name), term.span.end)
    if subject.many:
        message = f"{subject.name} is a list and has no fact `{term.name}`"
        written = rule.text[term.subject.span.start : term.subject.span.end]
        hint = f"Write `r in {written} and r.{term.name} = ...`."
        yield WordFault(rule, "unknown-attribute", span, message, hint)
    elif subject.kind is None:
        message = f"{subject.name} is {subject.form} and has no facts"
        yield WordFault(rule, "unknown-attribute", span, message)
    elif term.name not in fact_types(subject.kind):
        known = fact_types(subject.kind)
        hint = did_you_mean(term.name, known) or f"It has {', '.join(known)}."
        message = f"{with_article(subject.kind)} has no fact `{term.name}`"
        yield WordFault(rule, "unknown-attribute", span, message, hint, subject.kind)


def _lists(rule: Rule, types: TypeInference) -> Iterator[WordFault]:
    scope = types.scope(rule)
    for term in rule.body_terms:
        if not (isinstance(term, Operation) and term.operator == "in"):
            continue
        right = term.operands[1]
        if isinstance(right, Literal):
            message = f"{rule.text[right.span.start : right.span.end]} is one value, not a list"
            yield WordFault(rule, "not-a-list", right.span, message, "Write `=`, or a list in brackets.")
        listed = types.of(right, scope)
        if listed is not None and not listed.many:
            what = "one record" if listed.form is ValueForm.RECORD else "one value"
            message = f"{listed.name} is {what}, not a list"
            yield WordFault(rule, "not-a-list", term.operands[1].span, message, "Write `=`.")
