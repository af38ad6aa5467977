"""Is there a record at which this holds and that does not? Decided for every record within the bound.

The search narrows what each fact may be until everything is decided, so it never has to write down records
that differ in nothing that matters; and what it finds names only facts that matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from multichannel.policy.decide.conditions import Value
from multichannel.workbench.diff.literals import Atom, Conjunction, Fact, domains

MOST_STEPS = 100_000

Domains = dict[str, tuple[Value, ...]]
Found = Mapping[str, tuple[Value, ...]]
"""By the path of a fact the values it may have, for the facts that matter."""

Ways = tuple[Conjunction, ...]


@dataclass(frozen=True)
class Question:
    """One way of each of `must` holds, and none of `never`."""

    must: tuple[frozenset[Conjunction], ...]
    never: frozenset[Conjunction]


@dataclass
class Search:
    """Answers questions, each once."""

    rows: int
    values: dict[str, set[Value]] = field(default_factory=dict)
    """By kind of record and path, every value that was tried."""
    capped: int = 0
    """How many questions were given up."""
    _known: dict[Question, Found | None] = field(default_factory=dict)
    _steps: int = 0

    @property
    def asked(self) -> int:
        """How many different questions there were."""
        return len(self._known)

    def find(self, kind: str, question: Question) -> Found | None:
        """The facts of such a record; None if there is none, or the search was given up."""
        if question not in self._known:
            self._known[question] = self._find(kind, question)
        return self._known[question]

    def _find(self, kind: str, question: Question) -> Found | None:
        must = [tuple(sorted(ways, key=_length)) for ways in question.must]
        never = sorted(question.never, key=_length)
        whole = domains([*never, *(way for ways in must for way in ways)], self.rows)
        for path, values in whole.items():
            self.values.setdefault(f"{kind}.{path}", set()).update(values)
        self._steps = 0
        try:
            found = self._solve(whole, must, never)
        except _GivenUpError:
            self.capped += 1
            return None
        return None if found is None else _what_matters(found, whole, question)

    def _solve(self, known: Domains, must: Sequence[Ways], never: Sequence[Conjunction]) -> Domains | None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise _GivenUpError
        open_never = []
        for way in never:
            states = [_state(atom, known) for atom in way]
            if False in states:
                continue
            undecided = [atom for atom, state in zip(way, states, strict=True) if state is None]
            if not undecided:
                return None
            open_never.append(undecided)
        open_must = []
        for ways in must:
            left = tuple(way for way in ways if not _fails(way, known))
            if not any(_holds(way, known) for way in left):
                open_must.append(left)
        if not (open_must or open_never):
            return known
        for narrowed in _options(known, open_must, open_never):
            found = self._solve(narrowed, open_must, never)
            if found is not None:
                return found
        return None


class _GivenUpError(Exception):
    pass


def _options(known: Domains, must: list[Ways], never: list[list[Atom]]) -> Iterator[Domains]:
    """Every way on from here: what leaves the fewest open comes first."""
    ways = min(must, key=len, default=None)
    atoms = min(never, key=len, default=None)
    if ways is not None and (atoms is None or len(ways) <= len(atoms)):
        for way in ways:
            yield from _all_true(known, way)
    elif atoms is not None:
        for atom in sorted(atoms, key=lambda atom: not atom.left.is_count):
            yield from _narrowed(known, atom, wanted=False)


def _all_true(known: Domains, way: Sequence[Atom]) -> Iterator[Domains]:
    if not way:
        yield known
        return
    for narrowed in _narrowed(known, way[0], wanted=True):
        yield from _all_true(narrowed, way[1:])


def _narrowed(known: Domains, atom: Atom, *, wanted: bool) -> Iterator[Domains]:
    """The same with the test decided; a test of two facts is decided for each value of the first."""
    if not isinstance(atom.right, Fact):
        values = tuple(value for value in known[atom.left.path] if atom.holds(value, None) is wanted)
        if values:
            yield {**known, atom.left.path: values}
        return
    for left in known[atom.left.path]:
        values = tuple(value for value in known[atom.right.path] if atom.holds(left, value) is wanted)
        if values and atom.left != atom.right:
            yield {**known, atom.left.path: (left,), atom.right.path: values}


def _state(atom: Atom, known: Domains) -> bool | None:
    """Whether a test holds whatever the facts may be, or fails so; None if that is not decided."""
    if atom.left == atom.right:
        return atom.operator in {"=", "<=", ">="}
    others = known[atom.right.path] if isinstance(atom.right, Fact) else (None,)
    held = {atom.holds(left, right) for left in known[atom.left.path] for right in others}
    return held.pop() if len(held) == 1 else None


def _fails(way: Conjunction, known: Domains) -> bool:
    return any(_state(atom, known) is False for atom in way)


def _holds(way: Conjunction, known: Domains) -> bool:
    return all(_state(atom, known) for atom in way)


def _length(way: Conjunction) -> tuple[int, str]:
    return len(way), str(way)


def _what_matters(found: Domains, whole: Domains, question: Question) -> Found:
    """Without what can be anything."""
    needed = dict(found)
    for path in sorted(whole):
        looser = {**needed, path: whole[path]}
        if looser[path] != needed[path] and _decided(looser, question):
            needed = looser
    return {path: values for path, values in needed.items() if values != whole[path]}


def _decided(known: Domains, question: Question) -> bool:
    return all(_fails(way, known) for way in question.never) and all(
        any(_holds(way, known) for way in ways) for ways in question.must
    )
