"""From conditions to SQL: one EXISTS for each chain of related records, no unknown results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    inspect,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.policy.decide.conditions import ORDERINGS, THIS, Comparison, Conditions, Path, Predicate
from multichannel.policy.schema.resources import RESOURCES, Relation, Resource, Scalar

Clause = ColumnElement[bool]
CACHED = 5_000
"""How many clauses over mapped classes are kept, each a few kilobytes; the least used go first."""


@dataclass(frozen=True, slots=True)
class Seek:
    """Rows as an index finds them: with an id among `keys`, if these are known, that fulfil all clauses."""

    keys: Select[Any] | None
    clauses: tuple[Clause, ...]

    def clause_of(self, entity: Any) -> Clause:
        """All of it in one clause."""
        among = () if self.keys is None else (entity.id.in_(self.keys),)
        return and_(true(), *among, *self.clauses)


def where(predicate: Predicate, resource: Resource, entity: Any) -> Clause:
    """The rows of `entity` the predicate grants, in one clause."""
    granted = or_(false(), *branches(predicate, resource, entity))
    return and_(granted, *unrestricted(predicate, resource, entity))


def branches(predicate: Predicate, resource: Resource, entity: Any) -> list[Clause]:
    """What is granted, one clause for each branch."""
    return [_all_of(branch, resource, entity) for branch in sorted(predicate.allowed, key=str)]


def seeks(predicate: Predicate, resource: Resource, entity: Any) -> list[Seek]:
    """The rows of a predicate, one seek for each branch: a planner finds an index for each, not for their OR.

    Membership is written as IN, from which the databases find the rows; EXISTS only tests rows at hand.
    """
    restricted = unrestricted(predicate, resource, entity)
    found = []
    for branch in sorted(predicate.allowed, key=str):
        sought, clauses = _parts_of(branch, resource, entity, seeking=True)
        own = next((keys for key, keys in sought if key is entity.id), None)
        others = [key.in_(keys) for key, keys in sought if keys is not own]
        found.append(Seek(own, (*clauses, *others, *restricted)))
    return found


def delegation(predicate: Predicate, resource: Resource, entity: Any) -> ColumnElement[Any] | None:
    """The id of the grant by which alone the predicate holds; NULL if it holds without one (R60).

    None if it never holds by delegation.
    """
    by_grant = {branch: _grant_id(branch, resource, entity) for branch in sorted(predicate.allowed, key=str)}
    grant_ids = [grant_id for grant_id in by_grant.values() if grant_id is not None]
    if not grant_ids:
        return None
    own = [_all_of(branch, resource, entity) for branch, grant_id in by_grant.items() if grant_id is None]
    return case((or_(false(), *own), null()), else_=func.coalesce(*grant_ids, null()))


def _grant_id(branch: Conditions, resource: Resource, entity: Any) -> ColumnElement[Any] | None:
    """The id of the first grant that fulfils a branch; None if the branch is about none."""
    rows = _Aliases(resource, entity)
    joins = [rows.join(member.variable, member.path) for member in branch.members]
    grants = [row for row in rows.members if inspect(row).mapper.class_ is DelegatedAdminGrant]
    if not grants:
        return None
    compared = [_compare(rows, item) for item in branch.comparisons]
    found = select(grants[0].id).where(*(far == near for far, near in joins), *compared)
    return found.order_by(grants[0].id).limit(1).correlate(*rows.outer).scalar_subquery()


def unrestricted(predicate: Predicate, resource: Resource, entity: Any) -> list[Clause]:
    """That no restriction holds; one that is unknown counts as holding."""
    return [_not(branch, resource, entity) for branch in sorted(predicate.restricted, key=str)]


def restriction_holds(branch: Conditions, resource: Resource, entity: Any) -> Clause:
    """That a restriction holds; one that is unknown counts as holding."""
    return func.coalesce(_all_of(branch, resource, entity, exactly=True), true())


def _not(branch: Conditions, resource: Resource, entity: Any) -> Clause:
    if not branch.members and len(branch.comparisons) == 1:
        comparison = branch.comparisons[0]
        reader = _Aliases(resource, entity)
        if comparison.operator == "!=" and not reader.nullable(comparison):
            return _compare(reader, Comparison(comparison.left, "=", comparison.right))
    return not_(func.coalesce(_all_of(branch, resource, entity, exactly=True), true()))


def _all_of(branch: Conditions, resource: Resource, entity: Any, *, exactly: bool = False) -> Clause:
    """One conjunction; each chain of its members becomes one EXISTS over its joined rows.

    `exactly` makes an unknown fact unequal to every value, as it is to a record, where SQL would not know.
    """
    make = _of_mapped if entity is resource.model else _conjunction
    return make(branch, resource, entity, exactly=exactly)


def _conjunction(branch: Conditions, resource: Resource, entity: Any, *, exactly: bool) -> Clause:
    _, clauses = _parts_of(branch, resource, entity, exactly=exactly)
    return and_(true(), *clauses)


def _parts_of(
    branch: Conditions, resource: Resource, entity: Any, *, seeking: bool = False, exactly: bool = False
) -> tuple[list[tuple[Any, Select[Any]]], list[Clause]]:
    """The keys of a conjunction with the select that each must be in, if `seeking`; its other clauses."""
    rows = _Aliases(resource, entity)
    joins = {member.variable: rows.join(member.variable, member.path) for member in branch.members}
    own = [
        _compare(rows, item, exactly=exactly)
        for item in branch.comparisons
        if _variables(item).isdisjoint(joins)
    ]
    sought: list[tuple[Any, Select[Any]]] = []
    for chain in _chains(branch):
        related = [item for item in branch.comparisons if not _variables(item).isdisjoint(chain)]
        compared = [_compare(rows, item) for item in related]
        first, *further = [joins[variable] for variable in chain]
        reached = [far == near for far, near in further]
        if seeking and _meets_once(branch, chain, related):
            remote, key = first
            sought.append((key, select(remote).where(*reached, *compared)))
        else:
            inner = select(1).where(first[0] == first[1], *reached, *compared)
            own.append(exists(inner.correlate(*rows.outer)))
    return sought, own


_of_mapped = lru_cache(CACHED)(_conjunction)
"""The same for the mapped class: a principal's actions share most of their branches."""


