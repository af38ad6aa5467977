"""What a principal sees of one kind of resource: which rows, and which degrees of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_

from multichannel.policy.decide.conditions import Conditions, Predicate
from multichannel.policy.decide.to_sql import branches, unrestricted, where

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action


class Degree(Enum):
    """How much of what is visible a degree of reading covers."""

    ALL = auto()
    SOME = auto()
    NONE = auto()


class Sight:
    """The rows a principal sees: the union over the degrees of reading, each row once."""

    def __init__(self, resource: Resource, reads: Mapping[Action, Predicate]) -> None:
        """`reads` tells where each degree of reading is granted."""
        self.resource = resource
        self._predicates = reads
        self._groups: dict[frozenset[Conditions], set[Conditions]] = defaultdict(set)
        for predicate in self._predicates.values():
            if predicate.allowed:
                self._groups[predicate.restricted] |= predicate.allowed
        self._degrees = {action: self._degree_of(predicate) for action, predicate in self._predicates.items()}

    def degree(self, action: Action) -> Degree:
        """Whether all visible rows, some or none may be read to this degree."""
        return self._degrees.get(action, Degree.NONE)

    def _degree_of(self, predicate: Predicate) -> Degree:
        if not predicate.allowed:
            return Degree.NONE
        whole = self._groups == {predicate.restricted: set(predicate.allowed)}
        return Degree.ALL if whole else Degree.SOME

    def granted(self, action: Action, entity: Any) -> ColumnElement[bool]:
        """The rows of `entity` that may be read to this degree."""
        return where(self._predicates[action], self.resource, entity)

    def condition(self, action: Action, entity: Any) -> ColumnElement[bool] | None:
        """What keeps to those rows among the visible ones; None where that is all of them."""
        degree = self.degree(action)
        if degree is Degree.ALL:
            return None
        return false() if degree is Degree.NONE else self.granted(action, entity)

    def visible(self, entity: Any) -> ColumnElement[bool]:
        """The visible rows of `entity`, in one clause."""
        if entity is self.resource.model:
            return self._visible
        return self._visible_of(entity)

    @cached_property
    def ways(self) -> tuple[ColumnElement[bool], ...]:
        """The visible rows as several clauses over the mapped class, each of which an index serves."""
        entity = self.resource.model
        return tuple(
            and_(branch, *unrestricted(predicate, self.resource, entity))
            for predicate in self._unions
            for branch in branches(predicate, self.resource, entity, seeking=True)
        )

    @cached_property
    def _unions(self) -> tuple[Predicate, ...]:
        return tuple(
            Predicate(frozenset(allowed), restricted) for restricted, allowed in self._groups.items()
        )

    @cached_property
    def _visible(self) -> ColumnElement[bool]:
        return self._visible_of(self.resource.model)

    def _visible_of(self, entity: Any) -> ColumnElement[bool]:
        return or_(false(), *(where(predicate, self.resource, entity) for predicate in self._unions))
