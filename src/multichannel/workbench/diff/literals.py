"""Conditions as tests of single facts, and the values that each fact can have.

A record is taken as its facts by their paths: `channel`, `customer.relationships[0].status`. How many rows a
relation has is a fact, too. A fact that is the same as another by the way records are joined has one path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from multichannel.policy.decide.conditions import COMPARISONS, THIS, Comparison, Conditions, Path, Value
from multichannel.policy.decide.sample_principals import OTHER_MARKET, OWN_TENANT
from multichannel.policy.schema.resources import RESOURCES, Resource, Scalar

OTHER_TENANTS = ("another_tenant", "a_third_tenant", "a_fourth_tenant")
OTHER_WORDS = ("other", "other_2", "other_3")
TENANTS = {"Partner", "Customer"}
CACHED = 50_000
ORDERED = {"<", "<=", ">", ">="}


@dataclass(frozen=True, slots=True)
class RecordFact:
    """One fact of a record: its path, and what declares it; `rows` of a relation are how many there are."""

    path: str
    declared: Scalar | None
    owner: str

    @property
    def is_count(self) -> bool:
        """Whether it says how many rows a relation has."""
        return self.declared is None

    @property
    def is_id(self) -> bool:
        """Whether it names a record."""
        return self.declared is not None and (
            self.declared.name == "id" or self.declared.name.endswith("_id")
        )


@dataclass(frozen=True, slots=True)
class FactTest:
    """`left operator right` over one fact, or over two."""

    left: RecordFact
    operator: str
    right: Value | tuple[Value, ...] | RecordFact

    def holds(self, left: Value, right: Value) -> bool:
        """Whether it holds at these values; `right` is used where it is a fact."""
        other = right if isinstance(self.right, RecordFact) else self.right
        return bool(COMPARISONS[self.operator](left, other))


Conjunction = tuple[FactTest, ...]


@lru_cache(CACHED)
def fact_tests(conditions: Conditions, kind: str, rows: int) -> tuple[Conjunction, ...]:
    """The alternatives at which conditions hold if each relation has up to so many rows."""
    conjunctions = []
    for chosen in product(range(rows), repeat=len(conditions.members)):
        places = _VariablePaths(RESOURCES[kind])
        tests = [
            places.bind(member.variable, member.path, row)
            for member, row in zip(conditions.members, chosen, strict=True)
        ]
        tests += [places.test(comparison) for comparison in conditions.comparisons]
        conjunctions.append(tuple(dict.fromkeys(tests)))
    return tuple(dict.fromkeys(conjunctions))


def rows_needed(conditions: Conditions) -> int:
    """How many rows of one relation these conditions name at most."""
    return max(Counter(member.path.names[-1] for member in conditions.members).values(), default=0)


class _VariablePaths:
    """The paths of the variables of conditions in a record."""

    def __init__(self, resource: Resource) -> None:
        self._at: dict[str, tuple[str, Resource, tuple[RecordFact, str] | None, str | None]] = {
            THIS: ("", resource, None, None)
        }

    def bind(self, variable: str, path: Path, row: int) -> FactTest:
        """Bind a variable to a row; returns the test that there is such a row."""
        prefix, owner = self._owner(path)
        relation = owner.relation(path.names[-1])
        many = relation.many
        at = f"{prefix}{relation.name}"
        link = (
            (self._fact(Path(path.variable, (*path.names[:-1], relation.local))), many.column)
            if many
            else None
        )
        between = many.between if many else None
        self._at[variable] = (f"{at}[{row}].", RESOURCES[relation.target], link, between)
        return FactTest(RecordFact(at, None, owner.name), ">=", row + 1)

    def test(self, comparison: Comparison) -> FactTest:
        right = comparison.right
        return FactTest(
            self._fact(comparison.left),
            comparison.operator,
            self._fact(right) if isinstance(right, Path) else right,
        )

    def _owner(self, path: Path) -> tuple[str, Resource]:
        prefix, resource, *_ = self._at[path.variable]
        for name in path.names[:-1]:
            resource, prefix = RESOURCES[resource.relation(name).target], f"{prefix}{name}."
        return prefix, resource

    def _fact(self, path: Path) -> RecordFact:
        """The fact at a path, or the one it is joined on: a row's `customer_id` is its customer's `id`."""
        link, between = self._at[path.variable][2:]
        name = path.names[-1]
        if len(path.names) == 1 and link and link[1] == name:
            return link[0]
        prefix, owner = self._owner(path)
        if name == "id" and len(path.names) > 1:
            holder_prefix, holder = self._owner(Path(path.variable, path.names[:-1]))
            local = f"{path.names[-2]}_id"
            if isinstance(holder.attributes.get(local), Scalar):
                return RecordFact(holder_prefix + local, holder.scalar(local), holder.name)
        owned = "own" if len(path.names) == 1 and between == name else owner.name
        return RecordFact(prefix + name, owner.scalar(name), owned)


def domains(conjunctions: Iterable[Conjunction], rows: int) -> dict[str, tuple[Value, ...]]:
    """The values of every fact that is read, each of which may decide differently.

    Every constant a fact is compared with, unknown where it may be, the own and other tenants, and words that
    nothing compares it with: one, or three where two facts are compared.
    """
    constants: dict[RecordFact, dict[Value, None]] = {}
    related: dict[RecordFact, set[RecordFact]] = {}
    ordered: set[RecordFact] = set()
    for test in {test for conjunction in conjunctions for test in conjunction}:
        own = constants.setdefault(test.left, {})
        if test.operator in ORDERED:
            ordered.add(test.left)
        if isinstance(test.right, RecordFact):
            constants.setdefault(test.right, {})
            related.setdefault(test.left, set()).add(test.right)
            related.setdefault(test.right, set()).add(test.left)
        else:
            own.update(dict.fromkeys(test.right if isinstance(test.right, tuple) else (test.right,)))
    by_path = {}
    for fact, values in constants.items():
        alike = _connected(fact, related)
        shared = {value: None for other in (fact, *sorted(alike, key=str)) for value in constants[other]}
        words = [value for value in shared if fact in ordered and isinstance(value, str)]
        between = [each for word in words for each in ("", f"{word}~")]
        own_words = tuple(dict.fromkeys((*values, *shared, *between)))
        by_path[fact.path] = tuple(_values(fact, own_words, rows, spare=3 if alike else 1))
    return by_path


def _connected(fact: RecordFact, related: dict[RecordFact, set[RecordFact]]) -> set[RecordFact]:
    connected, ahead = {fact}, [fact]
    while ahead:
        for other in related.get(ahead.pop(), set()) - connected:
            connected.add(other)
            ahead.append(other)
    return connected - {fact}


def _values(fact: RecordFact, constants: tuple[Value, ...], rows: int, spare: int) -> Iterator[Value]:
    if fact.declared is None:
        yield from range(rows + 1)
        return
    if fact.owner == "own":
        yield OWN_TENANT
        return
    yield from dict.fromkeys(_plain_values(fact, fact.declared, constants, spare))
    if fact.declared.nullable:
        yield None


def _plain_values(
    fact: RecordFact, declared: Scalar, constants: tuple[Value, ...], spare: int
) -> Iterator[Value]:
    known = tuple(value for value in constants if value is not None)
    if any(isinstance(value, bool) for value in known):
        yield from (False, True)
    elif declared.words is not None:
        others = sorted(declared.words - set(known))
        yield from (*(word for word in known if word in declared.words), *others[:spare])
    elif fact.is_id and (declared.name != "id" or fact.owner in TENANTS):
        yield from (OWN_TENANT, *known, *OTHER_TENANTS[:spare])
    else:
        others = [word for word in (OTHER_MARKET, *OTHER_WORDS) if word not in known]
        yield from (*known, *others[:spare])
