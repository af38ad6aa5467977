"""Names that mean nothing: classes, facts, rules, variables that stand alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from multichannel.policy.language.ast import (
    Dot,
    Name,
    Operation,
    Parameter,
    Pattern,
    Span,
    Statement,
    Term,
    terms,
    walk,
)
from multichannel.policy.language.resource_binding import Helpers, missing_fact
from multichannel.policy.language.vocabulary_check import did_you_mean
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.statement import ARITY, PRINCIPAL, Stated
from multichannel.workbench.check.types import Form, Meaning, Meanings, Scope, facts
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import helpers_of

VALUES = {"String", "Integer", "Float", "Boolean", "List"}
"""The engine's own classes that a parameter may be of."""
UNIONS = {"Resource"}
CLASSES = {PRINCIPAL, *RESOURCES, *VALUES, *UNIONS}
DUNDER = "__"


def check_names(statements: Sequence[Stated], meanings: Meanings) -> Iterator[Finding]:
    """Every name of a policy that is not one."""
    arities: Mapping[str, set[int]] = defaultdict(set)
    for stated in statements:
        if stated.is_rule:
            arities[stated.tree.name].add(len(stated.tree.parameters))
    helpers: dict[str, list[Statement]] = defaultdict(list)
    for (name, _), rules in helpers_of(stated.tree for stated in statements).items():
        helpers[name] += rules
    for stated in statements:
        yield from _classes(stated)
        if stated.is_rule:
            scope = meanings.scope(stated)
            yield from _arity(stated)
            yield from _alone(stated)
            yield from _calls(stated, arities)
            yield from _facts(stated, meanings, scope)
            yield from _lists(stated, meanings, scope)
            yield from _general(stated, helpers)


def _classes(stated: Stated) -> Iterator[Finding]:
    if stated.tree.keyword in {"resource", "actor"} and stated.tree.name not in CLASSES:
        yield _unknown_class(stated, stated.tree.name, None)
    for parameter in stated.tree.parameters:
        if parameter.kind is not None and parameter.kind not in CLASSES:
            yield _unknown_class(stated, parameter.kind, parameter.pattern)
    for term in stated.body:
        if isinstance(term, Operation) and term.operator == "matches":
            found = term.operands[1]
            name = found.name if isinstance(found, Name | Pattern) else None
            if name is not None and name not in CLASSES:
                yield _unknown_class(stated, name, found)


def _unknown_class(stated: Stated, name: str, at: Term | None) -> Finding:
    hint = did_you_mean(name, CLASSES - UNIONS)
    return stated.finding("unknown-class", at.span if at else None, f"there is no class {name}", hint)


def _arity(stated: Stated) -> Iterator[Finding]:
    name, found = stated.signature
    if ARITY.get(name, found) != found:
        message = f"{name} has {ARITY[name]} parameters, here it has {found}"
        yield stated.finding("wrong-arity", None, message)


def _alone(stated: Stated) -> Iterator[Finding]:
    """Variables that stand once, which the engine refuses one at a time."""
    names = list(_variables(stated))
    counted = Counter(name.name for name in names)
    for name in names:
        if counted[name.name] == 1 and not name.name.startswith("_") and name.name not in CLASSES:
            near = did_you_mean(name.name, set(counted) - {name.name})
            hint = near or f"If it is meant to stand for anything, call it _{name.name}."
            yield stated.finding("unused-variable", name.span, f"`{name.name}` is used once only", hint)


def _variables(stated: Stated) -> Iterator[Name]:
    for parameter in stated.tree.parameters:
        yield from _names(parameter.term)
        if not isinstance(parameter.pattern, Name):
            yield from _names(parameter.pattern)
    yield from _names(stated.tree.body)


def _names(term: Term | None) -> Iterator[Name]:
    classes = {
        id(found.operands[1])
        for found in walk(term)
        if isinstance(found, Operation) and found.operator == "matches"
    }
    return (found for found in walk(term) if isinstance(found, Name) and id(found) not in classes)


