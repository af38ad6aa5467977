"""Ways through the rules: what was asked and met on each, and which of those that are alike to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from multichannel.policy.explain.evaluated_condition import EXISTS, OWN, Fact, Tried, compared
from multichannel.policy.language.source import Rule

Key = tuple[int, str]
"""A variable of one use of a rule."""
Site = tuple[Rule, int, str]
"""Where a condition stands: its rule, the character it begins at, and what it says."""


class OutOfReach(Exception):
    """A term without a value: it is about a record that is not there, or says more than facts do."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way through the rules: those it went by, outermost first, and every condition on it."""

    rules: tuple[Rule, ...] = ()
    tried: tuple[Tried, ...] = ()
    bindings: Mapping[Key, Fact | Key] = field(default_factory=dict)
    asked: tuple[tuple[str, tuple[Fact | Key, ...]], ...] = ()

    @property
    def failed(self) -> tuple[Tried, ...]:
        """What keeps it from holding."""
        return tuple(each for each in self.tried if not each.holds)

    def word(self, name: str, place: int) -> str:
        """The word with which a rule was first asked, at one of its parameters; nothing if it was not."""
        found = next((arguments[place] for asked, arguments in self.asked if asked == name), None)
        found = None if found is None else self.resolved(found)
        return str(found.value) if isinstance(found, Fact) else ""

    def resolved(self, found: Fact | Key) -> Fact | Key:
        """What a variable stands for, or the variable itself while it stands for nothing."""
        while isinstance(found, tuple) and found in self.bindings:
            found = self.bindings[found]
        return found

    def bound(self, key: Key, value: Fact | Key) -> Attempt:
        """The same with one more variable that stands for something."""
        return replace(self, bindings={**self.bindings, key: value})

    def trying(self, tried: Tried) -> Attempt:
        """The same with one more condition."""
        return replace(self, tried=(*self.tried, tried))


Ways = list[Attempt]


def compare(place: Site, sides: tuple[Fact | Key, str, Fact | Key], way: Attempt) -> Ways:
    """The way on with a comparison; none where two words differ: then the rule is about something else."""
    left, operator, right = sides
    if not isinstance(left, Fact) or not isinstance(right, Fact):
        raise OutOfReach
    tried = compared(*place, (left, operator, right))
    return [way.trying(tried)] if tried.holds or tried.facts else []


def choose(place: Site, variable: Key, among: Fact, way: Attempt) -> Ways:
    """One way on for each item of a list; where there is none, that there is none."""
    if not isinstance(among.value, list | tuple):
        raise OutOfReach
    if not among.value and among.place:
        return [way.trying(Tried(*place, holds=False, subject=among, operator=EXISTS))]
    items = (
        Fact(variable[1], (*among.place, number) if among.place else (), item)
        for number, item in enumerate(among.value)
    )
    return [way.bound(variable, item).trying(Tried(*place, holds=True, subject=item)) for item in items]


def lack(failed: Sequence[Tried]) -> tuple[int, int]:
    """How far conditions that fail keep from a grant; to be somebody else is further than anything else."""
    return len(failed), sum(each.against is not None and each.against.place == OWN for each in failed)


def nearest(ways: Ways, given: Sequence[Fact | Key]) -> Ways:
    """Of ways by the same rules, conditions and words to the same answer, the one that lacks the least."""
    best: dict[object, Attempt] = {}
    for way in ways:
        steps = tuple((each.rule.mark, each.at, _words(each)) for each in way.tried)
        key = (tuple(rule.mark for rule in way.rules), steps, answer(way, given))
        if key not in best or lack(way.failed) < lack(best[key].failed):
            best[key] = way
    return list(best.values())


def _words(tried: Tried) -> tuple[str, ...]:
    """The words, and no facts, that a condition is about."""
    subject = tried.subject
    word = str(subject.value) if subject is not None and not subject.place else ""
    return word, "" if tried.against else str(tried.expected)


def answer(way: Attempt, given: Sequence[Fact | Key]) -> tuple[object, ...]:
    """What the arguments of a question have become: words, or places of facts."""
    found = [way.resolved(argument) for argument in given]
    return tuple((each.place or str(each.value)) if isinstance(each, Fact) else None for each in found)


def settled(before: Attempt, ways: Ways, asked_at: Site) -> Ways:
    """Of the ways to one answer those that hold, if any do; a fact that is none of some words fails once."""
    start = len(before.tried)
    lacking = [tuple(tried for tried in way.tried[start:] if not tried.holds) for way in ways]
    if not all(lacking):
        return [way for way, failed in zip(ways, lacking, strict=True) if not failed]
    first = lacking[0][0]
    wanted = tuple(tried.expected for failed in lacking for tried in failed)
    here = all((tried.rule, tried.at) == asked_at[:2] for failed in lacking for tried in failed)
    if not here or len(wanted) > len(ways) or any(tried.against for failed in lacking for tried in failed):
        return ways
    return [before.trying(replace(first, operator="in", expected=wanted) if len(wanted) > 1 else first)]
