"""Gaps in the cases of a policy: verdicts that no case expects, so that a change would go unnoticed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias

from multichannel.policy.decide.policy import Policy
from multichannel.policy.language.ast import Literal
from multichannel.policy.language.resource_binding import concerns
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.resources import RESOURCES, Resource, with_article
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.policy.testing.case_files import CaseSuite
from multichannel.policy.testing.cases import ALLOWED, Expectation
from multichannel.workbench.findings import Finding, in_order
from multichannel.workbench.matrix.rules import actions_of
from multichannel.workbench.rule_words import helpers_of

KINDS = {
    "nothing-allows": "No case allows an action on a resource type.",
    "nothing-denies": "No case denies an action on a resource type.",
    "no-neighbour": "No case denies an allowed action to another principal or on another record.",
    "standing-without-case": "No case allows an action that is granted at a standing.",
    "restriction-without-case": "No case expects the reason code of this rule.",
}
"""By code, what is missing."""

Cell: TypeAlias = tuple[str, Action]
"""A resource type and an action on it."""


def gaps(policy: Policy, suite: CaseSuite) -> list[Finding]:
    """Every gap, at the case or rule that needs another case. The cases are assumed to hold."""
    return in_order(_Gaps(policy, suite).all())


class _Gaps:
    """Expectations by resource type and action."""

    def __init__(self, policy: Policy, suite: CaseSuite) -> None:
        self._policy = policy
        self._cases = suite.cases
        self._allows: dict[Cell, list[Expectation]] = defaultdict(list)
        self._denies: dict[Cell, list[Expectation]] = defaultdict(list)
        self._known: dict[tuple[Principal, int], frozenset[str]] = {}
        self._helpers = helpers_of(rule.tree for rule in policy.source.rules)
        for case in suite.cases:
            for each in case.expectations():
                side = self._allows if each.expected == ALLOWED else self._denies
                side[case.resource.name, each.action].append(each)

    def all(self) -> Iterator[Finding]:
        for resource in RESOURCES.values():
            for action in resource.actions:
                yield from self._both_verdicts(resource, action)
                yield from self._neighbours(resource, action)
                yield from self._standings(resource, action)
        for rule in self._policy.source.rules:
            if rule.name == "forbid":
                yield from self._restriction(rule)

    def _both_verdicts(self, resource: Resource, action: Action) -> Iterator[Finding]:
        """Every action on every resource has a case that allows it and one that denies it."""
        for word, side in (("allows", self._allows), ("denies", self._denies)):
            if not side[resource.name, action]:
                file, line = self._place(resource)
                message = f"no case {word} {action} on {with_article(resource.name)}"
                yield Finding(file=file, line=line, code=f"nothing-{word}", message=message)

    def _neighbours(self, resource: Resource, action: Action) -> Iterator[Finding]:
        """An allowed action is denied to another principal, or to the same one on another record."""
        allows, denies = (side[resource.name, action] for side in (self._allows, self._denies))
        records = {id(each.case.record) for each in denies}
        principals = {each.principal for each in denies}
        if allows and not any(
            id(each.case.record) in records or each.principal in principals for each in allows
        ):
            case, who = allows[0].case, allows[0].who
            message = f"{action} on {case.what} is allowed, and no similar case denies it"
            hint = f"Add a case that denies {action} to another principal, or to {who} elsewhere."
            yield Finding(file=case.file, line=case.line, code="no-neighbour", message=message, hint=hint)

    def _standings(self, resource: Resource, action: Action) -> Iterator[Finding]:
        """Every standing that is granted an action has a case that allows it to a role granted it there."""
        granted = [each for each in self._policy.derivations.grants(resource) if each.action is action]
        pairs = {(grant.role, grant.standing) for grant in granted}
        wanted = {grant.standing: grant.rules for grant in reversed(granted)}
        for each in self._allows[resource.name, action]:
            if not wanted:
                return
            for standing in self._held(each) & wanted.keys():
                if any((role, standing) in pairs for role in each.principal.roles):
                    del wanted[standing]
        for standing, rules in wanted.items():
            yield _of(
                rules[0],
                "standing-without-case",
                f"no case allows {action} on {with_article(resource.name)} at the standing {standing}",
            )

    def _held(self, expectation: Expectation) -> frozenset[str]:
        principal, record = expectation.principal, expectation.case.record
        key = (principal, id(record))
        if key not in self._known:
            held = self._policy.standings(principal, record)
            self._known[key] = frozenset(standing for standing, _ in held)
        return self._known[key]

    def _restriction(self, rule: Rule) -> Iterator[Finding]:
        """Every restriction has a case that expects its code and in which this rule applies."""
        code = _code(rule)
        if code is None:
            return
        for resource in RESOURCES.values():
            if not self._is_used(rule, resource):
                continue
            denies = (each for action in resource.actions for each in self._denies[resource.name, action])
            if not any(each.expected == code and self._hits(rule, code, each) for each in denies):
                message = f"no case on {with_article(resource.name)} expects {code} by this rule"
                yield _of(rule, "restriction-without-case", message)

    def _is_used(self, rule: Rule, resource: Resource) -> bool:
        """Whether a restriction can take something away there: of a general one, what is granted."""
        if not concerns(self._policy.source, rule, resource.name):
            return False
        actions = actions_of(rule, self._helpers)
        return rule.about is not None or any(
            actions is None or grant.action in actions for grant in self._policy.derivations.grants(resource)
        )

    def _hits(self, rule: Rule, code: str, expectation: Expectation) -> bool:
        if len(self._saying[code, rule.about]) == 1 and not self._saying[code, None]:
            return True
        case = expectation.case
        hits = self._policy.restriction_hits(expectation.principal, expectation.action, case.record)
        return any(rule in rules for reason, rules in hits if reason == code)

    @cached_property
    def _saying(self) -> dict[tuple[str | None, str | None], list[Rule]]:
        """The restrictions by code and resource type."""
        by_code: dict[tuple[str | None, str | None], list[Rule]] = defaultdict(list)
        for rule in self._policy.source.rules:
            if rule.name == "forbid":
                by_code[_code(rule), rule.about].append(rule)
        return by_code

    def _place(self, resource: Resource) -> tuple[str, int]:
        """The position for a missing case: the first case about the resource, or the first rule."""
        cases = ((case.file, case.line) for case in self._cases if case.resource is resource)
        rules = ((rule.file, rule.line) for rule in self._policy.source.rules if rule.about == resource.name)
        return next(cases, None) or next(rules, (self._policy.source.texts[0][0], 1))


def _code(rule: Rule) -> str | None:
    """The reason code of a restriction; None if it is not a literal."""
    parameters = rule.tree.parameters
    term = parameters[0].term if parameters else None
    return term.value if isinstance(term, Literal) and isinstance(term.value, str) else None


def _of(rule: Rule, code: str, message: str) -> Finding:
    return Finding(
        file=rule.file, line=rule.line, column=rule.column, code=code, message=message, rule=rule.text
    )