def _chains(branch: Conditions) -> list[list[str]]:
    """The members, those together that a path or a comparison connects, each in the order of the branch.

    An index finds the rows of each chain alone; unconnected chains in one EXISTS are tested row by row.
    """
    chains: list[list[str]] = [[member.variable] for member in branch.members]
    links = [{member.variable, member.path.variable} for member in branch.members]
    for link in (*links, *map(_variables, branch.comparisons)):
        met = [chain for chain in chains if not link.isdisjoint(chain)]
        if len(met) > 1:
            joined = {variable for chain in met for variable in chain}
            in_order = [member.variable for member in branch.members if member.variable in joined]
            chains = [in_order, *(chain for chain in chains if chain not in met)]
    return chains


def _meets_once(branch: Conditions, chain: list[str], related: list[Comparison]) -> bool:
    """Whether the members of a chain depend on the row itself only by the key of the first."""
    paths = {member.variable: member.path for member in branch.members}
    elsewhere = any(paths[variable].variable == THIS for variable in chain[1:])
    return not elsewhere and not any(THIS in _variables(item) for item in related)


def _variables(comparison: Comparison) -> set[str]:
    return {path.variable for path in comparison.paths}


@cache
def _alias(target: Resource, _place: tuple[str, ...]) -> Any:
    """The alias for a place in a conjunction: a variable, or the path of a single record.

    All conjunctions share it, as making one takes longer than the rest of a clause. Each has it in a subquery
    of its own, whose inner subqueries stand for longer paths and so have others.
    """
    return aliased(target.mapped)


class _Aliases:
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
        inner = _Aliases(target, row, place).column(Path(THIS, path.names[1:]))
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


def _compare(rows: _Aliases, comparison: Comparison, *, exactly: bool = False) -> Clause:
    left = rows.column(comparison.left)
    right: Any = rows.column(comparison.right) if isinstance(comparison.right, Path) else comparison.right
    if comparison.operator == "in":
        among = _one_of(left, right)
        return and_(left.is_not(None), among) if exactly and None not in right else among
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
