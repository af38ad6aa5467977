"""Finds a record at which some conditions hold and others do not, if there is one.

What must hold takes at most one row of a relation for each of its members, and conditions are never negated:
a further row could only make more of what must not hold hold. So each query tells how many rows are enough.
The search narrows the values of each fact until everything is decided, so it never enumerates records that
differ in nothing that matters; and the model that it finds names only facts that matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from multichannel.policy.decide.conditions import Conditions, Value
from multichannel.workbench.diff.literals import (
    Conjunction,
    FactTest,
    RecordFact,
    domains,
    fact_tests,
    rows_needed,
)

MOST_STEPS = 100_000
MOST_ROWS = 6
"""Queries that need more are given up: the alternatives multiply with each row."""
CACHED = 20_000

Domains = dict[str, tuple[Value, ...]]
FactModel = Mapping[str, tuple[Value, ...]]
"""By path the values of each fact that matters."""

Alternatives = tuple[Conjunction, ...]


@dataclass(frozen=True)
class RecordQuery:
    """One alternative of each of `must` holds, and none of `never`."""

    must: tuple[frozenset[Conditions], ...]
    never: frozenset[Conditions]

    @property
    def rows(self) -> tuple[int, ...]:
        """How many rows of a relation are enough for each of `must` and those before it."""
        total = 0
        return tuple(total := total + _rows_needed(alternatives) for alternatives in self.must)


@dataclass
class ModelFinder:
    """Answers queries, each once."""

    rows: int = 0
    """The most rows of a relation that a query has needed."""
    values: dict[str, set[Value]] = field(default_factory=dict)
    """By resource type and path, every value that was used."""
    given_up: int = 0
    """How many queries took too long."""
    _known: dict[RecordQuery, FactModel | None] = field(default_factory=dict)
    _steps: int = 0

    @property
    def queries(self) -> int:
        """How many different queries there were."""
        return len(self._known)

    def find(self, kind: str, query: RecordQuery) -> FactModel | None:
        """The facts of such a record; None if there is none, or the search was given up."""
        if query not in self._known:
            self._known[query] = self._find(kind, query)
        return self._known[query]

    def _find(self, kind: str, query: RecordQuery) -> FactModel | None:
        enough = query.rows
        rows = max(enough, default=0)
        self.rows = max(self.rows, rows)
        if rows > MOST_ROWS:
            self.given_up += 1
            return None
        must = [_conjunctions(each, kind, to) for each, to in zip(query.must, enough, strict=True)]
        never = _conjunctions(query.never, kind, rows)
        whole = domains((*never, *chain.from_iterable(must)), rows)
        for path, values in whole.items():
            self.values.setdefault(f"{kind}.{path}", set()).update(values)
        self._steps = 0
        try:
            model = self._solve(whole, must, never)
        except _GivenUpError:
            self.given_up += 1
            return None
        return None if model is None else _what_matters(model, whole, must, never)

    def _solve(
        self, known: Domains, must: Sequence[Alternatives], never: Sequence[Sequence[FactTest]]
    ) -> Domains | None:
        """Narrow until all is decided; what a narrowing has decided stays so, and is not looked at again."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise _GivenUpError
        open_never = []
        for conjunction in never:
            states = [_state(test, known) for test in conjunction]
            if False in states:
                continue
            undecided = [test for test, state in zip(conjunction, states, strict=True) if state is None]
            if not undecided:
                return None
            open_never.append(undecided)
        open_must = []
        for alternatives in must:
            left = tuple(conjunction for conjunction in alternatives if not _fails(conjunction, known))
            if not any(_holds(conjunction, known) for conjunction in left):
                open_must.append(left)
        if not (open_must or open_never):
            return known
        for narrowed in _options(known, open_must, open_never):
            model = self._solve(narrowed, open_must, open_never)
            if model is not None:
                return model
        return None


class _GivenUpError(Exception):
    pass


def _options(known: Domains, must: list[Alternatives], never: list[list[FactTest]]) -> Iterator[Domains]:
    """Every narrowing of the values, the one with the fewest alternatives first."""
    alternatives = min(must, key=len, default=None)
    fact_tests = min(never, key=len, default=None)
    if alternatives is not None and (fact_tests is None or len(alternatives) <= len(fact_tests)):
        for conjunction in alternatives:
            yield from _all_true(known, conjunction)
    elif fact_tests is not None:
        for test in sorted(fact_tests, key=lambda test: not test.left.is_count):
            yield from _narrowed(known, test, wanted=False)


def _all_true(known: Domains, conjunction: Sequence[FactTest]) -> Iterator[Domains]:
    if not conjunction:
        yield known
        return
    for narrowed in _narrowed(known, conjunction[0], wanted=True):
        yield from _all_true(narrowed, conjunction[1:])


def _narrowed(known: Domains, test: FactTest, *, wanted: bool) -> Iterator[Domains]:
    """The same with the test decided; a test of two facts is decided for each value of the first."""
    if not isinstance(test.right, RecordFact):
        values = tuple(value for value in known[test.left.path] if test.holds(value, None) is wanted)
        if values:
            yield {**known, test.left.path: values}
        return
    for left in known[test.left.path]:
        values = tuple(value for value in known[test.right.path] if test.holds(left, value) is wanted)
        if values and test.left != test.right:
            yield {**known, test.left.path: (left,), test.right.path: values}


def _state(test: FactTest, known: Domains) -> bool | None:
    """Whether a test holds whatever the facts may be, or fails so; None if that is not decided."""
    if test.left == test.right:
        return test.operator in {"=", "<=", ">="}
    others = known[test.right.path] if isinstance(test.right, RecordFact) else (None,)
    state: bool | None = None
    for left in known[test.left.path]:
        for right in others:
            held = test.holds(left, right)
            if state is None:
                state = held
            elif held is not state:
                return None
    return state


def _fails(conjunction: Conjunction, known: Domains) -> bool:
    return any(_state(test, known) is False for test in conjunction)


def _holds(conjunction: Conjunction, known: Domains) -> bool:
    return all(_state(test, known) for test in conjunction)


def _rows_needed(alternatives: Iterable[Conditions]) -> int:
    return max(map(rows_needed, alternatives), default=0)


@lru_cache(CACHED)
def _conjunctions(alternatives: frozenset[Conditions], kind: str, rows: int) -> Alternatives:
    """The alternatives at which one of these holds, short ones first."""
    every = dict.fromkeys(chain.from_iterable(fact_tests(each, kind, rows) for each in alternatives))
    return tuple(sorted(every, key=_length))


def _length(conjunction: Conjunction) -> tuple[int, str]:
    return len(conjunction), str(conjunction)


def _what_matters(
    model: Domains, whole: Domains, must: Sequence[Alternatives], never: Alternatives
) -> FactModel:
    """Without the facts that can have any value."""
    needed = dict(model)
    for path in sorted(whole):
        looser = {**needed, path: whole[path]}
        if looser[path] != needed[path] and _decided(looser, must, never):
            needed = looser
    return {path: values for path, values in needed.items() if values != whole[path]}


def _decided(known: Domains, must: Sequence[Alternatives], never: Alternatives) -> bool:
    return all(_fails(conjunction, known) for conjunction in never) and all(
        any(_holds(conjunction, known) for conjunction in alternatives) for alternatives in must
    )
