"""The ways in which the verdict on one action can change for principals of one kind with one role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.derivations import Derivation
from multichannel.policy.language.source import Rule
from multichannel.policy.schema.vocabulary import Action
from multichannel.workbench.diff.changes import Direction
from multichannel.workbench.diff.model_finder import FactModel, ModelFinder, RecordQuery
from multichannel.workbench.diff.policy_version import conditions_of

Derived = tuple[Derivation, ...]


@dataclass(frozen=True)
class VersionCell:
    """What one version grants of an action to a role, and what it forbids."""

    version: str
    granted: Derived
    restrictions: Derived


@dataclass(frozen=True)
class CellDifference:
    """One way in which a verdict changes: by which standing or restriction, where, and by which rules."""

    direction: Direction
    action: Action
    cause: str
    rules: tuple[tuple[str, Rule], ...]
    """Each with the version it is a rule of."""
    model: FactModel


@dataclass(frozen=True)
class CellComparison:
    """Compares cells of one resource type."""

    kind: str
    finder: ModelFinder
    _known: dict[tuple[object, ...], tuple[CellDifference, ...]] = field(default_factory=dict)

    def differences(self, action: Action, old: VersionCell, new: VersionCell) -> tuple[CellDifference, ...]:
        """All differences between the verdicts of both versions on an action; found once for equal cells."""
        key = action, *(id(each) for cell in (old, new) for each in (cell.granted, cell.restrictions))
        if key not in self._known:
            self._known[key] = tuple(self._differences(action, old, new))
        return self._known[key]

    def _differences(self, action: Action, old: VersionCell, new: VersionCell) -> Iterator[CellDifference]:
        verdicts = [
            *self._verdicts(Direction.ALLOWED, action, old, new),
            *self._verdicts(Direction.DENIED, action, new, old),
        ]
        yield from verdicts
        causes = {difference.cause for difference in verdicts}
        yield from self._reasons(action, old, new, causes) or self._reasons(action, new, old, causes)

    def _verdicts(
        self, direction: Direction, action: Action, before: VersionCell, after: VersionCell
    ) -> Iterator[CellDifference]:
        """Where `after` allows what `before` does not: it grants more, or a restriction is gone."""
        granted_before, granted_after, restricted_after = (
            conditions_of(before.granted),
            conditions_of(after.granted),
            conditions_of(after.restrictions),
        )
        for grant in _only_in(after.granted, before.granted):
            model = self._find((conditions_of((grant,)),), granted_before | restricted_after)
            if model is not None:
                rules = (*_cited(after, grant), *self._lifted(grant, before, after))
                yield CellDifference(direction, action, grant.name, rules, model)
        for restriction in _only_in(before.restrictions, after.restrictions):
            must = conditions_of((restriction,)), granted_before, granted_after
            model = self._find(must, restricted_after)
            if model is not None:
                rules = _cited(before, restriction)
                yield CellDifference(direction, action, restriction.name, rules, model)

    def _lifted(
        self, grant: Derivation, before: VersionCell, after: VersionCell
    ) -> Iterator[tuple[str, Rule]]:
        """The rules of removed restrictions without whose removal this grant would newly allow less."""
        never = conditions_of(before.granted) | conditions_of(after.restrictions)
        for restriction in _only_in(before.restrictions, after.restrictions):
            must = conditions_of((grant,)), conditions_of((restriction,))
            if self._find(must, never) is not None:
                yield from _cited(before, restriction)

    def _reasons(
        self, action: Action, before: VersionCell, after: VersionCell, causes: set[str]
    ) -> list[CellDifference]:
        """Where both deny what both grant, and `after` has a reason that `before` has not."""
        must = (
            conditions_of(before.granted),
            conditions_of(after.granted),
            conditions_of(before.restrictions),
        )
        known = {(each.name, each.conditions) for each in before.restrictions}
        differences = []
        for reason in after.restrictions:
            if reason.name in causes or (reason.name, reason.conditions) in known:
                continue
            same = tuple(each for each in before.restrictions if each.name == reason.name)
            model = self._find((conditions_of((reason,)), *must), conditions_of(same))
            if model is not None:
                rules = (*_cited(after, reason), *self._replaced(reason, before, after))
                differences.append(CellDifference(Direction.REASON, action, reason.name, rules, model))
        return differences

    def _replaced(
        self, reason: Derivation, before: VersionCell, after: VersionCell
    ) -> Iterator[tuple[str, Rule]]:
        """The rules of restrictions that `after` no longer has, where this reason holds."""
        known = {(each.name, each.conditions) for each in after.restrictions}
        for each in before.restrictions:
            if (each.name, each.conditions) not in known:
                both = conditions_of((reason,)), conditions_of((each,))
                if self._find(both, frozenset()) is not None:
                    yield from _cited(before, each)

    def _find(
        self, must: tuple[frozenset[Conditions], ...], never: frozenset[Conditions]
    ) -> FactModel | None:
        return self.finder.find(self.kind, RecordQuery(must, never))


def _cited(cell: VersionCell, derivation: Derivation) -> tuple[tuple[str, Rule], ...]:
    return tuple((cell.version, rule) for rule in derivation.rules)


def _only_in(derivations: Derived, others: Derived) -> list[Derivation]:
    known = {each.conditions for each in others}
    return [each for each in derivations if each.conditions not in known]
