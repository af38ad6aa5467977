"""Streams the events that a caller may see as responses to subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from multichannel.graphql.execution.documents import ParsedDocument
from multichannel.graphql.execution.executor import Responses, SignIn
from multichannel.graphql.execution.faults import Faults
from multichannel.graphql.execution.interpreter import ResponseBody, execute_document
from multichannel.graphql.execution.requests import GraphQLRequest
from multichannel.graphql.types.events import SubscribeProbe
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.event_feed import LARGEST_BATCH, LOWEST, WINDOW, FeedPosition, StoredEvent
from multichannel.store.store import Store
from multichannel.store.users import Caller

T = TypeVar("T")
STREAM_THREADS = 2
"""Threads for subscriptions: however many events there are, queries and mutations keep their own threads."""


class EventNotifier:
    """Wakes event streams: immediately after a commit of this process, else at an interval."""

    def __init__(self, interval: float | None) -> None:
        """`interval` is the polling interval in seconds for commits of other processes; None: no polling."""
        self._interval = interval
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def notify(self) -> None:
        """Report a commit; may be called by any thread."""
        for loop, wake_up in tuple(self._waiting):
            loop.call_soon_threadsafe(wake_up.set)

    def subscribe(self) -> asyncio.Event:
        """An event that each commit sets from now on."""
        wake_up = asyncio.Event()
        self._waiting.add((asyncio.get_running_loop(), wake_up))
        return wake_up

    def unsubscribe(self, wake_up: asyncio.Event) -> None:
        """Stop setting an event."""
        self._waiting.discard((asyncio.get_running_loop(), wake_up))

    async def wait(self, wake_up: asyncio.Event) -> None:
        """Wait until there may be new events."""
        try:
            await asyncio.wait_for(wake_up.wait(), self._interval)
        except TimeoutError:
            return
        wake_up.clear()


class EventSubscription:
    """One client's position in the events about one resource type."""

    def __init__(self, store: Store, caller: Caller, resource: Resource, after: StoredEvent | None) -> None:
        """Start with the next event, or a window before the event `after`."""
        self._store = store
        self._caller = caller
        self._resource = resource
        self._sent: dict[str, datetime] = {}
        self._place: FeedPosition | None = None
        if after is not None:
            self._sent = {after.id: after.occurred_at}
            self._place = after.occurred_at - WINDOW, LOWEST
        else:
            with store.reading(caller.principal) as work:
                self._sent = dict.fromkeys(work.feed(resource).seen_ids(), work.now)

    @property
    def caught_up(self) -> bool:
        """Whether the last batch reached the latest event."""
        return self._place is None

    def next_batch(self) -> list[StoredEvent]:
        """Events that the client has not received yet, in batches."""
        with (
            self._store.operation(deadline=self._store.deadline()),
            self._store.reading(self._caller.principal) as work,
        ):
            feed = work.feed(self._resource)
            events = feed.after(self._place or feed.window_start())
            self._place = events[-1].position if len(events) == LARGEST_BATCH else None
            unsent = [event for event in events if event.id not in self._sent]
            self._sent.update({event.id: event.occurred_at for event in events})
            if self._place is None:
                since = feed.window_start()[0]
                self._sent = {key: when for key, when in self._sent.items() if when > since}
        return unsent


class EventStreams:
    """Responses to subscriptions; each event is authorized by the policy when it is sent."""

    def __init__(
        self, store: Store, sign_in: SignIn, notifier: EventNotifier, faults: Faults | None = None
    ) -> None:
        """`notifier` is called after every commit of the store."""
        self._faults = faults or Faults()
        self._store = store
        self._sign_in = sign_in
        self._notifier = notifier
        self._threads = ThreadPoolExecutor(STREAM_THREADS, thread_name_prefix="event-stream")
        store.committed.append(notifier.notify)

    def close(self) -> None:
        """Wait for running work and stop the threads."""
        self._threads.shutdown()

    async def open(self, token: str, document: ParsedDocument, request: GraphQLRequest) -> Responses:
        """One response per event from now on that the caller may see.

        The token, the user and access to the record are checked again for each event.
        """
        wake_up = self._notifier.subscribe()
        try:
            subscription, rejection = await self._run(partial(self._start, token, document, request))
            if subscription is None:
                yield rejection
                return
            while True:
                for event in await self._run(subscription.next_batch):
                    response = await self._run(partial(self.response_to, event, token, document, request))
                    if response is not None:
                        yield response
                        if "data" not in response:
                            return
                if subscription.caught_up:
                    await self._notifier.wait(wake_up)
        finally:
            self._notifier.unsubscribe(wake_up)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _start(
        self, token: str, document: ParsedDocument, request: GraphQLRequest
    ) -> tuple[EventSubscription | None, ResponseBody]:
        """The subscription, or the response that rejects the operation."""
        probe = SubscribeProbe()
        with self._store.operation(deadline=self._store.deadline()):
            caller = self._sign_in(token)
            response = execute_document(self._store, caller, document, request, probe, faults=self._faults)
        if "errors" in response or probe.resource is None:
            return None, {"errors": response.get("errors", [])}
        return EventSubscription(self._store, caller, probe.resource, probe.after), {}

    def response_to(
        self, event: StoredEvent, token: str, document: ParsedDocument, request: GraphQLRequest
    ) -> ResponseBody | None:
        """The response to one event; None if the caller may not see it or did not ask for it."""
        with self._store.operation(deadline=self._store.deadline()):
            caller = self._sign_in(token)
            response = execute_document(self._store, caller, document, request, event, faults=self._faults)
        is_empty = "errors" not in response and not any((response["data"] or {}).values())
        return None if is_empty else response
