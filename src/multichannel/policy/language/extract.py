"""Some verdicts of a policy with the helper rules that they use, themselves or through others.

A helper rule whose head has another word than a query, such as another choice, does not answer it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from multichannel.policy.language.ast import Call, Literal, Statement, Term
from multichannel.policy.language.source import NEVER_TRUE, VERDICTS, PolicySource, Rule


@dataclass(frozen=True)
class Extract(PolicySource):
    """Some rules of a policy, already marked with their positions in it; equal if these rules are equal."""

    whole: tuple[Rule, ...]
    """The rules as the policy has them."""

    @cached_property
    def by_mark(self) -> dict[str, Rule]:
        """The rules of the policy."""
        return {rule.mark: rule for rule in self.whole if rule.is_rule}

    def marked_text(self, rule: Rule) -> str:
        """The statement itself, which is marked."""
        return rule.text


def extract(source: PolicySource, kept: Iterable[Rule]) -> Extract:
    """These verdicts and the helper rules that they use, with all declarations and `allow`."""
    used = with_helpers(source, kept)
    needed = tuple(rule for rule in source.rules if rule in used or not rule.is_rule or rule.name == "allow")
    marked = map(source.marked_text, needed)
    return Extract((("rules.polar", "\n".join((*marked, NEVER_TRUE.format(kind="Service")))),), needed)


def with_helpers(source: PolicySource, kept: Iterable[Rule]) -> frozenset[Rule]:
    """These rules and all helper rules that they use."""
    helpers: dict[tuple[str, int], list[Rule]] = defaultdict(list)
    for rule in source.rules:
        if rule.is_rule and rule.name not in {*VERDICTS, "allow"}:
            helpers[rule.signature].append(rule)
    used, ahead = set[Rule](), list(kept)
    while ahead:
        rule = ahead.pop()
        if rule not in used:
            used.add(rule)
            for call in rule.tree.calls:
                answering = helpers.get((call.name, len(call.arguments)), ())
                ahead += [helper for helper in answering if may_answer(helper.tree, call)]
    return frozenset(used)


def may_answer(statement: Statement, call: Call) -> bool:
    """Whether the words in the head of a rule allow that it answers a query of its signature."""
    pairs = zip(statement.parameters, call.arguments, strict=True)
    return not any(_differ(parameter.term, argument) for parameter, argument in pairs)


def _differ(one: Term, other: Term) -> bool:
    return isinstance(one, Literal) and isinstance(other, Literal) and one.value != other.value
