"""Explanations on a terminal: a tree of rules, each with its conditions and their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from multichannel.policy.explain.derivation import EXISTS, HAS, EvaluatedCondition, Fact
from multichannel.policy.explain.explanation import Explanation, Grant, NearMiss, Restriction
from multichannel.policy.language.source import Rule
from multichannel.workbench.explain.explanation import plain, restricting

MARKS = {True: ("holds", "green"), False: ("fails", "red"), None: ("not evaluated", "yellow")}
INEQUALITIES = {"!=", "<", "<=", ">", ">="}
"""Where one of these holds, one side does not determine the other."""
REQUIREMENTS = {
    "!=": "must not be ",
    "<": "must be less than ",
    "<=": "must be at most ",
    ">": "must be more than ",
    ">=": "must be at least ",
}


def render_explanation(explanation: Explanation) -> RenderableType:
    """The grants and restrictions of a decision; without a grant, the rules closest to one."""
    parts: list[RenderableType] = [_grant(each) for each in explanation.grants]
    parts += [_restriction(each) for each in explanation.restrictions]
    if not explanation.grants:
        missed = explanation.near_misses
        parts.append(Text(f"No rule grants this.{' Closest rules:' if missed else ''}", "bold"))
        parts += [_near_miss(number, each) for number, each in enumerate(missed, 1)]
    return Group(*parts)


def _grant(grant: Grant) -> Tree:
    standing = f" as {grant.standing}" if grant.standing else ""
    head = Text.assemble(("granted", "bold green"), f" to {', '.join(grant.roles) or 'every role'}{standing}")
    return _tree(head, grant.rules, grant.conditions)


def _restriction(restriction: Restriction) -> Tree:
    rule = restricting(restriction)
    head = Text.assemble(
        ("restricted", "bold red"),
        f" {restriction.code}",
        f" ({rule.number})" if rule.number else "",
        f": {rule.reason}" if rule.reason else "",
    )
    return _tree(head, restriction.rules, restriction.conditions)


def _near_miss(number: int, miss: NearMiss) -> Tree:
    """The rules that would grant it, with the conditions that fail."""
    head = Text(f"{number}. as {miss.standing or 'any standing'}", "bold")
    failing = {each.rule.mark for each in miss.failed}
    rules = [rule for rule in miss.rules if rule.name != "allow" or rule.mark in failing]
    tree = _tree(head, rules, miss.failed)
    if miss.roles_needed:
        tree.add(Text.assemble(("missing role", "red"), f": {_one_of(miss.roles_needed)}"))
    return tree


def _tree(head: Text, rules: Iterable[Rule], conditions: Iterable[EvaluatedCondition]) -> Tree:
    tree = Tree(head, guide_style="dim")
    conditions = list(conditions)
    for rule in rules:
        branch = tree.add(Text.assemble((rule.position, "cyan"), f" {_head(rule)}"))
        for each in [each for each in conditions if each.rule == rule]:
            branch.add(_condition(each))
    return tree


def _condition(condition: EvaluatedCondition) -> RenderableType:
    """A condition with its values; where it fails, these are on lines of their own."""
    mark, style = MARKS[condition.holds]
    text = Text.assemble((condition.position, "cyan"), f" {condition.text} ", (mark, style))
    values = _values(condition)
    if not values:
        return text
    if condition.holds:
        return text.append(f": {values}")
    return Group(text, Padding.indent(Text(values), 2))


def _values(condition: EvaluatedCondition) -> str:
    """The value a condition looked at: where it fails, with what is required."""
    subject = condition.subject
    if subject is None:
        return "no such record" if condition.holds is None else ""
    value = _value(subject)
    if not condition.holds:
        return f"is {value}, {_requirement(condition)}"
    other = condition.against if condition.operator in INEQUALITIES else None
    return f"{value}; {other.text} is {_written(condition.expected)}" if other else value


def _value(fact: Fact) -> str:
    """The value of a fact, with its path if it comes from an item of a list."""
    value = _written(plain(fact))
    return f"{value} ({fact.path})" if any(isinstance(step, int) for step in fact.place) else value


def _requirement(condition: EvaluatedCondition) -> str:
    if condition.operator == EXISTS:
        return "must have at least one"
    if condition.operator == "not":
        return "must not hold"
    expected = condition.expected
    value = _one_of(expected) if isinstance(expected, list | tuple) else _written(expected)
    origin = f" ({condition.against.text})" if condition.against else ""
    verb = "must contain " if condition.operator == HAS else REQUIREMENTS.get(condition.operator, "must be ")
    return f"{verb}{value}{origin}"


def _one_of(values: Iterable[Any]) -> str:
    words = [_written(value) for value in values]
    return words[0] if len(words) == 1 else f"one of {', '.join(words)}"


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value)) or "empty"
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return str(value)


def _head(rule: Rule) -> str:
    """A rule without its body."""
    body = rule.tree.body
    text = rule.text if body is None else rule.text[: body.span.start].rstrip().removesuffix("(")
    return " ".join(text.rstrip(" ;\n").removesuffix("if").split())
