"""From a request to its results: one body for a query or a mutation, one after another for a subscription."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import ExecutionResult, OperationType, execute_sync

from multichannel.errors import MultichannelError, Unauthenticated
from multichannel.graphql.execution.documents import Document, Unreadable, read_document
from multichannel.graphql.execution.errors import BAD_INPUT, fault, plain, raised
from multichannel.graphql.execution.requests import GraphQLRequest, Malformed
from multichannel.graphql.framework.context import Operation
from multichannel.graphql.schema import build_schema
from multichannel.store.store import Store
from multichannel.store.users import Caller

Body = dict[str, Any]
"""A GraphQL response. Without `data`, nothing was executed, or nothing more will be: it is the last."""

Bodies = AsyncGenerator[Body, None]

SignIn = Callable[[str], Caller]
"""Who a token speaks of; Unauthenticated when it proves nobody."""

STREAMS_PER_THREAD = 8
"""How many clients may be streamed to for each thread. An open stream is a connection that is not idle to
the server: if streams could take all the connections there are, nobody else would be answered.
"""

AUDIENCE = "audience"
"""The name of the Audience in the state of an application, where connections look for it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how long clients are waited for, and how often they hear that the server is there."""

    init: float = 10.0
    """From the opening of a socket to its `connection_init`."""
    slow: float = 10.0
    """For a socket to take something, when as much as may wait for it is waiting."""
    parting: float = 5.0
    """For a socket to take the frame that closes it."""
    heartbeat: float = 12.0
    """Between two signs of life on an event stream; intermediaries cut what is silent for longer."""


class Streams(Protocol):
    """Where the results of subscriptions come from."""

    def open(
        self,
        token: str,
        document: Document,
        operation_name: str | None,
        variables: dict[str, Any] | None,
    ) -> Bodies:
        """One response for each event from now on, for whom the token speaks of.

        What is wrong with the operation is a response without `data`, the only one. Unauthenticated, raised
        at any time, says that the token is good no longer. It is closed when the client leaves, and asked
        for one response when the last is on its way: what a slow client leaves waiting is its own to limit.
        """


class Audience:
    """The clients that are streamed to: how many there may be, and whether they must leave."""

    def __init__(self, most: int) -> None:
        """`most` bounds event streams and sockets together."""
        self._most = most
        self._seated = 0
        self.leaving = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether nobody else may come."""
        return self._seated >= self._most

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Count one client while the block lasts."""
        self._seated += 1
        try:
            yield
        finally:
            self._seated -= 1

    def dismiss(self) -> None:
        """End every event stream; sockets are closed by the server."""
        self.leaving.set()


@dataclass(frozen=True, slots=True)
class Results:
    """What a request is answered with. `kind` is None if the operation's name does not choose one."""

    kind: OperationType | None
    bodies: Bodies


def whatever(_kind: OperationType | None) -> None:
    """Every kind of operation is welcome."""


class Execution:
    """Executes requests, whatever transport they came by."""

    def __init__(self, store: Store, sign_in: SignIn, streams: Streams, *, threads: int) -> None:
        """`threads` bounds how many operations run at once; a subscription takes one to begin with only."""
        self._store = store
        self._sign_in = sign_in
        self._streams = streams
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="operation")

    def close(self) -> None:
        """Wait for running operations and let the threads go."""
        self._threads.shutdown()

    async def check_token(self, token: str) -> None:
        """Unauthenticated unless the token speaks of somebody."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._sign_in, token)

    async def results(
        self,
        asked: GraphQLRequest,
        token: str | None,
        may: Callable[[OperationType | None], None] = whatever,
    ) -> Results:
        """The results of a request; a query or mutation has been executed when they are returned.

        `may` raises to refuse a kind of operation before anything is done. Besides what it raises:
        Unauthenticated, or Unreadable. What goes wrong while a subscription lasts is in its last body, but
        for Unauthenticated, which is raised.
        """
        run = asyncio.get_running_loop().run_in_executor
        kind, found = await run(self._threads, self._begin, asked, token, may)
        if not isinstance(found, Document):
            return Results(kind, several(found))
        if token is None:
            raise Unauthenticated("Sign in first: a subscription needs a bearer token.")
        opened = self._streams.open(token, found, asked.operation_name, asked.variables)
        return Results(kind, _guarded(opened))

    def _begin(
        self, asked: GraphQLRequest, token: str | None, may: Callable[[OperationType | None], None]
    ) -> tuple[OperationType | None, Body | Document]:
        """In a worker thread: execute the operation, unless it is a subscription."""
        with self._store.operation():
            caller = None if token is None else self._sign_in(token)
            document = read_document(asked.query, keep=caller is not None)
            kind = document.operation_type(asked.operation_name)
            may(kind)
            if kind is OperationType.SUBSCRIPTION:
                return kind, document
            return kind, self._execute(asked, document, caller)

    def _execute(self, asked: GraphQLRequest, document: Document, caller: Caller | None) -> Body:
        operation = Operation(self._store, caller)
        try:
            result = execute_sync(
                build_schema(),
                document.parsed,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                context_value=operation,
            )
        finally:
            operation.close()
        return body_of(result)


def body_of(result: ExecutionResult) -> Body:
    """An executed operation as clients are told; one that never began has no data at all."""
    errors = [raised(error) for error in result.errors or ()]
    if result.data is None and errors and not any(error.path for error in result.errors or ()):
        return {"errors": errors}
    return {"data": result.data, "errors": errors} if errors else {"data": result.data}


def failure(cause: Exception) -> Body:
    """The response of a request that cannot be answered, or no further."""
    if isinstance(cause, Unreadable):
        return {"errors": cause.errors}
    if isinstance(cause, Malformed):
        return {"errors": [{"message": cause.message, "extensions": {"code": BAD_INPUT}}]}
    if isinstance(cause, MultichannelError):
        return {"errors": [plain(cause)]}
    return {"errors": [fault(cause)]}


async def several(*bodies: Body) -> Bodies:
    """Results that are all there."""
    for body in bodies:
        yield body


async def _guarded(opened: Bodies) -> Bodies:
    """The responses of a subscription; its failure is the last of them."""
    async with aclosing(opened) as bodies:
        try:
            async for body in bodies:
                yield body
        except Unauthenticated:
            raise
        except Exception as cause:  # noqa: BLE001  (whatever it is, the client gets a GraphQL answer)
            yield failure(cause)
