"""Repositories, readers and the rest as they work in an operation that somebody listens to.

They give the same answers by the same statements, and note what was decided; for a record they read its
facts, which costs further statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select, select

from multichannel.domain.users import User, UserState
from multichannel.errors import Denied
from multichannel.policy.decide.policy import Policy, Verdict
from multichannel.policy.decide.to_sql import where
from multichannel.policy.schema.facts import ServiceFacts
from multichannel.policy.schema.resources import SERVICE, USER, Resource
from multichannel.policy.schema.vocabulary import Action, AuthMode, Principal
from multichannel.store.decision_recorder import PendingDecision, Recording
from multichannel.store.read.bulk_check import CheckResult, check_rows
from multichannel.store.read.query import (
    EVERYTHING,
    Children,
    Condition,
    ListQuery,
    LoadedRecord,
    Page,
    ReadableColumn,
)
from multichannel.store.read.reader import Reader
from multichannel.store.session import GuardedSession, PolicyBypass
from multichannel.store.users import SIGNING_IN, Caller, CallerLookup
from multichannel.store.write.repository import Repository

if TYPE_CHECKING:
    from multichannel.domain.base import Base

T = TypeVar("T", bound="Base")


def notes_of(session: GuardedSession) -> Recording:
    """Where a session that is listened to notes its decisions."""
    if session.recording is None:
        raise PolicyBypass("nobody listens to this operation")
    return session.recording


class ObservedRepository(Repository[T]):
    """A repository whose decisions are noted: of rows each, of lists as a whole."""

    def get(self, row_id: str, *, to: Action) -> T:
        """The row, as ever."""
        asked = self._asked("get")
        try:
            row = super().get(row_id, to=to)
        except Denied:
            self._note(asked, to, {row_id: False})
            raise
        self._note(asked, to, {row_id: True})
        return row

    def get_all(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """The rows, as ever."""
        asked = self._asked("get_all")
        try:
            rows = super().get_all(row_ids, to=to)
        except Denied:
            granted = self._granted(row_ids, to)
            self._note(asked, to, {row_id: row_id in granted for row_id in row_ids})
            raise
        self._note(asked, to, dict.fromkeys(row_ids, True))
        return rows

    def due(self, *, after: str, limit: int) -> list[str]:
        """The ids, as ever."""
        asked = self._asked("due")
        ids = super().due(after=after, limit=limit)
        self._listed(asked, (Action.EXPIRE,), len(ids))
        return ids

    def take(self, row_ids: Collection[str], *, to: Action) -> list[T]:
        """The rows, as ever."""
        asked = self._asked("take")
        rows = super().take(row_ids, to=to)
        self._listed(asked, (to,), len(rows))
        return rows

    def find_permitted(self, row_ids: Collection[str], *, to: Action) -> Sequence[T]:
        """The rows, as ever."""
        asked = self._asked("find_permitted")
        rows = super().find_permitted(row_ids, to=to)
        self._listed(asked, (to,), len(rows))
        return rows

    def facts(self, row_id: str) -> Any | None:
        """The facts, as ever."""
        asked = self._asked("facts")
        found = super().facts(row_id)
        self._listed(asked, self._resource.reads, 0 if found is None else 1)
        return found

    def _asked(self, operation: str) -> PendingDecision:
        return Recording.asked(self._policy, self._principal, self._resource, operation)

    def _note(self, asked: PendingDecision, action: Action, verdicts: dict[str, bool]) -> None:
        notes_of(self._session).rows(self._run, asked, action, verdicts)

    def _listed(self, asked: PendingDecision, actions: Collection[Action], rows: int) -> None:
        notes_of(self._session).listed(asked, actions, rows)

    def _granted(self, row_ids: Collection[str], action: Action) -> set[str]:
        model: Any = self._resource.model
        granted = where(
            self._policy.predicate(self._principal, action, self._resource), self._resource, model
        )
        return {row.id for row in self._run(select(model.id).where(model.id.in_(sorted(row_ids)), granted))}


class ObservedReader(Reader):
    """A reader whose lists are noted, each once."""

    def page(self, resource: Resource, listing: ListQuery) -> Page:
        """One window, as ever."""
        asked = self._asked(resource, "page")
        page = super().page(resource, listing)
        self._listed(asked, resource.reads, len(page.records))
        return page

    def pages(self, resource: Resource, listing: ListQuery) -> dict[Any, Page]:
        """One window for each parent, as ever."""
        asked = self._asked(resource, "pages")
        pages = super().pages(resource, listing)
        self._listed(asked, resource.reads, sum(len(page.records) for page in pages.values()))
        return pages

    def records(
        self, resource: Resource, columns: Collection[ReadableColumn], key: str, keys: Iterable[Any]
    ) -> dict[Any, LoadedRecord]:
        """The visible rows, as ever."""
        asked = self._asked(resource, "records")
        found = super().records(resource, columns, key, keys)
        self._listed(asked, resource.reads, len(found))
        return found

    def count(self, resource: Resource, condition: Condition = EVERYTHING) -> int:
        """How many rows, as ever."""
        asked = self._asked(resource, "count")
        found = super().count(resource, condition)
        self._listed(asked, resource.reads, found)
        return found

    def counts(self, resource: Resource, children: Children, condition: Condition) -> dict[Any, int]:
        """How many rows each parent has, as ever."""
        asked = self._asked(resource, "counts")
        found = super().counts(resource, children, condition)
        self._listed(asked, resource.reads, sum(found.values()))
        return found

    def permitted(self, resource: Resource, ids: Collection[str]) -> dict[str, list[Action]]:
        """What may be done to rows, as ever."""
        asked = self._asked(resource, "permitted")
        found = super().permitted(resource, ids)
        self._listed(asked, resource.actions, len(found))
        return found

    def _asked(self, resource: Resource, operation: str) -> PendingDecision:
        return Recording.asked(self._policy, self.principal, resource, operation)

    def _listed(self, asked: PendingDecision, actions: Collection[Action], rows: int) -> None:
        notes_of(self._session).listed(asked, actions, rows)


class ObservedUsers(CallerLookup):
    """Signing in, noted as a decision about the user."""

    def caller(self, *, tenant_id: str, object_id: str, auth_mode: AuthMode) -> Caller | None:
        """The caller, as ever."""
        asked = Recording.asked(self._policy, SIGNING_IN, USER, "sign_in")
        found = super().caller(tenant_id=tenant_id, object_id=object_id, auth_mode=auth_mode)
        user_id = found.user_id if found else self._hidden(tenant_id, object_id)
        if user_id is None:
            notes_of(self._session).record(asked, Action.READ, None, allowed=False)
        else:
            verdicts = {user_id: found is not None}
            notes_of(self._session).rows(self._run, asked, Action.READ, verdicts)
        return found

    def _run(self, statement: Select[Any]) -> Sequence[Any]:
        return self._session.decided(statement, {}).all()

    def _hidden(self, tenant_id: str, object_id: str) -> str | None:
        """The id of an active user who was not found: the policy hides them from signing in."""
        active = User.tenant_id == tenant_id, User.object_id == object_id, User.state == UserState.ACTIVE
        found = self._run(select(User.id).where(*active))
        return found[0].id if found else None


def observed_judge(  # noqa: PLR0913, PLR0917  (as `check_rows` has them)
    session: GuardedSession,
    policy: Policy,
    principal: Principal,
    now: datetime,
    resource: Resource,
    ids: Collection[str],
    actions: Sequence[Action],
) -> Mapping[str, Mapping[Action, CheckResult]]:
    """What `check_rows` gives; for each action a list of those rows that it is granted on is noted."""
    asked = Recording.asked(policy, principal, resource, "check_rows")
    found = check_rows(session, policy, principal, now, resource, ids, actions)
    for action in actions:
        rows = sum(judgements[action].allowed for judgements in found.values())
        notes_of(session).listed(asked, (action,), rows)
    return found


def observed_check(
    session: GuardedSession, policy: Policy, principal: Principal, action: Action, service: ServiceFacts
) -> Verdict:
    """The policy's verdict on the service itself, noted."""
    asked = Recording.asked(policy, principal, SERVICE, "service")
    verdict = policy.check(principal, action, service)
    notes_of(session).record(asked, action, service, allowed=verdict.allowed)
    return verdict
