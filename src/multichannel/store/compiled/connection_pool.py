"""The PostgreSQL connections of compiled statements: one statement at a time on each, others wait in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import OperationalError

from multichannel.errors import Busy, DatabaseUnavailable, DeadlineExceeded
from multichannel.store.compiled.postgresql import AsyncConnection, StatementFailed
from multichannel.store.connections import is_alive
from multichannel.store.database_faults import first_line, of_postgresql
from multichannel.store.deadlines import Deadline, closing_at

if TYPE_CHECKING:
    from sqlalchemy import Engine

OPTIONS = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_mergejoin = off",
    "SET enable_hashjoin = off",
    "SET default_transaction_read_only = on",
    "SET standard_conforming_strings = on",
)
"""Statements are planned once on each connection, for tenants of every size, and only read.

A plan for the average tenant would merge or hash the keys with all rows there are, also for a tenant that has
few. With joins by the key, each reads its own.
"""
LONGEST_WAIT = 5.0
"""Seconds to wait for a free connection."""
LONGEST_OPENING = 3.0
"""Seconds to wait for a connection that is opened to be ready."""
LONGEST_CANCEL = 5.0
"""Seconds to wait for the server to end a statement."""
AnswerRow = tuple[bytes | None, bytes | None]
"""The text of the answer, and the text about the caller."""
MakeParameters = Callable[[], list[bytes | None]]


class ConnectionPool:
    """Connections, opened by worker threads when first needed."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, most: int) -> None:
        self._engine, self._threads, self._most = engine, threads, most
        self._free: list[AsyncConnection] = []
        self._count = 0
        self._is_closed = False
        self._line: deque[asyncio.Future[AsyncConnection | None]] = deque()
        self._ending: set[asyncio.Future[None]] = set()

    async def run(self, name: bytes, sql: str, parameters: MakeParameters, deadline: Deadline) -> AnswerRow:
        """The two values of the row; StatementFailed, or Unavailable if the database or the time fails.

        The parameters are made when there is a connection: the time may be among them. If nobody waits for it
        any more, the statement is canceled. Its connection counts until it has ended.
        """
        losses = 0
        while True:
            deadline.check()
            connection = self._free.pop() if self._free else await self._acquire()
            try:
                result = await connection.run(name, sql, parameters(), deadline)
            except (StatementFailed, Busy, DatabaseUnavailable):
                self._release(connection)
                raise
            except (asyncio.CancelledError, DeadlineExceeded):
                self._abandon(connection)
                raise
            except TimeoutError:
                self._abandon(connection)
                raise deadline.exceeded() from None
            except OperationalError as loss:
                self._discard(connection)
                # What only reads may run again; but what ends the server ends it once more at most.
                losses += connection.has_answered
                if losses > 1:
                    raise DatabaseUnavailable(first_line(loss)) from loss
            except BaseException:
                self._discard(connection)
                raise
            else:
                self._release(connection)
                return result.get_value(0, 0), result.get_value(0, 1)

    def close(self) -> None:
        """Close the connections, those in use as soon as their statement has ended."""
        self._is_closed = True
        while self._free:
            self._discard(self._free.pop())

    async def _acquire(self) -> AsyncConnection:
        """A new connection, or in turn one that another has used; nobody who comes later is before."""
        if self._count < self._most:
            return await self._open()
        turn: asyncio.Future[AsyncConnection | None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            connection = await asyncio.wait_for(turn, LONGEST_WAIT)
        except TimeoutError:
            raise Busy("The service is busy. Try again later.") from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(turn.result())
            raise
        return await self._open() if connection is None else connection

    async def _open(self) -> AsyncConnection:
        self._count += 1
        loop = asyncio.get_running_loop()
        try:
            return AsyncConnection(await loop.run_in_executor(self._threads, self._connect), loop)
        except BaseException as cause:
            self._count -= 1
            self._pass_on(None)
            fault = of_postgresql(cause) if isinstance(cause, psycopg.Error) else None
            if isinstance(fault, DatabaseUnavailable):
                fault.is_lost = False  # there was none
            raise (fault or cause) from cause

    def _connect(self) -> Any:
        """A connection as the engine makes it, taken out of its pool; those that were lost there go."""
        deadline = Deadline(LONGEST_OPENING)
        while True:
            proxy = self._engine.raw_connection()
            connection: Any = proxy.driver_connection
            with closing_at(connection, deadline):
                if is_alive(connection.pgconn):
                    proxy.detach()
                    connection.rollback()
                    connection.autocommit = True
                    for option in OPTIONS:
                        connection.execute(option)
                    return connection
            proxy.invalidate()
            deadline.check()

    def _release(self, connection: AsyncConnection) -> None:
        if self._is_closed:
            self._discard(connection)
        else:
            self._pass_on(connection)

    def _abandon(self, connection: AsyncConnection) -> None:
        """Nobody waits for its statement any more; it counts until that has ended, or the server hangs."""
        ending = asyncio.ensure_future(self._end(connection))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end(self, connection: AsyncConnection) -> None:
        try:
            with suppress(OperationalError, TimeoutError):
                async with asyncio.timeout(LONGEST_CANCEL):
                    await connection.cancel()
        finally:
            self._discard(connection)

    def _discard(self, connection: AsyncConnection) -> None:
        connection.close()
        self._count -= 1
        self._pass_on(None)

    def _pass_on(self, connection: AsyncConnection | None) -> None:
        """Give a connection, or (None) the right to open one, to who waits longest."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is not None:
            self._free.append(connection)
