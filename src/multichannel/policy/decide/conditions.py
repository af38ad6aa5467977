"""What a policy requires of a record, for a given principal: conditions over facts, and which of them fail.

A condition set (`Conditions`) is a conjunction: members bind variables to related records, comparisons
test them. A predicate is a set of branches; it holds where one branch's conditions hold and none of
its restrictions do. All of it is frozen and ordered, so equal meanings of equal origin compare equal.
Conditions are merged, ordered and bound to a principal as it suits the database; in their canonical form, of
which digests are made, lists of values are taken apart again and everything is sorted.
"""

from __future__ import annotations

import hashlib
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import orjson

from multichannel.policy.schema.vocabulary import Action

Value = str | int | bool | None
CACHED = 5_000
THIS = "this"
"""The variable of the resource itself."""

ORDERINGS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    **ORDERINGS,
    "in": lambda left, right: left in right,
}
MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Each operator with the one that says the same after its operands are exchanged."""


@dataclass(frozen=True, slots=True, order=True)
class Path:
    """A fact reached from a variable: `this` is the resource, `r1`, `r2` ... are members."""

    variable: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        """As it is written in a policy."""
        return ".".join((self.variable, *self.names))


@dataclass(frozen=True, slots=True)
class Member:
    """`variable` stands for some record of the relation at `path`."""

    variable: str
    path: Path

    def __str__(self) -> str:
        """As it is written in a policy."""
        return f"{self.variable} in {self.path}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`, where the right side is a value, some values (`in`), or another fact."""

    left: Path
    operator: str
    right: Value | tuple[Value, ...] | Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The facts that are compared."""
        return (self.left, self.right) if isinstance(self.right, Path) else (self.left,)

    def __str__(self) -> str:
        """As it is written in a policy."""
        right = str(self.right) if isinstance(self.right, Path) else literal_text(self.right)
        return f"{self.left} {self.operator} {right}"


def literal_text(value: Value | tuple[Value, ...]) -> str:
    """A value, or a list of values, as it is written in a policy."""
    if isinstance(value, tuple):
        return f"[{', '.join(literal_text(item) for item in value)}]"
    if value is None:
        return "nil"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


@dataclass(frozen=True)
class Conditions:
    """All of these must hold; with nothing in it, it always holds."""

    members: tuple[Member, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def __str__(self) -> str:
        """As it is written in a policy."""
        return " and ".join(map(str, (*self.members, *self.comparisons))) or "always"

    def __hash__(self) -> int:
        """The hash, computed once: predicates are compared often."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.members, self.comparisons))


@dataclass(frozen=True)
class Predicate:
    """Where an action is granted: some branch of `allowed` holds and no branch of `restricted` does."""

    allowed: frozenset[Conditions]
    restricted: frozenset[Conditions]


NEVER = Predicate(frozenset(), frozenset())


def merge_branches(branches: Iterable[Conditions]) -> frozenset[Conditions]:
    """The same meaning in fewer branches: those that differ in one value become one with `in`."""
    return _merged(frozenset(branches))


@lru_cache(CACHED)
def _merged(current: frozenset[Conditions]) -> frozenset[Conditions]:
    while (smaller := _merge_once(current)) != current:
        current = smaller
    return current


def _merge_once(branches: frozenset[Conditions]) -> frozenset[Conditions]:
    """Merge the first group of branches that are alike but for the value of one equality."""
    groups: dict[object, list[tuple[Conditions, int]]] = defaultdict(list)
    for branch in branches:
        for position, comparison in enumerate(branch.comparisons):
            if comparison.operator in {"=", "in"} and not isinstance(comparison.right, Path):
                rest = branch.comparisons[:position] + branch.comparisons[position + 1 :]
                groups[branch.members, rest, comparison.left].append((branch, position))
    group = next((alike for alike in groups.values() if len(alike) > 1), None)
    if group is None:
        return branches
    return branches.difference(branch for branch, _ in group) | {_with_all_values(group)}


def _with_all_values(group: list[tuple[Conditions, int]]) -> Conditions:
    values: set[Value] = set()
    for branch, position in group:
        right = branch.comparisons[position].right
        values.update(right if isinstance(right, tuple) else (right,))  # type: ignore[arg-type]  # paths were left out
    first, position = group[0]
    ordered = tuple(sorted(values, key=lambda value: (value is not None, str(value))))
    together = Comparison(first.comparisons[position].left, "in", ordered)
    rest = first.comparisons[:position] + first.comparisons[position + 1 :]
    return Conditions(first.members, tuple(sorted((*rest, together), key=str)))


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
        if any(path.variable not in bindings for path in comparison.paths):
            continue
        left, *other = (value_at(path, bindings) for path in comparison.paths)
        if not COMPARISONS[comparison.operator](left, *(other or [comparison.right])):
            yield Failure(comparison, left)


def value_at(path: Path, bindings: Bindings) -> Any:
    """The fact a path leads to."""
    value = bindings[path.variable]
    for name in path.names:
        value = getattr(value, name)
    return value


Rename = Callable[[Value], Value]


def digest_of(predicates: Mapping[Action, Predicate], rename: Rename) -> str:
    """The SHA-256 of what each of these actions is granted by, with every value renamed."""
    form = [
        [action.value, _branches(predicate.allowed, rename), _branches(predicate.restricted, rename)]
        for action, predicate in sorted(predicates.items())
    ]
    return hashlib.sha256(orjson.dumps(form)).hexdigest()


def _branches(branches: Iterable[Conditions], rename: Rename) -> list[Any]:
    atoms = {orjson.dumps(atom) for branch in branches for atom in _atoms(branch, rename)}
    return [orjson.loads(atom) for atom in sorted(atoms)]


def _atoms(branch: Conditions, rename: Rename) -> Iterator[list[Any]]:
    """The branch once for every choice of one value from each of its lists."""
    members = [[member.variable, str(member.path)] for member in branch.members]
    choices = [list(_choices(comparison, rename)) for comparison in branch.comparisons]
    for chosen in product(*choices):
        yield [members, sorted(chosen, key=orjson.dumps)]


def _choices(comparison: Comparison, rename: Rename) -> Iterator[list[Any]]:
    left, right = str(comparison.left), comparison.right
    if isinstance(right, Path):
        yield [left, comparison.operator, {"fact": str(right)}]
    elif isinstance(right, tuple):
        yield from ([left, "=", rename(value)] for value in right)
    else:
        yield [left, comparison.operator, rename(right)]
