"""Repositories: a row is fetched for an action, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import select

from multichannel.errors import NotPermitted, NotVisible
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.vocabulary import READS, Action
from multichannel.store.facts import facts_of
from multichannel.store.write.expiry import is_due

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from multichannel.domain.base import Base
    from multichannel.policy.decide.policy import Policy
    from multichannel.policy.schema.resources import Resource
    from multichannel.policy.schema.vocabulary import Principal
    from multichannel.store.session import GuardedSession

T = TypeVar("T", bound="Base")


class Repository(Generic[T]):
    """The rows of one kind, for one principal."""

    def __init__(
        self, session: GuardedSession, policy: Policy, principal: Principal, now: datetime, resource: Resource
    ) -> None:
        """Bind what every statement needs."""
        self._session = session
        self._policy = policy
        self._principal = principal
        self._now = now
        self._resource = resource

    def get(self, row_id: str, *, to: Action) -> T:
        """The row, locked, if the principal may do this to it; NotVisible or NotPermitted if not.

        It may then be written, unless it was fetched to be read.
        """
        model: Any = self._resource.model
        predicate = self._policy.predicate(self._principal, to, self._resource)
        statement = select(model).where(model.id == row_id, where(predicate, self._resource, model))
        found = self._run(statement.with_for_update(of=model, key_share=True))
        if not found:
            raise self._refusal(row_id, to)
        row: T = found[0][0]
        if to not in READS:
            self._session.grant([row])
        return row

    def get_all(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """The rows, locked, in the order of the ids; NotVisible or NotPermitted for the first denied one."""
        model: Any = self._resource.model
        predicate = self._policy.predicate(self._principal, to, self._resource)
        statement = select(model).where(
            model.id.in_(sorted(set(row_ids))), where(predicate, self._resource, model)
        )
        found = self._run(statement.order_by(model.id).with_for_update(of=model, key_share=True))
        rows: dict[str, T] = {row[0].id: row[0] for row in found}
        for row_id in row_ids:
            if row_id not in rows:
                raise self._refusal(row_id, to)
        if to not in READS:
            self._session.grant(rows.values())
        return [rows[row_id] for row_id in row_ids]

    def due(self, *, after: str, limit: int) -> list[str]:
        """The ids of rows that time may have changed and that may be settled, in order from `after` on."""
        model: Any = self._resource.model
        predicate = self._policy.predicate(self._principal, Action.EXPIRE, self._resource)
        beyond = [model.id > after] if after else []
        statement = select(model.id).where(is_due(model), where(predicate, self._resource, model), *beyond)
        return [row.id for row in self._run(statement.order_by(model.id).limit(limit))]

    def take(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """Those of the rows it is granted for and that nobody else is changing, locked, to be written."""
        model: Any = self._resource.model
        predicate = self._policy.predicate(self._principal, to, self._resource)
        statement = (
            select(model)
            .where(model.id.in_(sorted(set(row_ids))), where(predicate, self._resource, model))
            .order_by(model.id)
            .with_for_update(of=model, key_share=True, skip_locked=True)
        )
        rows = [row[0] for row in self._run(statement)]
        self._session.grant(rows)
        return rows

    def find_permitted(self, row_ids: Collection[str], *, to: Action) -> Sequence[T]:
        """The rows that the principal may do this to, by id: not locked, not to be written."""
        model: Any = self._resource.model
        predicate = self._policy.predicate(self._principal, to, self._resource)
        granted = where(predicate, self._resource, model)
        statement = select(model).where(model.id.in_(sorted(set(row_ids))), granted).order_by(model.id)
        rows = [row[0] for row in self._run(statement)]
        self._session.allow_queries_for(rows)
        return rows

    def facts(self, row_id: str) -> Any | None:
        """The facts of a row if the principal may read it to some degree, else None."""
        model: Any = self._resource.model
        visible = self._policy.sight(self._principal, self._resource).visible(model)
        if not self._run(select(model.id).where(model.id == row_id, visible)):
            return None
        return facts_of(self._run, self._resource, row_id, tenant_id=self._principal.tenant_id)

    def _refusal(self, row_id: str, action: Action) -> NotVisible | NotPermitted:
        """Why not, to those who may read the row; to others it does not exist."""
        facts = self.facts(row_id)
        if facts is None:
            return NotVisible()
        may_read = self._policy.check(self._principal, Action.READ, facts).allowed
        reasons = self._policy.check(self._principal, action, facts).reasons if may_read else ()
        return NotPermitted(f"You may read this, but {action.name} is not granted to you here.", reasons)

    def _run(self, statement: Select[Any]) -> Sequence[Any]:
        return self._session.decided(statement, {"now": self._now}).all()
