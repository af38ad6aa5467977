"""From conditions to SQL: one EXISTS for each chain of related records, no unknown results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
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
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from multichannel.domain.base import GUID
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.policy.decide.conditions import THIS, Comparison, Conditions, Path, Predicate
from multichannel.policy.decide.sql_columns import Aliases, Clause, compare
from multichannel.policy.schema.resources import Resource

NO_ROWS: Any = literal_column("0")
"""Skipped in EXISTS, so that PostgreSQL looks for what a row is related to, and does not hash all."""
ALWAYS = Conditions()
CACHED = 5_000
"""How many clauses over mapped classes are kept, each a few kilobytes; the least used go first."""


@dataclass(frozen=True, slots=True)
class Seek:
    """Rows as an index finds them: with a key among `keys`, if these are known, that fulfil all clauses."""

    keys: Select[Any] | None
    clauses: tuple[Clause, ...]
    key: str = "id"
    """The name of the column whose values are among `keys`."""

    def clause_of(self, entity: Any) -> Clause:
        """All of it in one clause."""
        among = () if self.keys is None else (getattr(entity, self.key).in_(self.keys),)
        return and_(true(), *among, *self.clauses)


@dataclass(frozen=True, slots=True)
class _Chain:
    """Related records that a conjunction asks for: that they exist, and the keys by which they find a row."""

    conditions: Conditions
    exists: Clause
    key: Any
    keys: Select[Any]
    is_exact: bool
    """Whether all rows with such a key have such records."""
    is_sought: bool
    """Whether few rows may have such a key."""


def where(predicate: Predicate, resource: Resource, entity: Any) -> Clause:
    """The rows of `entity` the predicate grants, in one clause."""
    granted = _any_of(predicate.allowed, resource, entity)
    return and_(granted, *unrestricted(predicate, resource, entity))


def seeks(predicate: Predicate, resource: Resource, entity: Any) -> list[Seek]:
    """The rows of a predicate in seeks: a planner finds an index for each, not for their OR.

    Branches that name the same reference are one seek: its index is walked once, in the order of the page,
    and each row on the way is tested. Other branches are found by the keys of related records.
    """
    restricted = unrestricted(predicate, resource, entity)
    by_reference: dict[Comparison, list[Conditions]] = {}
    found = []
    for branch in _cheapest_first(predicate.allowed):
        leading = _leading(branch, _parts_of(branch, resource, entity)[1], entity)
        if isinstance(leading, Comparison):
            by_reference.setdefault(leading, []).append(_without(branch, Conditions((), (leading,))))
            continue
        rest = _without(branch, leading.conditions) if leading and leading.is_exact else branch
        clauses = (_any_of((rest,), resource, entity), *restricted)
        found.append(Seek(None, clauses) if leading is None else Seek(leading.keys, clauses, leading.key.key))
    named = [
        Seek(
            None,
            (
                _all_of(Conditions((), (each,)), resource, entity),
                _any_of(rests, resource, entity),
                *restricted,
            ),
        )
        for each, rests in by_reference.items()
    ]
    return [*named, *found]


def _cheapest_first(branches: Iterable[Conditions]) -> list[Conditions]:
    """In the order in which databases test a row: those of the row alone are first."""
    return sorted(branches, key=lambda branch: (len(branch.members), str(branch)))


def _without(branch: Conditions, others: Conditions) -> Conditions:
    return Conditions(
        tuple(each for each in branch.members if each not in others.members),
        tuple(each for each in branch.comparisons if each not in others.comparisons),
    )


def _any_of(branches: Iterable[Conditions], resource: Resource, entity: Any) -> Clause:
    """One clause for all: related records that several branches ask for are looked for once, and last."""
    alone: dict[Conditions, list[Conditions]] = {}
    for branch in _cheapest_first(branches):
        members = {member.variable for member in branch.members}
        about_them = tuple(each for each in branch.comparisons if not _variables(each).isdisjoint(members))
        related = Conditions(branch.members, about_them)
        alone.setdefault(related, []).append(_without(branch, related))
    return or_(false(), *(_with_related(related, own, resource, entity) for related, own in alone.items()))


def _with_related(related: Conditions, alone: list[Conditions], resource: Resource, entity: Any) -> Clause:
    """The rows that fulfil some conditions of their own and have such related records."""
    # After an unknown result, databases go on with the rest of an AND: there must be none before it.
    own = [_all_of(each, resource, entity, exactly=bool(related.members)) for each in alone if each != ALWAYS]
    clauses = [or_(*own)] if len(own) == len(alone) else []
    if related.members:
        clauses.append(_all_of(related, resource, entity))
    return and_(true(), *clauses)


def _leading(branch: Conditions, chains: list[_Chain], entity: Any) -> Comparison | _Chain | None:
    """What to find the rows from: their own ids, else a reference that the branch names, else references."""
    sought = [each for each in chains if each.is_sought and isinstance(each.key, InstrumentedAttribute)]
    ids = [each for each in sought if each.is_exact and each.key.key == "id"]
    named = (each for each in branch.comparisons if not ids and _names_reference(each, entity))
    return next(named, None) or min(ids or sought, key=lambda each: not each.is_exact, default=None)


def _names_reference(comparison: Comparison, entity: Any) -> bool:
    """Whether it finds rows by an index: a reference that the row itself has is a known one."""
    variable, names = comparison.left.variable, comparison.left.names
    if variable != THIS or len(names) > 1 or comparison.operator != "=" or comparison.right is None:
        return False
    return not isinstance(comparison.right, Path) and getattr(entity, names[0]).type is GUID


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
    rows = Aliases(resource, entity)
    joins = [rows.join(member.variable, member.path) for member in branch.members]
    grants = [row for row in rows.members if inspect(row).mapper.class_ is DelegatedAdminGrant]
    if not grants:
        return None
    compared = [compare(rows, item) for item in branch.comparisons]
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
        reader = Aliases(resource, entity)
        if comparison.operator == "!=" and not reader.nullable(comparison):
            return compare(reader, Comparison(comparison.left, "=", comparison.right))
    return not_(func.coalesce(_all_of(branch, resource, entity, exactly=True), true()))


def _all_of(branch: Conditions, resource: Resource, entity: Any, *, exactly: bool = False) -> Clause:
    """One conjunction; each chain of its members becomes one EXISTS over its joined rows.

    `exactly` makes an unknown fact unequal to every value, as it is to a record, where SQL would not know.
    """
    make = _of_mapped if entity is resource.model else _conjunction
    return make(branch, resource, entity, exactly=exactly)


def _conjunction(branch: Conditions, resource: Resource, entity: Any, *, exactly: bool) -> Clause:
    own, chains = _parts_of(branch, resource, entity, exactly=exactly)
    return and_(true(), *own, *(chain.exists for chain in chains))


def _parts_of(
    branch: Conditions, resource: Resource, entity: Any, *, exactly: bool = False
) -> tuple[list[Clause], list[_Chain]]:
    """The clauses of a conjunction about the row itself, and its chains of related records."""
    rows = Aliases(resource, entity)
    joins = {member.variable: rows.join(member.variable, member.path) for member in branch.members}
    own = [
        compare(rows, item, exactly=exactly)
        for item in branch.comparisons
        if _variables(item).isdisjoint(joins)
    ]
    return own, [_chain(branch, variables, rows, joins) for variables in _chains(branch)]


def _chain(branch: Conditions, variables: list[str], rows: Aliases, joins: Mapping[str, Any]) -> _Chain:
    related = [item for item in branch.comparisons if not _variables(item).isdisjoint(variables)]
    (remote, key), *further = (joins[variable] for variable in variables)
    reached = [far == near for far, near in further]
    inner = select(1).where(remote == key, *reached, *(compare(rows, item) for item in related))
    apart = [compare(rows, item) for item in related if THIS not in _variables(item)]
    is_exact = len(apart) == len(related)
    members = tuple(each for each in branch.members if each.variable in variables)
    return _Chain(
        Conditions(members, tuple(related)),
        exists(inner.offset(NO_ROWS).correlate(*rows.outer)),
        key,
        select(remote).where(*reached, *apart),
        is_exact,
        _meets_once(branch, variables) and (is_exact or any(map(_names_constant, related))),
    )


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


def _meets_once(branch: Conditions, chain: list[str]) -> bool:
    """Whether the paths of a chain begin at the row itself only once, with the first."""
    paths = {member.variable: member.path for member in branch.members}
    return not any(paths[variable].variable == THIS for variable in chain[1:])


def _names_constant(comparison: Comparison) -> bool:
    """Whether it names the value of a related row, by which an index finds that."""
    is_constant = comparison.right is not None and not isinstance(comparison.right, Path)
    return is_constant and comparison.operator == "=" and comparison.left.variable != THIS


def _variables(comparison: Comparison) -> set[str]:
    return {path.variable for path in comparison.paths}
