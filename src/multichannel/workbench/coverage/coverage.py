"""Which rules and conditions of a policy its cases have made true, and what stopped the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from multichannel.errors import PolicyInvalid
from multichannel.policy.decide.oso_engine import PolicyFault
from multichannel.policy.language.source import PolicySource, Rule
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.policy.testing.cases import Case, Expectation
from multichannel.workbench.coverage.instrumentation import UNBOUND, Instrumentation, ReachedPoint
from multichannel.workbench.coverage.points import CoveragePoint, InstrumentedRule

MOST_VALUES = 3


class CoverageState(StrEnum):
    """How far cases have come with a rule or a condition."""

    TRUE = "true"
    TRIED = "tried"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Example:
    """Somebody who tried a condition in vain, and what its facts were: one text for each choice."""

    expectation: Expectation
    values: tuple[str, ...]

    def __str__(self) -> str:
        """Who asked for what, where, and what was met."""
        asked, case = self.expectation, self.expectation.case
        met = "; or ".join(self.values[:MOST_VALUES])
        more = len(self.values) - MOST_VALUES
        tail = f", where {met}{f' (and {more} more)' if more > 0 else ''}" if met else ""
        return f"{asked.who} {asked.action} {case.what} ({case.position}){tail}"


@dataclass(frozen=True, slots=True)
class PointCoverage:
    """The head of a rule or one of its conditions: for how many expectations it was reached, or tried."""

    point: CoveragePoint
    count: int
    tried: int
    example: Example | None = None

    @property
    def state(self) -> CoverageState:
        """True if ever; tried if what stands before it was."""
        if self.count:
            return CoverageState.TRUE
        return CoverageState.TRIED if self.tried else CoverageState.NEVER


@dataclass(frozen=True, slots=True)
class UncoveredWords:
    """Words of a list with none of which the rule has ever held."""

    point: CoveragePoint
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoveredRule:
    """A rule, its head and its conditions; `count` expectations made it hold."""

    rule: Rule
    count: int
    spots: tuple[PointCoverage, ...]
    unmet: tuple[UncoveredWords, ...]
    counts_items: bool = False

    @property
    def state(self) -> CoverageState:
        """True if each of its conditions has been, and each word of its lists where these count."""
        if not self.spots[0].count:
            return CoverageState.NEVER
        whole = all(spot.count for spot in self.spots) and not (self.counts_items and self.unmet)
        return CoverageState.TRUE if whole else CoverageState.TRIED

    @property
    def stopped(self) -> PointCoverage | None:
        """What stopped it: the first condition that was tried and has never been true."""
        return next((spot for spot in self.spots if spot.state is CoverageState.TRIED), None)

    @property
    def lines(self) -> range:
        """The lines it stands on."""
        return range(self.rule.line, self.rule.line + self.rule.text.count("\n") + 1)


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rules of a policy, in the order of its files."""

    source: PolicySource
    rules: tuple[CoveredRule, ...]

    def of(self, state: CoverageState, file: str | None = None) -> int:
        """How many rules are in a state, of one file or of all."""
        return sum(rule.state is state for rule in self.of_file(file))

    def of_file(self, file: str | None) -> tuple[CoveredRule, ...]:
        """The rules of one file; all of them for None."""
        return tuple(rule for rule in self.rules if file in {None, rule.rule.file})

    def percent(self, file: str | None = None) -> float:
        """Of the rules how many are true, in percent; of none all are."""
        rules = self.of_file(file)
        return 100 * self.of(CoverageState.TRUE, file) / len(rules) if rules else 100.0

    def keeping(self, keep: Callable[[CoveredRule], bool]) -> Coverage:
        """The same with only some of the rules."""
        return replace(self, rules=tuple(rule for rule in self.rules if keep(rule)))


def cover(source: PolicySource, cases: Iterable[Case], *, counts_items: bool = False) -> Coverage:
    """Ask for all that the cases expect, and see which rules and conditions come true.

    PolicyInvalid where the policy fails. With `counts_items`, a rule also wants each word of its lists met.
    """
    expectations = [each for case in cases for each in case.expectations()]
    probes, tally = Instrumentation(source), _Tally()
    for asked, found in _answers(probes, expectations):
        tally.add(asked, found)
    stopped = {
        point.number: tally.first[point.after]
        for point in probes.points
        if point.after in tally.first and not tally.counts[point.number]
    }
    met = _met(Instrumentation(source, stopped), stopped) if stopped else {}
    return Coverage(
        source,
        tuple(
            CoveredRule(
                probe.rule,
                tally.counts[probe.end.number],
                tuple(_spot(point, tally, met.get(point.number)) for point in probe.points),
                tuple(_unmet(probe, tally)),
                counts_items,
            )
            for probe in probes.probes
        ),
    )


class _Tally:
    """Points by the expectations that reached them."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.first: dict[int, Expectation] = {}
        self.values: dict[int, set[tuple[str, ...]]] = defaultdict(set)

    def add(self, asked: Expectation, found: Iterable[ReachedPoint]) -> None:
        for number in {reached.point for reached in found}:
            self.counts[number] += 1
            self.first.setdefault(number, asked)
        for reached in found:
            if reached.values:
                self.values[reached.point].add(reached.values)


def _answers(
    probes: Instrumentation, expectations: Iterable[Expectation]
) -> Iterator[tuple[Expectation, frozenset[ReachedPoint]]]:
    """What each expectation reaches; all that is asked of one record is asked at once."""
    by_record: dict[int, list[Expectation]] = defaultdict(list)
    for each in expectations:
        by_record[id(each.case.record)].append(each)
    for alike in by_record.values():
        asked: dict[Principal, set[Action]] = defaultdict(set)
        for each in alike:
            asked[each.principal].add(each.action)
        case = alike[0].case
        try:
            found = probes.reached(asked, case.record)
        except PolicyFault as fault:
            raise PolicyInvalid(f"{case.position}: the policy fails on {case.what}: {fault}") from fault
        yield from ((each, frozenset(found.get((each.principal, each.action), ()))) for each in alike)


def _met(watching: Instrumentation, stopped: Mapping[int, Expectation]) -> dict[int, Example]:
    """By point what its example met there, as the engine tells it."""
    values: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for asked, found in _answers(watching, {id(each): each for each in stopped.values()}.values()):
        for reached in found:
            if reached.is_watched and stopped[reached.point] is asked:
                values[reached.point].add(reached.values)
    said = {number: {_said(watching.points[number], each) for each in values[number]} for number in stopped}
    return {number: Example(asked, tuple(sorted(said[number] - {""}))) for number, asked in stopped.items()}


def _said(point: CoveragePoint, values: tuple[str, ...]) -> str:
    pairs = zip(point.subjects, values, strict=True)
    return " and ".join(f"{subject} is {value}" for subject, value in pairs if value != UNBOUND)


def _spot(point: CoveragePoint, tally: _Tally, example: Example | None) -> PointCoverage:
    count = tally.counts[point.number]
    return PointCoverage(point, count, count if point.after is None else tally.counts[point.after], example)


def _unmet(probe: InstrumentedRule, tally: _Tally) -> Iterator[UncoveredWords]:
    """Of a rule that held, the words of its lists it never held with."""
    if not tally.counts[probe.end.number]:
        return
    points = {point.term: point for point in probe.points}
    for place, condition in enumerate(probe.lists):
        met = {values[place] for values in tally.values[probe.end.number]}
        words = tuple(word for word in probe.words(condition) if word not in met)
        if words and UNBOUND not in met:
            yield UncoveredWords(points[condition], words)
