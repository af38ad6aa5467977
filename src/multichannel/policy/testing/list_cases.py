"""List cases: the records of a file that a principal is expected to see in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from multichannel.policy.decide.failed_conditions import failures
from multichannel.policy.schema.vocabulary import Action, Principal

if TYPE_CHECKING:
    from multichannel.policy.decide.conditions import Predicate
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCase:
    """The records of a resource type in a file that a principal sees in a list: `sees`, and no others.

    Without `to` these are the records that may be read to any degree.
    """

    file: str
    line: int
    who: str
    principal: Principal
    resource: Resource
    records: Mapping[str, Any]
    sees: frozenset[str]
    to: Action | None
    why: str

    @property
    def position(self) -> str:
        """`file:line`."""
        return f"{self.file}:{self.line}"

    def found(self, policy: Policy) -> frozenset[str]:
        """The names of the records that the list predicates select."""
        actions = (self.to,) if self.to else self.resource.reads
        predicates = [policy.predicate(self.principal, action, self.resource) for action in actions]
        return frozenset(
            name
            for name, record in self.records.items()
            if any(holds(predicate, record) for predicate in predicates)
        )


def holds(predicate: Predicate, record: Any) -> bool:
    """Whether a predicate holds for a record."""
    if not any(not failures(branch, record) for branch in predicate.allowed):
        return False
    return all(failures(branch, record) for branch in predicate.restricted)
