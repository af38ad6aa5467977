"""What has happened to objects that the caller may see, told again from a while back so that none is lost.

Times do not order commits: what happened first may be committed last. So whoever follows events looks each
time at all of a window that is longer than any transaction lasts, and leaves out what it has had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from multichannel.domain.events import Event
from multichannel.store.session import GuardedSession

if TYPE_CHECKING:
    from multichannel.policy.decide.visibility import Sight
    from multichannel.policy.schema.resources import Resource

WINDOW = timedelta(seconds=60)
"""Twice as long as a statement may take."""
LARGEST_BATCH = 100
LOWEST = "00000000-0000-0000-0000-000000000000"
"""Before every id."""

FeedPosition = tuple[datetime, str]
"""Where to go on after: a time, and the id of an event of that time."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event."""

    id: str
    occurred_at: datetime
    operation: str
    resource_type: str
    resource_id: str
    transfer_id: str | None
    correlation_id: str

    @property
    def place(self) -> FeedPosition:
        """Where it stands among the others."""
        return self.occurred_at, self.id


COLUMNS = (
    Event.id,
    Event.occurred_at,
    Event.operation,
    Event.resource_type,
    Event.resource_id,
    Event.transfer_id,
    Event.correlation_id,
)


class EventFeed:
    """The events of one kind of object, as one principal may know of them now."""

    def __init__(self, session: GuardedSession, resource: Resource, sight: Sight, now: datetime) -> None:
        """`sight` is what the principal sees of the objects."""
        self._session = session
        self._resource = resource
        self._sight = sight
        self._now = now

    def seen_ids(self) -> set[str]:
        """The ids of what has happened already, seen or not: it is not to be told."""
        statement = select(Event.id).where(
            Event.resource_type == self._resource.name, Event.occurred_at > self._now - WINDOW
        )
        return set(self._session.decided(statement, {}).scalars())

    def find(self, event_id: str) -> StoredEvent | None:
        """One event; None if it is gone, or about nothing the principal sees."""
        found = self._told(Event.id == event_id)
        return found[0] if found else None

    def after(self, place: FeedPosition) -> Sequence[StoredEvent]:
        """Some of what came after a place, in order."""
        return self._told(tuple_(Event.occurred_at, Event.id) > place)

    def window_start(self) -> FeedPosition:
        """Where the window begins."""
        return self._now - WINDOW, LOWEST

    def _told(self, condition: Any) -> Sequence[StoredEvent]:
        model: Any = self._resource.mapped
        statement = (
            select(*COLUMNS)
            .join(model, model.id == Event.resource_id)
            .where(Event.resource_type == self._resource.name, condition, self._sight.visible(model))
            .order_by(Event.occurred_at, Event.id)
            .limit(LARGEST_BATCH)
        )
        return [StoredEvent(*tuple(row)) for row in self._session.decided(statement, {"now": self._now})]
