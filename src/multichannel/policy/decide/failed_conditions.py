"""Evaluates conditions on one record of facts: which of them fail, and at what values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from multichannel.policy.decide.conditions import COMPARISONS, Comparison, Conditions, Member, Path
from multichannel.policy.decide.partial_results import THIS

Bindings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that does not hold: a comparison with the value of its fact, or an empty list."""

    condition: Comparison | Member
    met: Any = None


def failures(conditions: Conditions, record: Any) -> tuple[Failure, ...]:
    """The conditions that fail, for the related records at which the fewest do; none if all hold."""
    best: tuple[Failure, ...] | None = None
    for bindings, missing in _assignments(conditions.members, {THIS: record}):
        failed = (*missing, *_failed(conditions.comparisons, bindings))
        if best is None or len(failed) < len(best):
            best = failed
    return best or ()


def _assignments(
    members: tuple[Member, ...], bindings: Bindings
) -> Iterator[tuple[Bindings, tuple[Failure, ...]]]:
    """Every choice of related records; where a list is empty, that it is."""
    if not members:
        yield bindings, ()
        return
    member, *rest = members
    records = value_at(member.path, bindings) if member.path.variable in bindings else ()
    if not records:
        for bound, missing in _assignments(tuple(rest), bindings):
            yield bound, (Failure(member), *missing)
    for record in records:
        yield from _assignments(tuple(rest), {**bindings, member.variable: record})


def _failed(comparisons: tuple[Comparison, ...], bindings: Bindings) -> Iterator[Failure]:
    for comparison in comparisons:
        sides = [comparison.left, *([comparison.right] if isinstance(comparison.right, Path) else [])]
        if any(side.variable not in bindings for side in sides):
            continue
        left = value_at(comparison.left, bindings)
        right = (
            value_at(comparison.right, bindings) if isinstance(comparison.right, Path) else comparison.right
        )
        if not COMPARISONS[comparison.operator](left, right):
            yield Failure(comparison, left)


def value_at(path: Path, bindings: Bindings) -> Any:
    """The fact a path leads to."""
    value = bindings[path.variable]
    for name in path.names:
        value = getattr(value, name)
    return value
