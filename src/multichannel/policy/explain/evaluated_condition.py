"""Conditions of rules, evaluated on facts: the fact, its value, and the expected value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.conditions import COMPARISONS, MIRRORED
from multichannel.policy.language.source import Rule

PRINCIPAL, RESOURCE = "principal", "resource"
ROLES, OWN = (PRINCIPAL, "roles"), (PRINCIPAL, "tenant_id")
HAS, EXISTS = "has", "exists"
EXCHANGED = {**MIRRORED, "in": HAS}
SAME = {"==": "=", ":=": "="}

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with the text that a rule has for it.

    `place` is its path from `principal` or `resource`; it is empty for a word of the policy or of the query,
    which is not a fact.
    """

    text: str
    place: Place
    value: Any

    @property
    def path(self) -> str:
        """The place as text: `resource.customer.relationships[1].status`; nothing for a word."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return "".join(steps).removeprefix(".")


@dataclass(frozen=True, slots=True)
class EvaluatedCondition:
    """A condition of a rule, evaluated on facts.

    `holds` is None where it could not be evaluated. The `subject` must be `operator` `expected`, which is a
    value, or values of which one will do. `against` is the fact that the expected value comes from.
    """

    rule: Rule
    at: int
    text: str
    holds: bool | None
    subject: Fact | None = None
    operator: str = ""
    expected: Any = None
    against: Fact | None = None

    @property
    def line(self) -> int:
        """The line of the condition."""
        return self.rule.place(self.at)[0]

    @property
    def column(self) -> int:
        """The column of the condition, from 1."""
        return self.rule.place(self.at)[1]

    @property
    def position(self) -> str:
        """`file:line` of the condition."""
        return f"{self.rule.file}:{self.line}"

    @property
    def is_about_roles(self) -> bool:
        """Whether it requires a role of the principal."""
        return self.subject is not None and self.subject.place == ROLES and self.operator == HAS

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts it reads."""
        return tuple(fact for fact in (self.subject, self.against) if fact is not None and fact.place)


def evaluate_comparison(rule: Rule, at: int, text: str, sides: tuple[Fact, str, Fact]) -> EvaluatedCondition:
    """A comparison with both sides known; its subject is a fact of the resource, if one side is one."""
    left, operator, right = sides
    operator = SAME.get(operator, operator)
    holds = _holds(left.value, operator, right.value)
    if operator in EXCHANGED and _weight(right) > _weight(left) and (operator != "in" or not left.place):
        left, right, operator = right, left, EXCHANGED[operator]
    return EvaluatedCondition(
        rule, at, text, holds, left, operator, right.value, right if right.place else None
    )


def _holds(left: Any, operator: str, right: Any) -> bool:
    try:
        return bool(COMPARISONS[operator](left, right))
    except TypeError:
        return False  # null has no order


def _weight(fact: Fact) -> int:
    return (fact.place[:1] == (PRINCIPAL,)) + 2 * (fact.place[:1] == (RESOURCE,))
