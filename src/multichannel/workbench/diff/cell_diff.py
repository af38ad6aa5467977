"""What differs for principals of one kind and a kind of record: every way in which a verdict can turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.literals import Conjunction
from multichannel.workbench.diff.model_finder import Found, Question, Search
from multichannel.workbench.diff.policy_version import conjunctions


@dataclass(frozen=True)
class View:
    """What one version grants of an action to somebody with one role, and what it forbids."""

    side: str
    granted: tuple[Derivation, ...]
    barred: tuple[Derivation, ...]


@dataclass(frozen=True)
class Difference:
    """One way in which a verdict turns: by which standing or restriction, where, and by which rules."""

    direction: Direction
    action: Action
    cause: str
    rules: tuple[tuple[str, Rule], ...]
    """Each with the side it is a rule of."""
    found: Found


@dataclass(frozen=True)
class Comparison:
    """Compares views over one kind of record."""

    kind: str
    search: Search

    def differences(self, action: Action, old: View, new: View) -> Iterator[Difference]:
        """All of them; nothing where both versions ask the same."""
        if asked(old) == asked(new):
            return
        turned = [
            *self._turned(Direction.ALLOWED, action, old, new),
            *self._turned(Direction.DENIED, action, new, old),
        ]
        yield from turned
        told = {difference.cause for difference in turned}
        reasons = self._reasons(action, old, new, told) or self._reasons(action, new, old, told)
        yield from reasons

    def _turned(
        self, direction: Direction, action: Action, before: View, after: View
    ) -> Iterator[Difference]:
        """Where `after` allows what `before` does not: it grants more, or a restriction is gone."""
        granted_before, granted_after, barred_after = (
            self._ways(before.granted),
            self._ways(after.granted),
            self._ways(after.barred),
        )
        for part in _others(after.granted, before.granted):
            found = self._ask((self._ways((part,)),), granted_before | barred_after)
            if found is not None:
                lifted = self._lifted(part, before, after)
                yield Difference(direction, action, part.name, (*_of(after.side, part), *lifted), found)
        for part in _others(before.barred, after.barred):
            found = self._ask((self._ways((part,)), granted_before, granted_after), barred_after)
            if found is not None:
                yield Difference(direction, action, part.name, _of(before.side, part), found)

    def _lifted(self, granted: Derivation, before: View, after: View) -> Iterator[tuple[str, Rule]]:
        """The rules of restrictions without whose end less would be newly allowed by this grant."""
        never = self._ways(before.granted) | self._ways(after.barred)
        for part in _others(before.barred, after.barred):
            if self._ask((self._ways((granted,)), self._ways((part,))), never) is not None:
                yield from _of(before.side, part)

    def _reasons(self, action: Action, before: View, after: View, told: set[str]) -> list[Difference]:
        """Where both refuse what both grant, and `after` has a reason that `before` has not."""
        granted = self._ways(before.granted), self._ways(after.granted), self._ways(before.barred)
        known = {(part.name, part.conditions) for part in before.barred}
        found = []
        for part in after.barred:
            if part.name in told or (part.name, part.conditions) in known:
                continue
            same = self._ways(tuple(other for other in before.barred if other.name == part.name))
            where = self._ask((self._ways((part,)), *granted), same)
            if where is not None:
                gone = self._replaced(part, before, after)
                rules = (*_of(after.side, part), *gone)
                found.append(Difference(Direction.REASON, action, part.name, rules, where))
        return found

    def _replaced(self, reason: Derivation, before: View, after: View) -> Iterator[tuple[str, Rule]]:
        """The rules of restrictions that `after` has no more, where this reason holds."""
        known = {(part.name, part.conditions) for part in after.barred}
        for part in before.barred:
            if (part.name, part.conditions) not in known:
                both = self._ways((reason,)), self._ways((part,))
                if self._ask(both, frozenset()) is not None:
                    yield from _of(before.side, part)

    def _ask(self, must: tuple[frozenset[Conjunction], ...], never: frozenset[Conjunction]) -> Found | None:
        return self.search.find(self.kind, Question(must, never))

    def _ways(self, parts: tuple[Derivation, ...]) -> frozenset[Conjunction]:
        return conjunctions(parts, self.kind, self.search.rows)


def asked(view: View) -> object:
    """All that a version asks of a record, and the reasons it may give."""
    return (
        {part.conditions for part in view.granted},
        {(part.name, part.conditions) for part in view.barred},
    )


def _of(side: str, part: Derivation) -> tuple[tuple[str, Rule], ...]:
    return tuple((side, rule) for rule in part.rules)


def _others(parts: tuple[Derivation, ...], known: tuple[Derivation, ...]) -> list[Derivation]:
    there = {part.conditions for part in known}
    return [part for part in parts if part.conditions not in there]
