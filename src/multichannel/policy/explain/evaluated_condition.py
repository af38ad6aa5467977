"""Conditions as they were tried: what a rule asks, of which fact, what it met, and what it wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.evaluate import HOLDS
from multichannel.policy.language.source import Rule

PRINCIPAL, RESOURCE = "principal", "resource"
ROLES, OWN = (PRINCIPAL, "roles"), (PRINCIPAL, "tenant_id")
HAS, EXISTS = "has", "exists"
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "in": HAS}
SAME = {"==": "=", ":=": "="}

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value under the name a rule has for it.

    `place` leads to it, from `principal` or from `resource`; it is empty for a word of the policy or of the
    question, which is no fact.
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
class Tried:
    """A condition of a rule, held against the facts.

    `holds` is None where there was nothing to hold it against. What it looks at is the `subject`; that has to
    be `operator` `expected`, a value, or values of which one will do. `against` is the fact this is from.
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
        """The line of the condition itself."""
        return self.rule.place(self.at)[0]

    @property
    def column(self) -> int:
        """The column it begins at, from 1."""
        return self.rule.place(self.at)[1]

    @property
    def position(self) -> str:
        """`file:line` of the condition itself."""
        return f"{self.rule.file}:{self.line}"

    @property
    def is_about_roles(self) -> bool:
        """Whether it asks for a role."""
        return self.subject is not None and self.subject.place == ROLES and self.operator == HAS

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The facts it reads."""
        return tuple(fact for fact in (self.subject, self.against) if fact is not None and fact.place)


def compared(rule: Rule, at: int, text: str, sides: tuple[Fact, str, Fact]) -> Tried:
    """A comparison with both sides known; its subject is a fact of the resource, if one side is one."""
    left, operator, right = sides
    operator = SAME.get(operator, operator)
    holds = _holds(left.value, operator, right.value)
    turns = operator in MIRRORED or operator in {"=", "!="}
    if turns and _weight(right) > _weight(left) and (operator != "in" or not left.place):
        left, right, operator = right, left, MIRRORED.get(operator, operator)
    return Tried(rule, at, text, holds, left, operator, right.value, right if right.place else None)


def _holds(left: Any, operator: str, right: Any) -> bool:
    try:
        return HOLDS[operator](left, right)
    except TypeError:
        return False  # what is unknown has no order


def _weight(fact: Fact) -> int:
    return (fact.place[:1] == (PRINCIPAL,)) + 2 * (fact.place[:1] == (RESOURCE,))
