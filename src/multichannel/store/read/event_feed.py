"""Events about records that the caller may see, read again from a while back so that none is lost.

Events are not committed in the order of their times: an earlier one may appear later. So a subscriber reads,
each time, a whole window that is longer than any transaction lasts, and leaves out what it has had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from multichannel.domain.audit import Event

if TYPE_CHECKING:
    from multichannel.policy.schema.resources import Resource
    from multichannel.store.access import Access

WINDOW = timedelta(seconds=60)
"""Twice the longest time a statement may take."""
LARGEST_BATCH = 100
LOWEST = "00000000-0000-0000-0000-000000000000"
"""Sorts before every id."""

FeedPosition = tuple[datetime, str]
"""A time, and the id of an event of that time."""


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
    def position(self) -> FeedPosition:
        """Its position in the feed."""
        return self.occurred_at, self.id


COLUMNS = [getattr(Event, field.name) for field in fields(StoredEvent)]


class EventFeed:
    """The events of one resource type that one principal may see now."""

    def __init__(self, access: Access, resource: Resource) -> None:
        self._access = access
        self._resource = resource

    def seen_ids(self) -> set[str]:
        """The ids of the window's events, visible or not: a new subscriber does not receive them."""
        statement = select(Event.id).where(
            Event.resource_type == self._resource.name, Event.occurred_at > self.window_start()[0]
        )
        return {row.id for row in self._access.run(statement)}

    def find(self, event_id: str) -> StoredEvent | None:
        """One event; None if it was pruned, or the principal does not see its record."""
        events = self._events(Event.id == event_id)
        return events[0] if events else None

    def after(self, position: FeedPosition) -> Sequence[StoredEvent]:
        """The first events after a position, in order."""
        return self._events(tuple_(Event.occurred_at, Event.id) > position)

    def window_start(self) -> FeedPosition:
        """The position before all events of the window."""
        return self._access.now - WINDOW, LOWEST

    def _events(self, condition: Any) -> Sequence[StoredEvent]:
        model = self._resource.mapped
        visible = self._access.visibility(self._resource).visible(model)
        statement = (
            select(*COLUMNS)
            .join(model, model.id == Event.resource_id)
            .where(Event.resource_type == self._resource.name, condition, visible)
            .order_by(Event.occurred_at, Event.id)
            .limit(LARGEST_BATCH)
        )
        return [StoredEvent(*tuple(row)) for row in self._access.run(statement)]
