"""Words that are compared with what can never be one of them: actions, roles, standings, codes, facts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from multichannel.policy.language.ast import (
    Call,
    ListLiteral,
    Literal,
    Name,
    Operation,
    Pattern,
    Term,
    walk,
)
from multichannel.policy.language.source import Rule
from multichannel.policy.language.vocabulary_check import did_you_mean
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.types import Form, Meaning, Meanings, Scope, facts, record
from multichannel.workbench.findings import Finding

COMPARED = {"=", "!=", "in", "<", "<=", ">", ">=", "=="}
CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
MARKET = re.compile("[A-Z]{2}")
LIKE = 0.9
"""How alike two codes are that one may have been meant for the other."""
SHOWN = 12
"""A vocabulary of more words is not listed."""


def check_words(statements: Sequence[Rule], meanings: Meanings) -> Iterator[Finding]:
    """Every word, value or fact that stands where it can never be met."""
    for rule in statements:
        if not rule.is_rule:
            continue
        scope = meanings.scope(rule)
        for term, meaning in _in_head(rule, meanings):
            yield from _value(rule, term, meaning)
            if rule.is_verdict and isinstance(term, Name):
                yield from _argument(rule, term, scope.get(term.name), meaning)
        for term, meaning in _handed_on(rule, meanings, scope):
            yield from _value(rule, term, meaning)
            yield from _argument(rule, term, meanings.of(term, scope), meaning)
        yield from _comparisons(rule, meanings, scope)
    yield from _codes([rule for rule in statements if rule.is_verdict and rule.tree.name == "forbid"])


def _in_head(rule: Rule, meanings: Meanings) -> Iterator[tuple[Term, Meaning]]:
    """What stands in the head of a rule and in its patterns, with what has to stand there."""
    implied = meanings.parameters(*rule.signature, rule.record_type)
    for parameter, meaning in zip(rule.tree.parameters, implied, strict=True):
        if meaning is not None:
            yield parameter.term, meaning
        if isinstance(parameter.pattern, Pattern) and parameter.pattern.name:
            known = facts(parameter.pattern.name) if record(parameter.pattern.name) else {}
            yield from ((value, known[name]) for name, value in parameter.pattern.fields if name in known)


def _handed_on(rule: Rule, meanings: Meanings, scope: Scope) -> Iterator[tuple[Term, Meaning]]:
    """What is handed on to other rules, with what they ask for."""
    for call in rule.tree.calls:
        asked = meanings.parameters(call.name, len(call.arguments), meanings.kind_asked(call, scope))
        yield from (
            (argument, meaning)
            for argument, meaning in zip(call.arguments, asked, strict=True)
            if meaning is not None
        )


def _argument(rule: Rule, term: Term, given: Meaning | None, asked: Meaning) -> Iterator[Finding]:
    """Something that is handed over where something else is asked for."""
    if given is None or given == asked:
        return
    records = Form.RECORD in {given.form, asked.form}
    if (records and given.kind != asked.kind) or (
        given.words and asked.words and not given.words & asked.words
    ):
        message = f"{given.name} stands where {asked.name} is asked for"
        yield finding(rule, "wrong-type", term.span, message)


def _comparisons(rule: Rule, meanings: Meanings, scope: Scope) -> Iterator[Finding]:
    for term in walk(rule.tree.body):
        if not (isinstance(term, Operation) and term.operator in COMPARED):
            continue
        left, right = (meanings.of(operand, scope) for operand in term.operands)
        if left is not None and right is not None:
            yield from _unlike(rule, term, left, right)
        elif left is not None:
            yield from _values(rule, term.operands[1], left)
        elif right is not None:
            yield from _values(rule, term.operands[0], right)


def _values(rule: Rule, term: Term, meaning: Meaning) -> Iterator[Finding]:
    for each in term.items if isinstance(term, ListLiteral) else (term,):
        yield from _value(rule, each, meaning)


def _unlike(rule: Rule, term: Operation, left: Meaning, right: Meaning) -> Iterator[Finding]:
    """Two facts that never have a value in common."""
    if Form.RECORD in {left.form, right.form}:
        if term.operator != "in" and not isinstance(term.operands[0], Call):
            message = f"{left.name} and {right.name}: records are not compared, their ids are"
            yield finding(rule, "wrong-type", term.span, message)
    elif left.form is not right.form:
        message = f"{left.name} is {left.form}, {right.name} is {right.form}"
        yield finding(rule, "wrong-type", term.span, message)
    elif left.words and right.words and not left.words & right.words:
        yield finding(rule, "wrong-type", term.span, f"{left.name} is never what {right.name} is")


def _value(rule: Rule, term: Term, meaning: Meaning) -> Iterator[Finding]:
    if not isinstance(term, Literal):
        return
    found = _fault(term.value, meaning)
    if found is not None:
        code, message, hint = found
        yield finding(rule, code, term.span, message, hint)


def _fault(value: str | float | bool | None, meaning: Meaning) -> tuple[str, str, str] | None:  # noqa: FBT001  (a value of a policy)
    """What is wrong with a value in a place: code, message and hint."""
    if meaning.form is Form.RECORD:
        return "wrong-type", f"{meaning.name} is a record", "Compare its id."
    if value is None:
        return None if meaning.nullable else ("never-nil", f"{meaning.name} is never nil", "")
    if isinstance(value, bool) is not (meaning.form is Form.FLAG) or not isinstance(value, str | bool):
        return "wrong-type", f"{meaning.name} is {meaning.form}", ""
    if meaning.form is Form.IDENTITY:
        hint = "Compare it with a fact of the record or of the principal."
        return "literal-id", f"{meaning.name} is compared with one id", hint
    return _word(value, meaning) if isinstance(value, str) else None


def _word(value: str, meaning: Meaning) -> tuple[str, str, str] | None:
    if meaning.form is Form.MARKET and not MARKET.fullmatch(value):
        return "unknown-word", f'"{value}" is no market', "Markets are two capital letters, such as US."
    if meaning.words is None or value in meaning.words:
        return None
    known = ", ".join(sorted(meaning.words)) if len(meaning.words) <= SHOWN else ""
    hint = did_you_mean(value, meaning.words) or (f"It is one of {known}." if known else "")
    if meaning.code == "unknown-word":
        return meaning.code, f'{meaning.name} is never "{value}"', hint
    article = "an" if meaning.name.startswith("action") else "a"
    elsewhere = ", only on other records" if meaning.code == "unknown-action" and value in {*Action} else ""
    return meaning.code, f'"{value}" is not {article} {meaning.name}{elsewhere}', hint


def _codes(restrictions: list[Rule]) -> Iterator[Finding]:
    """Codes that are none, and codes that are used once and look like another."""
    used: dict[str, list[Rule]] = defaultdict(list)
    for rule in restrictions:
        term = rule.tree.parameters[0].term
        if isinstance(term, Literal) and isinstance(term.value, str) and CODE.fullmatch(term.value):
            used[term.value].append(rule)
        else:
            message = "the code of a restriction is a text in capitals"
            hint = f"Such as {_capitals(term)}."
            yield finding(rule, "reason-code", term.span, message, hint)
    for code, rules in used.items():
        others = [other for other in used if other != code and len(used[other]) >= len(rules)]
        near = get_close_matches(code, others, n=1, cutoff=LIKE)
        if len(rules) == 1 and near:
            message = f"{code} is used here only, and looks like {near[0]}"
            hint = f"Did you mean {near[0]}?"
            yield finding(rules[0], "similar-code", rules[0].tree.parameters[0].span, message, hint)


def _capitals(term: Term) -> str:
    said = re.sub(r"\W+|_+", "_", str(term.value)).strip("_").upper() if isinstance(term, Literal) else ""
    return f'"{said}"' if CODE.fullmatch(said) else '"DIFFERENT_MARKET"'
