"""Follows the events of a tenant for a client, and tells each as a response to its subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from graphql import ExecutionResult, execute_sync

from multichannel.graphql.execution.documents import Document
from multichannel.graphql.execution.executor import Bodies, Body, SignIn, body_of
from multichannel.graphql.framework.context import Operation
from multichannel.graphql.schema import build_schema
from multichannel.graphql.types.events import SubscribeProbe
from multichannel.policy.schema.resources import Resource
from multichannel.store.read.event_feed import LARGEST_BATCH, LOWEST, WINDOW, FeedPosition, StoredEvent
from multichannel.store.store import Store
from multichannel.store.users import Caller

T = TypeVar("T")
FOLLOWERS = 2
"""Threads that tell events: however many are told, they leave the others to operations."""


class Pulse:
    """Wakes those who follow events: at once after an act of this process, else now and then."""

    def __init__(self, interval: float | None) -> None:
        """`interval` is the seconds after which acts of other processes are looked for; None for never."""
        self._interval = interval
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def beat(self) -> None:
        """Something has been committed; may be called by any thread."""
        for loop, woken in tuple(self._waiting):
            loop.call_soon_threadsafe(woken.set)

    def listener(self) -> asyncio.Event:
        """An event that is set from now on whenever something was committed."""
        woken = asyncio.Event()
        self._waiting.add((asyncio.get_running_loop(), woken))
        return woken

    def leave(self, woken: asyncio.Event) -> None:
        """Wake this one no more."""
        self._waiting.discard((asyncio.get_running_loop(), woken))

    async def next(self, woken: asyncio.Event) -> None:
        """Wait until there may be something new."""
        try:
            await asyncio.wait_for(woken.wait(), self._interval)
        except TimeoutError:
            return
        woken.clear()


class Following:
    """One client's place among the events of a kind."""

    def __init__(self, store: Store, caller: Caller, resource: Resource, after: StoredEvent | None) -> None:
        """Begin now, or a while before the event that the client had last."""
        self._store = store
        self._caller = caller
        self._resource = resource
        self._had: dict[str, datetime] = {}
        self._place: FeedPosition | None = None
        if after is not None:
            self._had = {after.id: after.occurred_at}
            self._place = after.occurred_at - WINDOW, LOWEST
        else:
            with store.reading(caller.principal) as work:
                self._had = dict.fromkeys(work.feed(resource).seen_ids(), work.now)

    @property
    def is_at_the_end(self) -> bool:
        """Whether all there was has been told."""
        return self._place is None

    def news(self) -> list[StoredEvent]:
        """What the client has not had yet, some at a time."""
        with self._store.reading(self._caller.principal) as work:
            feed = work.feed(self._resource)
            found = feed.after(self._place or feed.window_start())
            self._place = found[-1].position if len(found) == LARGEST_BATCH else None
            fresh = [each for each in found if each.id not in self._had]
            self._had.update({each.id: each.occurred_at for each in found})
            if self._place is None:
                since = feed.window_start()[0]
                self._had = {key: when for key, when in self._had.items() if when > since}
        return fresh


class EventStreams:
    """Responses to subscriptions, each decided by the policy as it is when the event is told."""

    def __init__(self, store: Store, sign_in: SignIn, pulse: Pulse) -> None:
        """`pulse` is told of every act of this store."""
        self._store = store
        self._sign_in = sign_in
        self._pulse = pulse
        self._threads = ThreadPoolExecutor(FOLLOWERS, thread_name_prefix="follower")
        store.committed.append(pulse.beat)

    def close(self) -> None:
        """Let the threads go; what they are telling is told to its end."""
        self._threads.shutdown()

    async def open(
        self, token: str, document: Document, operation_name: str | None, variables: dict[str, Any] | None
    ) -> Bodies:
        """One response for each event from now on that the caller may be told.

        Whether the caller is still somebody, and may see the object, is asked anew each time.
        """
        woken = self._pulse.listener()
        asked = (token, document, operation_name, variables)
        try:
            following, refusal = await self._run(partial(self._begin, *asked))
            if following is None:
                yield refusal
                return
            while True:
                for happened in await self._run(following.news):
                    body = await self._run(partial(self._tell, *asked, happened))
                    if body is not None:
                        yield body
                if following.is_at_the_end:
                    await self._pulse.next(woken)
        finally:
            self._pulse.leave(woken)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _begin(
        self, token: str, document: Document, operation_name: str | None, variables: dict[str, Any] | None
    ) -> tuple[Following | None, Body]:
        """What to follow, or what is wrong with the operation."""
        opening = SubscribeProbe()
        with self._store.operation():
            caller = self._sign_in(token)
            result = self._execute(caller, document, operation_name, variables, opening)
        if result.errors or opening.resource is None:
            return None, {"errors": body_of(result).get("errors", [])}
        return Following(self._store, caller, opening.resource, opening.after), {}

    def _tell(
        self,
        token: str,
        document: Document,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        happened: StoredEvent,
    ) -> Body | None:
        """The response to one event; None when it is none of the caller's business."""
        with self._store.operation():
            caller = self._sign_in(token)
            result = self._execute(caller, document, operation_name, variables, happened)
        silent = not result.errors and not any((result.data or {}).values())
        return None if silent else body_of(result)

    def _execute(
        self,
        caller: Caller,
        document: Document,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        root: StoredEvent | SubscribeProbe,
    ) -> ExecutionResult:
        operation = Operation(self._store, caller)
        try:
            return execute_sync(
                build_schema(),
                document.parsed,
                root_value=root,
                variable_values=variables,
                operation_name=operation_name,
                context_value=operation,
            )
        finally:
            operation.close()
