"""The columns that the variables of a conjunction stand for, and comparisons of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from multichannel.policy.decide.conditions import ORDERINGS, THIS, Comparison, Path
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar

Clause = ColumnElement[bool]


@cache
def _alias(target: Resource, _place: tuple[str, ...]) -> Any:
    """The alias for a place in a conjunction: a variable, or the path of a single record.

    All conjunctions share it, as making one takes longer than the rest of a clause. Each has it in a subquery
    of its own, whose inner subqueries stand for longer paths and so have others.
    """
    return aliased(target.mapped)


class Aliases:
    """The tables and aliases that a conjunction's variables stand for."""

    def __init__(self, resource: Resource, entity: Any, place: tuple[str, ...] = ()) -> None:
        """`place` is the path of a single record, if the variable `this` stands for one."""
        self._place = place
        self._rows: dict[str, tuple[Resource, Any]] = {THIS: (resource, entity)}
        self.outer: tuple[Any, ...] = (entity,)
        self.members: list[Any] = []

    def join(self, variable: str, path: Path) -> tuple[Any, Any]:
        """Bind a member variable to an alias: its column, and the key that this equals."""
        relation, key = self._relation(path)
        target = RESOURCES[relation.target]
        row = _alias(target, (variable,))
        self._rows[variable] = (target, row)
        self.members.append(row)
        return getattr(row, relation.remote), key

    def column(self, path: Path) -> Any:
        """The column of a fact; behind a single record it is a scalar subquery."""
        resource, entity = self._rows[path.variable]
        if len(path.names) == 1:
            return getattr(entity, path.names[0])
        relation = resource.relation(path.names[0])
        target = RESOURCES[relation.target]
        place = (*self._place, path.variable, path.names[0])
        row = _alias(target, place)
        inner = Aliases(target, row, place).column(Path(THIS, path.names[1:]))
        return (
            select(inner).where(row.id == getattr(entity, relation.local)).correlate(entity).scalar_subquery()
        )

    def scalar(self, path: Path) -> Scalar:
        """The fact at the end of a path."""
        resource, _ = self._rows[path.variable]
        for name in path.names[:-1]:
            resource = RESOURCES[resource.relation(name).target]
        return resource.scalar(path.names[-1])

    def nullable(self, comparison: Comparison) -> bool:
        """Whether either side may be unknown."""
        return comparison.right is None or any(self.scalar(path).nullable for path in comparison.paths)

    def _relation(self, path: Path) -> tuple[Relation, Any]:
        """The list at a path, and the key its rows carry: no record is joined only for its own key."""
        resource, entity = self._rows[path.variable]
        key = entity.id
        for place, name in enumerate(path.names[:-1]):
            single = resource.relation(name)
            key = self.column(Path(path.variable, (*path.names[:place], single.local)))
            resource = RESOURCES[single.target]
        relation = resource.relation(path.names[-1])
        if relation.local != "id":
            key = self.column(Path(path.variable, (*path.names[:-1], relation.local)))
        return relation, key


def compare(rows: Aliases, comparison: Comparison, *, exactly: bool = False) -> Clause:
    """A comparison of facts; `exactly` makes an unknown one unequal to every value."""
    left = rows.column(comparison.left)
    right: Any = rows.column(comparison.right) if isinstance(comparison.right, Path) else comparison.right
    if comparison.operator == "in":
        among = _one_of(left, right)
        is_known = None in right or (len(comparison.left.names) == 1 and not rows.nullable(comparison))
        return and_(left.is_not(None), among) if exactly and not is_known else among
    clause: Clause
    if comparison.operator in ORDERINGS:
        clause = ORDERINGS[comparison.operator](left, right)
        return clause
    unsure = rows.nullable(comparison)
    if comparison.operator == "=":
        both_facts = isinstance(comparison.right, Path)
        null_safe = unsure and (both_facts or right is None or exactly)
        clause = left.is_not_distinct_from(right) if null_safe else left == right
    else:
        clause = left.is_distinct_from(right) if unsure else left != right
    return clause


def _one_of(left: Any, values: Sequence[Any]) -> Clause:
    known: Iterable[Any] = [value for value in values if value is not None]
    clause: Clause = left.in_(known)
    return or_(clause, left.is_(None)) if None in values else clause
