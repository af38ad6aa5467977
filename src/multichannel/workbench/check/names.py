"""Unknown classes, facts and rules, wrong numbers of arguments, unused variables, invalid reason codes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from multichannel.policy.language.ast import Literal, Name, Operation, Pattern, Statement, Term, walk
from multichannel.policy.language.resource_binding import PRINCIPAL, Helpers, missing_fact
from multichannel.policy.language.source import ARITY, Rule
from multichannel.policy.language.types import fact_types
from multichannel.policy.language.vocabulary_check import CODE, did_you_mean
from multichannel.policy.schema.resources import RESOURCES
from multichannel.workbench.check.codes import finding
from multichannel.workbench.findings import Finding
from multichannel.workbench.rule_words import helpers_of

VALUES = {"String", "Integer", "Float", "Boolean", "List"}
"""The engine's own classes that a parameter may be of."""
UNIONS = {"Resource"}
CLASSES = {PRINCIPAL, *RESOURCES, *VALUES, *UNIONS}
SIMILAR = 0.9
"""How similar two reason codes are that may be one code, misspelled."""


def check_names(statements: Sequence[Rule]) -> Iterator[Finding]:
    """Every invalid name of a policy."""
    arities: Mapping[str, set[int]] = defaultdict(set)
    for rule in statements:
        if rule.is_rule:
            arities[rule.tree.name].add(len(rule.tree.parameters))
    helpers: dict[str, list[Statement]] = defaultdict(list)
    for (name, _), rules in helpers_of(rule.tree for rule in statements).items():
        helpers[name] += rules
    for rule in statements:
        yield from _classes(rule)
        if rule.is_rule:
            yield from _arity(rule)
            yield from _unused_variables(rule)
            yield from _calls(rule, arities)
            yield from _general(rule, helpers)
    yield from _reason_codes([rule for rule in statements if rule.is_verdict and rule.name == "forbid"])


def _classes(rule: Rule) -> Iterator[Finding]:
    if rule.tree.keyword in {"resource", "actor"} and rule.tree.name not in CLASSES:
        yield _unknown_class(rule, rule.tree.name, None)
    for parameter in rule.tree.parameters:
        if parameter.kind is not None and parameter.kind not in CLASSES:
            yield _unknown_class(rule, parameter.kind, parameter.pattern)
    for term in walk(rule.tree.body):
        if isinstance(term, Operation) and term.operator == "matches":
            found = term.operands[1]
            name = found.name if isinstance(found, Name | Pattern) else None
            if name is not None and name not in CLASSES:
                yield _unknown_class(rule, name, found)


def _unknown_class(rule: Rule, name: str, at: Term | None) -> Finding:
    hint = did_you_mean(name, CLASSES - UNIONS)
    return finding(rule, "unknown-class", at.span if at else None, f"unknown class {name}", hint)


def _arity(rule: Rule) -> Iterator[Finding]:
    name, found = rule.signature
    if ARITY.get(name, found) != found:
        message = f"{name} must have {ARITY[name]} parameters, but has {found}"
        yield finding(rule, "wrong-arity", None, message)


def _unused_variables(rule: Rule) -> Iterator[Finding]:
    """Variables that are used once; the engine reports only the first."""
    names = list(_variables(rule))
    counted = Counter(name.name for name in names)
    for name in names:
        if counted[name.name] == 1 and not name.name.startswith("_") and name.name not in CLASSES:
            near = did_you_mean(name.name, set(counted) - {name.name})
            hint = near or f"Name it _{name.name} if it can be anything."
            yield finding(rule, "unused-variable", name.span, f"`{name.name}` is used only once", hint)


def _variables(rule: Rule) -> Iterator[Name]:
    for parameter in rule.tree.parameters:
        yield from _names(parameter.term)
        if not isinstance(parameter.pattern, Name):
            yield from _names(parameter.pattern)
    yield from _names(rule.tree.body)


def _names(term: Term | None) -> Iterator[Name]:
    classes = {
        id(found.operands[1])
        for found in walk(term)
        if isinstance(found, Operation) and found.operator == "matches"
    }
    return (found for found in walk(term) if isinstance(found, Name) and id(found) not in classes)


def _calls(rule: Rule, arities: Mapping[str, set[int]]) -> Iterator[Finding]:
    made = {
        id(term.operands[0])
        for term in walk(rule.tree.body)
        if isinstance(term, Operation) and term.operator == "new"
    }
    for call in rule.tree.calls:
        if id(call) in made:
            continue
        count = len(call.arguments)
        if call.name not in arities:
            hint = did_you_mean(call.name, set(arities))
            yield finding(rule, "unknown-rule", call.span, f"unknown rule {call.name}", hint)
        elif count not in arities[call.name]:
            known = " or ".join(str(each) for each in sorted(arities[call.name]))
            message = f"{call.name} takes {known} arguments, but {count} are passed"
            yield finding(rule, "wrong-arity", call.span, message)


def _general(rule: Rule, helpers: Helpers) -> Iterator[Finding]:
    """A general rule that reads a fact that no resource type has."""
    if not rule.is_verdict or rule.tree.name == "allow" or rule.record_type not in {None, *UNIONS}:
        return
    missing = [fact for kind in RESOURCES if (fact := missing_fact(rule.tree, kind, helpers))]
    if len(missing) == len(RESOURCES):
        known = {name for kind in RESOURCES for name in fact_types(kind)}
        message = f"no resource type has the fact `{missing[0]}`"
        yield finding(rule, "unknown-attribute", None, message, did_you_mean(missing[0], known))


def _reason_codes(restrictions: Sequence[Rule]) -> Iterator[Finding]:
    """Invalid codes, and codes that are used once and resemble another."""
    used: dict[str, list[Rule]] = defaultdict(list)
    for rule in restrictions:
        term = rule.tree.parameters[0].term
        if isinstance(term, Literal) and isinstance(term.value, str) and CODE.fullmatch(term.value):
            used[term.value].append(rule)
        else:
            message = "the reason code must be a string in capitals"
            yield finding(rule, "reason-code", term.span, message, f"Such as {_capitals(term)}.")
    for code, users in used.items():
        others = [other for other in used if other != code and len(used[other]) >= len(users)]
        near = get_close_matches(code, others, n=1, cutoff=SIMILAR)
        if len(users) == 1 and near:
            message = f"{code} is used only here and resembles {near[0]}"
            span = users[0].tree.parameters[0].span
            yield finding(users[0], "similar-code", span, message, f"Did you mean {near[0]}?")


def _capitals(term: Term) -> str:
    code = re.sub(r"\W+|_+", "_", str(term.value)).strip("_").upper() if isinstance(term, Literal) else ""
    return f'"{code}"' if CODE.fullmatch(code) else '"DIFFERENT_MARKET"'