def _calls(stated: Stated, arities: Mapping[str, set[int]]) -> Iterator[Finding]:
    made = {
        id(term.operands[0]) for term in stated.body if isinstance(term, Operation) and term.operator == "new"
    }
    for call in stated.calls:
        if id(call) in made:
            continue
        given = len(call.arguments)
        if call.name not in arities:
            hint = did_you_mean(call.name, set(arities))
            yield stated.finding("unknown-rule", call.span, f"there is no rule {call.name}", hint)
        elif given not in arities[call.name]:
            known = " or ".join(str(each) for each in sorted(arities[call.name]))
            message = f"{call.name} takes {known} arguments, here it is given {given}"
            yield stated.finding("wrong-arity", call.span, message)


def _facts(stated: Stated, meanings: Meanings, scope: Scope) -> Iterator[Finding]:
    for parameter in stated.tree.parameters:
        yield from _asked_in_pattern(stated, parameter)
    for term in terms(stated.tree):
        if isinstance(term, Dot) and term.arguments is None and not term.name.startswith(DUNDER):
            subject = meanings.of(term.subject, scope)
            if subject is not None:
                yield from _fact(stated, term, subject)


def _asked_in_pattern(stated: Stated, parameter: Parameter) -> Iterator[Finding]:
    pattern = parameter.pattern
    if not isinstance(pattern, Pattern) or pattern.name not in {PRINCIPAL, *RESOURCES}:
        return
    for name, _ in pattern.fields:
        if name not in facts(pattern.name):
            hint = did_you_mean(name, facts(pattern.name))
            message = f"a {pattern.name} has no fact `{name}`"
            yield stated.finding("unknown-attribute", pattern.span, message, hint)


def _fact(stated: Stated, term: Dot, subject: Meaning) -> Iterator[Finding]:
    span = Span(term.span.end - len(term.name), term.span.end)
    if subject.many:
        message = f"{subject.name} is a list, and has no `{term.name}` itself"
        hint = f"Say `r in {_written(stated, term.subject)} and r.{term.name} = ...`."
        yield stated.finding("unknown-attribute", span, message, hint)
    elif subject.kind is None:
        message = f"{subject.name} is {subject.form}, and has no facts"
        yield stated.finding("unknown-attribute", span, message)
    elif term.name not in facts(subject.kind):
        known = facts(subject.kind)
        hint = did_you_mean(term.name, known) or f"It has {', '.join(known)}."
        message = f"a {subject.kind} has no fact `{term.name}`"
        yield stated.finding("unknown-attribute", span, message, hint)


def _general(stated: Stated, helpers: Helpers) -> Iterator[Finding]:
    """A rule about all records that reads what no resource type has."""
    if not stated.is_verdict or stated.tree.name == "allow" or stated.kind not in {None, *UNIONS}:
        return
    missing = [fact for kind in RESOURCES if (fact := missing_fact(stated.tree, kind, helpers))]
    if len(missing) == len(RESOURCES):
        known = {name for kind in RESOURCES for name in facts(kind)}
        message = f"no resource type has the fact `{missing[0]}`"
        yield stated.finding("unknown-attribute", None, message, did_you_mean(missing[0], known))


def _lists(stated: Stated, meanings: Meanings, scope: Scope) -> Iterator[Finding]:
    for term in stated.body:
        if not (isinstance(term, Operation) and term.operator == "in"):
            continue
        listed = meanings.of(term.operands[1], scope)
        if listed is not None and not listed.many:
            what = "one record" if listed.form is Form.RECORD else "one value"
            yield stated.finding(
                "not-a-list", term.operands[1].span, f"{listed.name} is {what}, and no list", "Say `=`."
            )


def _written(stated: Stated, term: Term) -> str:
    return stated.rule.text[term.span.start : term.span.end]
