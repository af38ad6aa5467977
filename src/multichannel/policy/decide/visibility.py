"""What a principal sees of one resource type: which rows, and which read levels of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from enum import Enum, auto
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from multichannel.policy.decide.conditions import Conditions, Predicate, merge_branches
from multichannel.policy.decide.to_sql import Seek, seeks, where
from multichannel.policy.schema.resources import Resource
from multichannel.policy.schema.vocabulary import Action


class ReadCoverage(Enum):
    """How many of the visible rows a read level covers."""

    ALL = auto()
    SOME = auto()
    NONE = auto()


class Visibility:
    """The visible rows: the union over the read levels, each row once."""

    def __init__(self, resource: Resource, reads: Mapping[Action, Predicate]) -> None:
        """`reads` says where each read level is granted."""
        self.resource = resource
        self._predicates = reads
        allowed: dict[frozenset[Conditions], set[Conditions]] = defaultdict(set)
        for predicate in reads.values():
            if predicate.allowed:
                allowed[predicate.restricted] |= predicate.allowed
        # Merged as each predicate is, so that a level which covers all others is recognised as such.
        self._by_restrictions = {
            restricted: merge_branches(branches) for restricted, branches in allowed.items()
        }
        self._coverage = {action: self._coverage_of(predicate) for action, predicate in reads.items()}

    def coverage(self, action: Action) -> ReadCoverage:
        """Whether all visible rows, some or none can be read at this level."""
        return self._coverage.get(action, ReadCoverage.NONE)

    def _coverage_of(self, predicate: Predicate) -> ReadCoverage:
        if not predicate.allowed:
            return ReadCoverage.NONE
        is_whole = self._by_restrictions == {predicate.restricted: predicate.allowed}
        return ReadCoverage.ALL if is_whole else ReadCoverage.SOME

    def granted(self, action: Action, entity: Any) -> ColumnElement[bool]:
        """The rows of `entity` that can be read at this level."""
        return where(self._predicates[action], self.resource, entity)

    def condition(self, action: Action, entity: Any) -> ColumnElement[bool] | None:
        """What narrows the visible rows to those; None where they are all of them."""
        coverage = self.coverage(action)
        if coverage is ReadCoverage.ALL:
            return None
        return false() if coverage is ReadCoverage.NONE else self.granted(action, entity)

    def visible(self, entity: Any) -> ColumnElement[bool]:
        """The visible rows of `entity`, in one clause."""
        return self._visible if entity is self.resource.model else self._visible_of(entity)

    @cached_property
    def seeks(self) -> tuple[Seek, ...]:
        """The visible rows of the mapped class as several seeks, each of which an index serves."""
        entity = self.resource.model
        return tuple(seek for predicate in self._unions for seek in seeks(predicate, self.resource, entity))

    @cached_property
    def _unions(self) -> tuple[Predicate, ...]:
        return tuple(Predicate(allowed, restricted) for restricted, allowed in self._by_restrictions.items())

    @cached_property
    def _visible(self) -> ColumnElement[bool]:
        return self._visible_of(self.resource.model)

    def _visible_of(self, entity: Any) -> ColumnElement[bool]:
        return or_(false(), *(where(predicate, self.resource, entity) for predicate in self._unions))
