"""Repositories: a row is fetched for an action, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, null, or_, select

from multichannel.domain.base import UtcTime
from multichannel.domain.commerce import SubscriptionStatus
from multichannel.domain.delegated_admin import DelegatedAdminGrant
from multichannel.domain.delegated_admin_terms import DelegatedAdminStatus
from multichannel.domain.subscriptions import Subscription
from multichannel.errors import NotPermitted, NotVisible
from multichannel.policy.decide.to_sql import delegation, where
from multichannel.policy.schema.vocabulary import READS, Action
from multichannel.store.decision_recorder import read_levels, records_list, records_rows, requested_action
from multichannel.store.facts import facts_of
from multichannel.store.prepared import PreparedObjects, columns_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from multichannel.domain.base import Base
    from multichannel.policy.decide.conditions import Predicate
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.access import Access
    from multichannel.store.decision_recorder import PendingDecision

T = TypeVar("T", bound="Base")
FIRST_REAL_DATE = datetime(1900, 1, 1, tzinfo=UTC)
"""The vendor writes the year 1 where there is no date."""


class Lock(Enum):
    """Which rows a statement locks."""

    NONE = auto()
    OF_ALL_ROWS = auto()
    OF_FREE_ROWS = auto()
    """Those that nobody else has locked; the others are left out."""


@lru_cache(maxsize=200)
def select_permitted(
    resource: Resource, predicate: Predicate, lock: Lock, *, is_one: bool
) -> Select[Any] | PreparedObjects:
    """The rows that a predicate grants, by id, each with the grant by which alone it does if it is locked.

    `row_id` is the id if there `is_one`, or the ids. Such a statement takes longer to make than to run.
    """
    model: Any = resource.model
    row_id: Any = bindparam("row_id", expanding=not is_one)
    among = model.id == row_id if is_one else model.id.in_(row_id)
    delegated = delegation(predicate, resource, model) if lock is Lock.OF_ALL_ROWS else None
    statement = (
        select(*(columns_of(model) or [model]), null() if delegated is None else delegated)
        .where(among, where(predicate, resource, model))
        .order_by(model.id)
    )
    if lock is not Lock.NONE:
        is_free = lock is Lock.OF_FREE_ROWS
        statement = statement.with_for_update(of=model, key_share=True, skip_locked=is_free)
    return PreparedObjects(model, statement) if columns_of(model) else statement


class Repository(Generic[T]):
    """The rows of one resource type, for one principal."""

    def __init__(self, access: Access, resource: Resource) -> None:
        self._access = access
        self._resource = resource
        self._model: Any = resource.model

    @records_rows
    def get(self, row_id: str, *, to: Action) -> T:
        """The row, locked, if the action is granted on it; NotVisible or NotPermitted if not.

        It may be written, unless it was fetched to be read.
        """
        rows = self._locked(row_id, to)
        if not rows:
            raise self._denial(row_id, to)
        self._allow_writes(rows, to)
        return rows[0]

    @records_rows
    def get_all(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """The rows, locked, in the order of the ids; NotVisible or NotPermitted for the first denied one."""
        locked: list[Any] = self._locked(row_ids, to)
        rows: dict[str, T] = {row.id: row for row in locked}
        for row_id in row_ids:
            if row_id not in rows:
                raise self._denial(row_id, to)
        self._allow_writes(rows.values(), to)
        return [rows[row_id] for row_id in row_ids]

    @records_list(lambda _resource, _options: (Action.EXPIRE,))
    def due(self, *, after: str, limit: int, notices: bool = False) -> list[str]:
        """The ids, in order from `after` on, of rows that are due to expire and for which this is granted.

        With `notices`, of rows that are due to give notice of their end.
        """
        beyond = [self._model.id > after] if after else []
        due = _has_notice(self._model) if notices else _is_due(self._model)
        statement = select(self._model.id).where(due, self._granted(Action.EXPIRE), *beyond)
        return [row.id for row in self._access.run(statement.order_by(self._model.id).limit(limit))]

    @records_list(requested_action)
    def take(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """The rows on which the action is granted and that nobody else has locked: locked, to be written."""
        rows = self._permitted(row_ids, to, Lock.OF_FREE_ROWS)
        self._access.session.grant(rows)
        return rows

    @records_list(requested_action)
    def find_permitted(self, row_ids: Collection[str], *, to: Action) -> Sequence[T]:
        """The rows on which the action is granted, by id: not locked, not to be written."""
        rows = self._permitted(row_ids, to, Lock.NONE)
        self._access.session.allow_queries_for(rows)
        return rows

    @records_list(read_levels)
    def find_visible(self, row_ids: Collection[str]) -> Sequence[T]:
        """The rows that the principal may read at any level, by id: not locked, not to be written."""
        visible = self._access.visibility(self._resource).visible(self._model)
        among = self._model.id.in_(sorted(set(row_ids)))
        found = self._access.load(select(self._model).where(among, visible).order_by(self._model.id))
        rows = [row[0] for row in found]
        self._access.session.allow_queries_for(rows)
        return rows

    @records_rows
    def read(self, row_id: str, *, to: Action) -> T:
        """The row, not locked, not to be written; NotVisible or NotPermitted unless the action is granted."""
        rows = self._permitted(row_id, to, Lock.NONE)
        if not rows:
            raise self._denial(row_id, to)
        self._access.session.allow_queries_for(rows)
        return rows[0]

    @records_list(read_levels, lambda facts: 0 if facts is None else 1)
    def facts(self, row_id: str) -> Any | None:
        """The facts of a row if the principal may read it at any level, else None."""
        visible = self._access.visibility(self._resource).visible(self._model)
        if not self._access.run(select(self._model.id).where(self._model.id == row_id, visible)):
            return None
        tenant_id = self._access.principal.tenant_id
        return facts_of(self._access.run, self._resource, row_id, tenant_id=tenant_id)

    def _denial(self, row_id: str, action: Action) -> NotVisible | NotPermitted:
        """The reasons, for a principal that may read the row; for others the row does not exist."""
        facts = self.facts(row_id)
        if facts is None:
            return NotVisible()
        policy, principal = self._access.policy, self._access.principal
        may_read = policy.check(principal, Action.READ, facts).allowed
        reasons = policy.check(principal, action, facts).reasons if may_read else ()
        return NotPermitted(f"You may read this, but {action.name} is not granted to you here.", reasons)

    def _locked(self, row_ids: str | Collection[str], action: Action) -> list[T]:
        return self._permitted(row_ids, action, Lock.OF_ALL_ROWS)

    def _permitted(self, row_ids: str | Collection[str], action: Action, lock: Lock) -> list[T]:
        """The rows on which the action is granted, by id; those to be written with how they are granted."""
        is_one = isinstance(row_ids, str)
        access = self._access
        predicate = access.policy.predicate(access.principal, action, self._resource)
        statement = select_permitted(self._resource, predicate, lock, is_one=is_one)
        rows = access.load(statement, {"row_id": row_ids if is_one else sorted(set(row_ids))})
        for _, grant_id in rows:
            access.session.delegated_by = grant_id or access.session.delegated_by
        return [row[0] for row in rows]

    def _allow_writes(self, rows: Iterable[T], action: Action) -> None:
        if action not in READS:
            self._access.session.grant(rows)

    def _granted(self, action: Action) -> ColumnElement[bool]:
        return self._access.granted(action, self._resource)

    def _pending(self, operation: str, *_arguments: Any) -> PendingDecision | None:
        return self._access.pending(self._resource, operation)


def _is_due(model: Any) -> ColumnElement[bool]:
    """Whether the stored status may be behind the bound `:now`: it has expired, or a term has ended."""
    expired: ColumnElement[bool] = model.status.comparator.is_due()
    if model is DelegatedAdminGrant:
        return or_(expired, _extends_itself())
    if model is not Subscription:
        return expired
    end = Subscription.commitment_end_date
    term_has_ended = and_(
        Subscription.stored_status == SubscriptionStatus.ACTIVE,
        Subscription.auto_renew_enabled.is_(True),
        end > FIRST_REAL_DATE,
        end <= bindparam("now", type_=UtcTime()),
    )
    return or_(expired, term_has_ended)


def _extends_itself() -> ColumnElement[bool]:
    """Whether the stored end of a grant that extends itself has passed."""
    return and_(
        DelegatedAdminGrant.stored_status == DelegatedAdminStatus.ACTIVE,
        DelegatedAdminGrant.auto_extend.is_(True),
        DelegatedAdminGrant.ends_at <= bindparam("now", type_=UtcTime()),
    )


def _has_notice(model: Any) -> ColumnElement[bool]:
    """Whether a notice of the end is due, and the row has not ended."""
    due: ColumnElement[bool] = and_(
        model.status == DelegatedAdminStatus.ACTIVE,
        model.notice_at <= bindparam("now", type_=UtcTime()),
    )
    return due
