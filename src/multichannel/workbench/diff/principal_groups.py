"""Sets of principals in the fewest words, such as `indirect_reseller, active or restricted, market US`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from multichannel.policy.decide.sample_principals import OTHER_MARKET
from multichannel.policy.schema.vocabulary import Principal

FACTS = ("kind", "type", "status", "cloud", "market", "auth_mode")
"""The facts in which principals differ, apart from roles."""
LABELS = {"cloud": "cloud ", "market": "market "}

Values = tuple[str | None, ...]
Box = tuple[frozenset[str | None], ...]
"""For each fact the values it may have."""


@dataclass(frozen=True, slots=True)
class PrincipalGroup:
    """Principals that are alike in all that matters: for each fact the values it may have."""

    values: tuple[tuple[str, frozenset[str | None]], ...]
    of: frozenset[str]
    """The facts that matter: in all others every value is among them."""

    def __str__(self) -> str:
        """Such as `indirect_reseller, active or restricted, market US`."""
        parts = [
            LABELS.get(name, "") + " or ".join(sorted(_word(name, value) for value in values))
            for name, values in self.values
            if name in self.of and not (name == "kind" and "type" in self.of)
        ]
        return ", ".join(parts) or "any principal"


def _word(name: str, value: str | None) -> str:
    if value is None:
        return "unknown" if name == "market" else "none"
    return "any other" if value == OTHER_MARKET else value


def grouped(members: Iterable[Principal], everyone: Iterable[Principal]) -> tuple[PrincipalGroup, ...]:
    """Some of all principals as the fewest groups: exact, whichever of them they are."""
    whole = [_values(each) for each in everyone]
    boxes = {tuple(frozenset({value}) for value in _values(each)) for each in members}
    for position in range(len(FACTS) - 1, -1, -1):
        boxes = _joined(boxes, position)
    return tuple(sorted((_group(box, whole) for box in boxes), key=str))


def _values(principal: Principal) -> Values:
    facts = (getattr(principal, name) for name in FACTS)
    return tuple(None if value is None else str(value) for value in facts)


def _joined(boxes: set[Box], position: int) -> set[Box]:
    """Boxes that are alike but for one fact, as one."""
    alike: dict[Box, frozenset[str | None]] = {}
    for box in boxes:
        rest = (*box[:position], *box[position + 1 :])
        alike[rest] = alike.get(rest, frozenset()) | box[position]
    return {(*rest[:position], values, *rest[position:]) for rest, values in alike.items()}


def _group(box: Box, whole: list[Values]) -> PrincipalGroup:
    """A fact matters if another principal is like these but for it."""
    matters = set()
    for position, name in enumerate(FACTS):
        possible = {
            values[position]
            for values in whole
            if all(values[other] in box[other] for other in range(len(FACTS)) if other != position)
        }
        if not possible <= box[position]:
            matters.add(name)
    kinds = box[FACTS.index("kind")]
    if {values[0] for values in whole} - kinds:
        matters.add("kind")
    if len(kinds) == 1 and kinds <= {"customer", "system"}:
        matters -= {"type", "status"}
    return PrincipalGroup(tuple(zip(FACTS, box, strict=True)), frozenset(matters))
