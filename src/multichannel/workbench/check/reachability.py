"""Rules that no decision uses, queries that no rule answers, and endless recursion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from multichannel.policy.language.ast import Call, Literal, Parameter
from multichannel.policy.language.extract import may_answer
from multichannel.policy.language.source import ARITY, Rule
from multichannel.policy.language.types import Scope, TypeInference, ValueType
from multichannel.policy.language.vocabulary_check import did_you_mean
from multichannel.workbench.check.codes import finding
from multichannel.workbench.check.names import UNIONS
from multichannel.workbench.findings import Finding

Rules = Mapping[tuple[str, int], Sequence[Rule]]


def check_reach(statements: Sequence[Rule], meanings: TypeInference) -> Iterator[Finding]:
    """Unreachable rules, queries without an answer, and recursive rules."""
    rules: dict[tuple[str, int], list[Rule]] = defaultdict(list)
    for rule in statements:
        if rule.is_rule:
            rules[rule.signature].append(rule)
    yield from _unreachable(rules)
    queries: dict[Rule, list[tuple[Call, Rule]]] = {}
    for group in rules.values():
        for rule in group:
            found = _queries(rule, rules, meanings)
            queries[rule] = [(call, other) for call, others in found for other in others]
            yield from (_unanswered(rule, call) for call, others in found if not others)
    yield from _endless(queries)


def _unreachable(rules: Rules) -> Iterator[Finding]:
    reached, open_ones = set(), [each for each in rules if ARITY.get(each[0]) == each[1]]
    while open_ones:
        signature = open_ones.pop()
        if signature not in reached:
            reached.add(signature)
            calls = (call for rule in rules.get(signature, ()) for call in rule.tree.calls)
            open_ones.extend((call.name, len(call.arguments)) for call in calls)
    for signature, group in rules.items():
        if signature not in reached and signature[0] not in ARITY:
            for rule in group:
                hint = did_you_mean(signature[0], ARITY) or "Remove it, or use it in another rule."
                yield finding(rule, "unreachable-rule", None, f"no decision uses {signature[0]}", hint)


def _queries(rule: Rule, rules: Rules, meanings: TypeInference) -> list[tuple[Call, list[Rule]]]:
    """The queries of a rule, with the rules that may answer; queries of unknown rules are left out."""
    scope = meanings.scope(rule)
    return [
        (
            call,
            [
                other
                for other in rules[call.name, len(call.arguments)]
                if _may_answer(call, other, meanings, scope)
            ],
        )
        for call in rule.tree.calls
        if (call.name, len(call.arguments)) in rules
    ]


def _may_answer(call: Call, other: Rule, meanings: TypeInference, scope: Scope) -> bool:
    if not may_answer(other.tree, call):
        return False
    for argument, parameter in zip(call.arguments, other.tree.parameters, strict=True):
        meaning = meanings.of(argument, scope)
        if meaning is not None and _cannot_be(meaning, parameter):
            return False
    return True


def _cannot_be(meaning: ValueType, parameter: Parameter) -> bool:
    """Whether an argument can never match a parameter."""
    if meaning.kind is not None and not meaning.many:
        return parameter.kind not in {None, *UNIONS, meaning.kind}
    value = parameter.term.value if isinstance(parameter.term, Literal) else None
    return value is not None and meaning.words is not None and value not in meaning.words


def _unanswered(rule: Rule, call: Call) -> Finding:
    message = f"no rule {call.name} applies to these arguments"
    return finding(rule, "wrong-class", call.span, message)


def _endless(queries: Mapping[Rule, Sequence[tuple[Call, Rule]]]) -> Iterator[Finding]:
    """Each query that may lead back to its own rule."""
    for rule, calls in queries.items():
        for call, other in calls:
            if _leads_to(other, rule, queries):
                target = "itself" if other is rule else f"itself through {other.position}"
                message = f"the rule queries {target} without end"
                yield finding(rule, "endless-recursion", call.span, message)
                break


def _leads_to(start: Rule, goal: Rule, queries: Mapping[Rule, Sequence[tuple[Call, Rule]]]) -> bool:
    seen: set[Rule] = set()
    open_ones = [start]
    while open_ones:
        rule = open_ones.pop()
        if rule is goal:
            return True
        if rule not in seen:
            seen.add(rule)
            open_ones.extend(other for _, other in queries[rule])
    return False
