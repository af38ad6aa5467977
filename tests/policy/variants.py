"""The policy with rules taken away, asked without being proved: for what explanations say of single rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from polar import Variable

from multichannel.policy.decide.oso_engine import Engine, kind_of
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.vocabulary import Action, Principal

_HEAD_ACTION = re.compile(r'grant\([^,]+, [^,]+, "(?P<action>\w+)"')


class Variants:
    """One policy, and what it says without some of its rules."""

    def __init__(self, source: PolicySource) -> None:
        """Load what is asked for, once."""
        self.source = source
        self._without = cache(self._load)

    def rules(self, name: str, kind: str) -> frozenset[Rule]:
        """The rules of a name that records of a kind can meet."""
        return frozenset(
            rule for rule in self.source.rules if rule.name == name and rule.about in {None, kind}
        )

    def grants(self, who: Principal, action: Action, record: Any, *, without: Iterable[Rule] = ()) -> bool:
        """Whether it is granted, restrictions aside."""
        asked = self._without(frozenset(without)).ask("allow", who, action.value, record)
        return next(asked, None) is not None

    def restricts(self, who: Principal, action: Action, record: Any, *, without: Iterable[Rule] = ()) -> bool:
        """Whether a restriction hits."""
        engine = self._without(frozenset(without))
        return next(engine.ask("forbid", Variable("reason"), who, action.value, record), None) is not None

    def all_but(self, rule: Rule, action: Action, record: Any) -> frozenset[Rule]:
        """The others of its name about such a record, but for those that build on it or that it builds on."""
        builds = _builds_on_its_own_kind(rule) and not _is_of_another_action(rule, action)
        return frozenset(
            each
            for each in self.rules(rule.name, kind_of(record)) - {rule}
            if not (_builds_on_its_own_kind(each) or (builds and _is_of_another_action(each, action)))
        )

    def _load(self, without: frozenset[Rule]) -> Engine:
        def blank(rule: Rule) -> str:
            return re.sub(r"[^\n]", " ", rule.text) if rule in without else rule.text

        return Engine(self.source.rewritten(blank))


def _builds_on_its_own_kind(rule: Rule) -> bool:
    """Whether it asks another rule of its name: a grant that holds only where another grant does."""
    return f"{rule.name}(" in rule.text.partition(" if")[2]


def _is_of_another_action(rule: Rule, action: Action) -> bool:
    """Whether its head names an action, and not this one."""
    named = _HEAD_ACTION.match(rule.text)
    return named is not None and named["action"] != action.value
