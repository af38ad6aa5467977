"""Explanations as a terminal shows them: a tree of rules, each with its conditions and what they met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from multichannel.policy.explain.evaluated_condition import EXISTS, HAS, Fact, Tried
from multichannel.policy.explain.explanation import Explanation, Grant, NearMiss, Restriction
from multichannel.policy.language.source import Rule
from multichannel.workbench.explain.explanation import plain, restricting
from multichannel.workbench.explain.indented import Indented

MARKS = {True: ("holds", "green"), False: ("fails", "red"), None: ("not reached", "yellow")}
NOBODY = "Nothing grants it, to anybody."
ORDERING = {"!=", "<", "<=", ">", ">="}
"""Where these hold, one side does not tell the other."""
WANTED = {
    "!=": "anything but ",
    "<": "less than ",
    "<=": "at most ",
    ">": "more than ",
    ">=": "at least ",
    "not": "the opposite",
}


def told(explanation: Explanation) -> RenderableType:
    """Why the decision is what it is; for a denial the restrictions, and what came nearest to a grant."""
    parts: list[RenderableType] = [_grant(each) for each in explanation.grants]
    parts += [_restriction(each) for each in explanation.restrictions]
    if not explanation.grants:
        missed = explanation.near_misses
        parts.append(Text("Nothing grants it. The nearest ways first:" if missed else NOBODY, "bold"))
        parts += [_near_miss(number, each) for number, each in enumerate(missed, 1)]
    return Group(*parts)


def _grant(grant: Grant) -> Tree:
    standing = f" as {grant.standing}" if grant.standing else ""
    head = Text.assemble(("granted", "bold green"), f" to {', '.join(grant.roles) or 'anybody'}{standing}")
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
    """The rules on the way with their conditions that fail; a rule without any holds."""
    head = Text(f"{number}. as {miss.standing or 'anybody'}", "bold")
    failing = {each.rule.mark for each in miss.failed}
    shown = [rule for rule in miss.rules if rule.name != "allow" or rule.mark in failing]
    tree = _tree(head, shown, miss.failed)
    if miss.roles_needed:
        needed = f"needs {_one_of(miss.roles_needed)}"
        tree.add(Text.assemble(("no role", "red"), f": {needed}"))
    return tree


def _tree(head: Text, rules: Iterable[Rule], conditions: Iterable[Tried]) -> Tree:
    tree = Tree(head, guide_style="dim")
    tried = list(conditions)
    for rule in rules:
        branch = tree.add(Text.assemble((rule.position, "cyan"), f" {_head(rule)}"))
        for each in [each for each in tried if each.rule == rule]:
            branch.add(_condition(each))
    return tree


def _condition(tried: Tried) -> RenderableType:
    """A condition and what it met; where it fails, that is on lines of its own."""
    word, style = MARKS[tried.holds]
    text = Text.assemble((tried.position, "cyan"), f" {tried.text} ", (word, style))
    met = _met(tried)
    if not met:
        return text
    return text.append(f", {met}") if tried.holds else Group(text, Indented(Text(met), 2))


def _met(tried: Tried) -> str:
    """What a condition met: where it fails, with what it wanted; where it holds, with the other side."""
    subject = tried.subject
    if subject is None:
        return "there is no such record" if tried.holds is None else ""
    found = f"found {_found(subject)}"
    if not tried.holds:
        return f"{found}, expected {_expected(tried)}"
    other = tried.against if tried.operator in ORDERING else None
    return f"{found}, {other.text} is {_written(tried.expected)}" if other else found


def _found(fact: Fact) -> str:
    """The value of a fact; of a record chosen from a list, and of what is in it, also where that is."""
    value = _written(plain(fact))
    return f"{value} ({fact.path})" if any(isinstance(step, int) for step in fact.place) else value


def _expected(tried: Tried) -> str:
    if tried.operator == EXISTS:
        return "at least one"
    wanted = tried.expected
    many = isinstance(wanted, list | tuple)
    value = _one_of(wanted) if many else _written(wanted)
    of = f" ({tried.against.text})" if tried.against else ""
    return f"{value} among them" if tried.operator == HAS else f"{WANTED.get(tried.operator, '')}{value}{of}"


def _one_of(values: Iterable[Any]) -> str:
    found = [_written(value) for value in values]
    return found[0] if len(found) == 1 else f"one of {', '.join(found)}"


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_written, value)) or "empty"
    if value is None or isinstance(value, bool):
        return {None: "nil", True: "true", False: "false"}[value]
    return str(value)


def _head(rule: Rule) -> str:
    """A rule up to its body."""
    body = rule.tree.body
    text = rule.text if body is None else rule.text[: body.span.start].rstrip().removesuffix("(")
    return " ".join(text.rstrip(" ;\n").removesuffix("if").split())
