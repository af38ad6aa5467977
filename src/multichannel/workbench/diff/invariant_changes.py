"""Invariants of the old version that the new one does not hold any more, or not for all it is about.

An invariant may be reworded, split by words, or widened. It is weaker where somebody, an action or a record
is left to which it applied and no invariant of the new version does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from multichannel.policy.decide.conditions import Conditions
from multichannel.policy.decide.sample_principals import all_principals, roles_of, with_role
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action, Principal
from multichannel.workbench.diff.counterexample import RecordFacts, choose_facts
from multichannel.workbench.diff.model_finder import FactModel, ModelFinder, RecordQuery
from multichannel.workbench.invariants import Invariant


@dataclass(frozen=True)
class InvariantChange:
    """What an invariant said and the new version says no longer, with an example."""

    invariant: Invariant
    resource: str
    action: str
    principal: Principal
    facts: RecordFacts
    is_narrowed: bool
    """Whether an invariant of the new version is about the same for other records."""

    @property
    def name(self) -> str:
        """The name that accepts it."""
        return self.invariant.name


def weakened(old: Sequence[Invariant], new: Sequence[Invariant]) -> Iterator[InvariantChange]:
    """The invariants that hold no longer, or for less."""
    finder, kept = ModelFinder(), {invariant.meaning for invariant in new}
    for invariant in old:
        if invariant.meaning not in kept:
            change = next(_uncovered(invariant, new, finder), None)
            if change is not None:
                yield change


def _uncovered(
    invariant: Invariant, new: Sequence[Invariant], finder: ModelFinder
) -> Iterator[InvariantChange]:
    """Examples of what no invariant of the new version is about."""
    markets = [word for each in (invariant, *new) for word in each.who.get("market", ())]
    about = [each for each in all_principals(markets) if invariant.is_about(each)]
    for resource, principal in product(invariant.resources, about):
        applies = _Records(finder, principal, resource)
        any_record = applies.find(invariant)
        if any_record is None:
            continue
        others = [each for each in new if resource in each.resources and each.is_about(principal)]
        left = {each.position: applies.left(invariant, each) for each in others}
        for role, standing, action in product(
            roles_of(principal.kind), invariant.standings or (None,), invariant.actions
        ):
            if action not in resource.actions or not invariant.is_about_roles([role]):
                continue
            models = [left[each.position] for each in others if _says(each, role, standing, action)]
            if None not in models:
                model = next((each for each in models if each is not None), any_record)
                asking = with_role(principal, role)
                yield InvariantChange(
                    invariant, resource.name, action, asking, choose_facts(model, asking), bool(models)
                )


def _says(invariant: Invariant, role: str, standing: str | None, action: Action) -> bool:
    """Whether it says something of an action of a role at a standing, or at any for None."""
    return (
        action in invariant.actions
        and invariant.is_about_roles([role])
        and (not invariant.standings or standing in invariant.standings)
    )


@dataclass(frozen=True)
class _Records:
    """The records of a resource type, as one principal sees them."""

    finder: ModelFinder
    principal: Principal
    resource: Resource

    def find(self, invariant: Invariant) -> FactModel | None:
        """A record that an invariant is about."""
        return self._find((self._where(invariant),), self._unless(invariant))

    def left(self, invariant: Invariant, other: Invariant) -> FactModel | None:
        """A record that an invariant is about and another one is not."""
        where, unless = self._where(invariant), self._unless(invariant)
        outside = self._find((where,), unless | self._where(other))
        return self._find((where, self._unless(other)), unless) if outside is None else outside

    def _find(
        self, must: tuple[frozenset[Conditions], ...], never: frozenset[Conditions]
    ) -> FactModel | None:
        return self.finder.find(self.resource.name, RecordQuery(must, never))

    def _where(self, invariant: Invariant) -> frozenset[Conditions]:
        return frozenset(invariant.where.conditions(self.principal, self.resource))

    def _unless(self, invariant: Invariant) -> frozenset[Conditions]:
        return frozenset(
            each for text in invariant.unless for each in text.conditions(self.principal, self.resource)
        )
