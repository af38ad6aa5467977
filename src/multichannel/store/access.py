"""One principal's access to the database: the transaction, the policy and the time that decide every row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from multichannel.policy.decide.to_sql import where
from multichannel.store.decision_recorder import PendingDecision
from multichannel.store.prepared import PreparedObjects, PreparedStatement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Executable

    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.decide.visibility import Visibility
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Action, Principal
    from multichannel.store.session import GuardedSession


NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Access:
    """What every statement on behalf of a principal needs."""

    session: GuardedSession
    policy: Policy
    principal: Principal
    now: datetime
    is_recorded: bool = True
    """False where the principal itself asks for nothing, so that no decision about it is recorded."""

    def standing_in_for(self, principal: Principal) -> Access:
        """The access that another principal would have, to tell the caller what that one could do."""
        return replace(self, principal=principal, is_recorded=False)

    def granted(self, action: Action, resource: Resource, entity: Any = None) -> ColumnElement[bool]:
        """Holds for the rows of a resource type, or of an alias of it, on which the action is granted."""
        predicate = self.policy.predicate(self.principal, action, resource)
        return where(predicate, resource, resource.mapped if entity is None else entity)

    def visibility(self, resource: Resource) -> Visibility:
        """What the principal sees of a resource type."""
        return self.policy.visibility(self.principal, resource)

    def run(
        self, statement: Executable | PreparedStatement, parameters: Mapping[str, Any] = NO_PARAMETERS
    ) -> Sequence[Any]:
        """The rows of a statement whose WHERE holds the policy's predicate."""
        if isinstance(statement, PreparedStatement):
            return self.session.decided_rows(statement, now=self.now, **parameters)
        own = {"now": self.now, "tenant": self.principal.tenant_id}
        return self.session.decided(statement, **own, **parameters).all()

    def load(
        self, statement: Executable | PreparedObjects, parameters: Mapping[str, Any] = NO_PARAMETERS
    ) -> Sequence[Any]:
        """The rows of such a statement that selects mapped objects."""
        return self.session.decided_objects(statement, now=self.now, **parameters)

    def pending(self, resource: Resource, operation: str) -> PendingDecision | None:
        """A decision to record; None if the operation is not recorded."""
        recording = self.session.recording if self.is_recorded else None
        return None if recording is None else PendingDecision(recording, self, resource, operation)
