"""Coverage: the rules and conditions that cases have made true, and what stopped the others."""

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
from multichannel.workbench.rule_words import can_hold, helpers_of

MOST_VALUES = 3


class CoverageState(StrEnum):
    """The coverage of a rule or a condition."""

    TRUE = "true"
    TRIED = "tried"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Example:
    """An expectation for which a condition was false, with the values of its facts: one text per choice."""

    expectation: Expectation
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The expectation, its position, and the values."""
        expected, case = self.expectation, self.expectation.case
        met = "; or ".join(self.values[:MOST_VALUES])
        more = len(self.values) - MOST_VALUES
        tail = f", where {met}{f' (and {more} more)' if more > 0 else ''}" if met else ""
        return f"{expected.who} {expected.action} {case.what} ({case.position}){tail}"


@dataclass(frozen=True, slots=True)
class PointCoverage:
    """The head of a rule or a condition, with the numbers of expectations that reached and evaluated it."""

    point: CoveragePoint
    count: int
    tried: int
    example: Example | None = None

    @property
    def state(self) -> CoverageState:
        """TRUE if it was ever true, TRIED if it was evaluated."""
        if self.count:
            return CoverageState.TRUE
        return CoverageState.TRIED if self.tried else CoverageState.NEVER


@dataclass(frozen=True, slots=True)
class UncoveredWords:
    """Words of a list for which the rule was never true."""

    point: CoveragePoint
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoveredRule:
    """A rule with its head and conditions; `count` expectations made it true."""

    rule: Rule
    count: int
    spots: tuple[PointCoverage, ...]
    unmet: tuple[UncoveredWords, ...]
    counts_items: bool = False

    @property
    def state(self) -> CoverageState:
        """TRUE if all its conditions were true, and the words of its lists if they count."""
        if not self.spots[0].count:
            return CoverageState.NEVER
        whole = all(spot.count for spot in self.spots) and not (self.counts_items and self.unmet)
        return CoverageState.TRUE if whole else CoverageState.TRIED

    @property
    def stopped(self) -> PointCoverage | None:
        """The first condition that was evaluated and never true."""
        return next((spot for spot in self.spots if spot.state is CoverageState.TRIED), None)

    @property
    def lines(self) -> range:
        """The lines of the rule."""
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
        """The percentage of rules that are TRUE; 100 if there are no rules."""
        rules = self.of_file(file)
        return 100 * self.of(CoverageState.TRUE, file) / len(rules) if rules else 100.0

    def keeping(self, keep: Callable[[CoveredRule], bool]) -> Coverage:
        """The same with only some of the rules."""
        return replace(self, rules=tuple(rule for rule in self.rules if keep(rule)))


def cover(source: PolicySource, cases: Iterable[Case], *, counts_items: bool = False) -> Coverage:
    """Evaluate all expectations, and record which rules and conditions are true.

    PolicyInvalid where the policy fails. A rule that a choice has switched off is left out.
    With `counts_items`, a rule also wants each word of its lists met.
    """
    expectations = [each for case in cases for each in case.expectations()]
    probes, tally = Instrumentation(source), _Tally()
    for expectation, reached in _answers(probes, expectations):
        tally.add(expectation, reached)
    stopped = {
        point.number: tally.first[point.after]
        for point in probes.points
        if point.after in tally.first and not tally.counts[point.number]
    }
    met = _met(Instrumentation(source, stopped), stopped) if stopped else {}
    helpers = helpers_of(probe.rule.tree for probe in probes.probes)
    return Coverage(
        source,
        tuple(
            CoveredRule(
                probe.rule,
                tally.counts[probe.end.number],
                tuple(_point_coverage(point, tally, met.get(point.number)) for point in probe.points),
                tuple(_uncovered(probe, tally)),
                counts_items,
            )
            for probe in probes.probes
            if can_hold(probe.rule.tree, helpers)
        ),
    )


class _Tally:
    """Points by the expectations that reached them."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.first: dict[int, Expectation] = {}
        self.values: dict[int, set[tuple[str, ...]]] = defaultdict(set)

    def add(self, expectation: Expectation, points: Iterable[ReachedPoint]) -> None:
        for number in {reached.point for reached in points}:
            self.counts[number] += 1
            self.first.setdefault(number, expectation)
        for reached in points:
            if reached.values:
                self.values[reached.point].add(reached.values)


def _answers(
    probes: Instrumentation, expectations: Iterable[Expectation]
) -> Iterator[tuple[Expectation, frozenset[ReachedPoint]]]:
    """The points that each expectation reaches; expectations on one record are evaluated together."""
    by_record: dict[int, list[Expectation]] = defaultdict(list)
    for each in expectations:
        by_record[id(each.case.record)].append(each)
    for alike in by_record.values():
        actions: dict[Principal, set[Action]] = defaultdict(set)
        for each in alike:
            actions[each.principal].add(each.action)
        case = alike[0].case
        try:
            reached = probes.reached(actions, case.record)
        except PolicyFault as fault:
            raise PolicyInvalid(f"{case.position}: the policy fails on {case.what}: {fault}") from fault
        yield from ((each, frozenset(reached.get((each.principal, each.action), ()))) for each in alike)


def _met(watching: Instrumentation, stopped: Mapping[int, Expectation]) -> dict[int, Example]:
    """By point the values that its example met, as reported by the engine."""
    values: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for expectation, points in _answers(watching, {id(each): each for each in stopped.values()}.values()):
        for reached in points:
            if reached.is_watched and stopped[reached.point] is expectation:
                values[reached.point].add(reached.values)
    texts = {
        number: {_values_text(watching.points[number], each) for each in values[number]} for number in stopped
    }
    return {
        number: Example(expectation, tuple(sorted(texts[number] - {""})))
        for number, expectation in stopped.items()
    }


def _values_text(point: CoveragePoint, values: tuple[str, ...]) -> str:
    pairs = zip(point.subjects, values, strict=True)
    return " and ".join(f"{subject} is {value}" for subject, value in pairs if value != UNBOUND)


def _point_coverage(point: CoveragePoint, tally: _Tally, example: Example | None) -> PointCoverage:
    count = tally.counts[point.number]
    return PointCoverage(point, count, count if point.after is None else tally.counts[point.after], example)


def _uncovered(probe: InstrumentedRule, tally: _Tally) -> Iterator[UncoveredWords]:
    """The words of the lists of a rule for which it was never true."""
    if not tally.counts[probe.end.number]:
        return
    points = {point.term: point for point in probe.points}
    for place, condition in enumerate(probe.lists):
        met = {values[place] for values in tally.values[probe.end.number]}
        words = tuple(word for word in probe.words(condition) if word not in met)
        if words and UNBOUND not in met:
            yield UncoveredWords(points[condition], words)
