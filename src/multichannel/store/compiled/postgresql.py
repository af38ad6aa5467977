"""A few PostgreSQL connections on the event loop: prepared statements, text parameters in, bytes out.

They use libpq's asynchronous interface, which psycopg wraps in C. Its cursors and adapters would take more
time than the statement. One statement runs at a time on each connection; who finds none free waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from psycopg import OperationalError, pq
from sqlalchemy.exc import SQLAlchemyError

from multichannel.errors import Busy
from multichannel.store.compiled.frequent_cache import FrequentCache

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
MAX_PREPARED = 100
"""The prepared statements of a connection; each takes some hundred kilobytes of the server's memory."""
LONGEST_WAIT = 5.0
"""Seconds to wait for a free connection."""
LONGEST_STATEMENT = 40.0
"""Seconds, after which the server is taken for lost; it ends a statement sooner than that by itself."""
SUCCEEDED = {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}
PERMANENT = (b"42", b"54")
"""Classes of SQLSTATE: errors in the statement, and limits of the server."""


class StatementFailed(Exception):
    """The database did not run the statement; the interpreter may, or tells why."""

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        """`is_permanent` says that the same statement will fail again."""
        super().__init__(message)
        self.is_permanent = is_permanent


class AsyncConnection:
    """One connection, and the names of the statements that are prepared on it.

    OperationalError says that the connection is lost; then it can only be closed.
    """

    def __init__(self, connection: Any, loop: asyncio.AbstractEventLoop) -> None:
        """`connection` is psycopg's; nobody else uses it."""
        self._connection, self._loop = connection, loop
        self._driver = connection.pgconn
        self._driver.nonblocking = 1
        self._socket: int | None = self._driver.socket
        self._prepared: FrequentCache[bool] = FrequentCache(MAX_PREPARED, 4 * MAX_PREPARED)
        self._result: Any = None
        self._waiter: asyncio.Future[Any] | None = None
        self._is_running = False
        loop.add_reader(self._socket, self._read)

    async def run(self, name: bytes, sql: str, parameters: list[bytes | None]) -> Any:
        """The result of a statement, which is prepared first if it has not been."""
        if self._prepared.get(name) is None:
            await self._prepare(name, sql)
        response = self._expect_response()
        self._driver.send_query_prepared(name, parameters)
        return await self._result_of(response)

    async def cancel(self, threads: ThreadPoolExecutor) -> None:
        """Have the server end what runs here, and wait for that. Then the connection can only be closed."""
        ended = self._loop.create_future()
        self._waiter = ended if self._is_running else None
        await self._loop.run_in_executor(threads, self._cancel)
        if self._waiter is not None:
            await ended

    def _cancel(self) -> None:
        with suppress(OperationalError):  # then the connection is lost, and the statement fails with it
            self._driver.get_cancel().cancel()

    def close(self) -> None:
        """Close the connection, whatever it is doing."""
        self._stop_reading()
        self._connection.close()

    async def _prepare(self, name: bytes, sql: str) -> None:
        response = self._expect_response()
        self._driver.send_prepare(name, sql.encode())
        await self._result_of(response)
        for evicted in self._prepared.put(name, value=True, size=1):
            await self._deallocate(evicted)

    async def _deallocate(self, name: Hashable) -> None:
        response = self._expect_response()
        self._driver.send_query(b'DEALLOCATE "%s"' % name)
        try:
            await self._result_of(response)
        except StatementFailed as failure:
            raise OperationalError("the server has other prepared statements than expected") from failure

    def _expect_response(self) -> asyncio.Future[Any]:
        """Before anything is sent, so that no response is too early."""
        if self._socket is None:
            raise OperationalError("the connection is lost")
        self._waiter, self._is_running = self._loop.create_future(), True
        return self._waiter

    async def _result_of(self, response: asyncio.Future[Any]) -> Any:
        timer = self._loop.call_later(LONGEST_STATEMENT, self._lose, OperationalError("no answer in time"))
        try:
            while self._driver.flush():
                await _writable(self._loop, self._driver.socket)
            result = await response
        finally:
            timer.cancel()
        if result.status not in SUCCEEDED:
            raise _failure(result)
        return result

    def _read(self) -> None:
        """Called by the loop when the server has sent something, or has closed the connection."""
        try:
            self._driver.consume_input()
            while not self._driver.is_busy():
                result = self._driver.get_result()
                if result is None:
                    self._finish()
                    break
                self._result = result
        except OperationalError as loss:
            self._lose(loss)
        if self._driver.status != pq.ConnStatus.OK:
            self._lose(OperationalError("the server closed the connection"))

    def _finish(self) -> None:
        result, self._result, self._is_running = self._result, None, False
        if result is not None and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(result)

    def _lose(self, loss: OperationalError) -> None:
        self._stop_reading()
        self._is_running = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(loss)

    def _stop_reading(self) -> None:
        """At once when the connection is lost: another connection may get the number of its socket."""
        socket, self._socket = self._socket, None
        if socket is not None and not self._loop.is_closed():
            self._loop.remove_reader(socket)


def _failure(result: Any) -> Exception:
    """The error for a result; OperationalError if the server ends the connection.

    It is logged, so it has no more than the code: PostgreSQL's messages may contain values.
    """
    state = result.error_field(pq.DiagnosticField.SQLSTATE) or b"none"
    message = f"SQLSTATE {state.decode()}"
    if result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in {b"FATAL", b"PANIC"}:
        return OperationalError(message)
    return StatementFailed(message, is_permanent=state.startswith(PERMANENT))


async def _writable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    """Wait until the socket takes more."""
    ready = asyncio.Event()
    loop.add_writer(socket, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(socket)


class ConnectionPool:
    """Connections, opened by worker threads when first needed."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, most: int) -> None:
        self._engine, self._threads, self._most = engine, threads, most
        self._free: list[AsyncConnection] = []
        self._count = 0
        self._is_closed = False
        self._line: deque[asyncio.Future[None]] = deque()
        self._ending: set[asyncio.Future[None]] = set()

    async def run(
        self, name: bytes, sql: str, parameters: list[bytes | None]
    ) -> tuple[bytes | None, bytes | None]:
        """The two values of the row; StatementFailed, or Busy if no connection becomes free.

        If nobody waits for it any more, the statement is canceled. Its connection counts until it has ended.
        """
        connection = self._free.pop() if self._free else await self._acquire()
        try:
            result = await connection.run(name, sql, parameters)
        except StatementFailed:
            self._release(connection)
            raise
        except asyncio.CancelledError:
            self._abandon(connection)
            raise
        except BaseException as cause:  # it is lost
            self._discard(connection)
            if isinstance(cause, OperationalError):
                raise StatementFailed(str(cause)) from cause
            raise
        self._release(connection)
        return result.get_value(0, 0), result.get_value(0, 1)

    def close(self) -> None:
        """Close the connections, those in use as soon as their statement has ended."""
        self._is_closed = True
        while self._free:
            self._discard(self._free.pop())

    async def _acquire(self) -> AsyncConnection:
        while not self._free:
            if self._count < self._most:
                return await self._open()
            turn = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            try:
                await asyncio.wait_for(turn, LONGEST_WAIT)
            except TimeoutError:
                raise Busy("The service is busy. Try again later.") from None
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake_next()  # it was this one's turn
                raise
        return self._free.pop()

    async def _open(self) -> AsyncConnection:
        self._count += 1
        loop = asyncio.get_running_loop()
        try:
            return AsyncConnection(await loop.run_in_executor(self._threads, self._connect), loop)
        except BaseException as cause:
            self._count -= 1
            self._wake_next()
            if isinstance(cause, SQLAlchemyError):
                raise StatementFailed(str(cause)) from cause
            raise

    def _connect(self) -> Any:
        """A connection as the engine makes it, taken out of its pool."""
        proxy = self._engine.raw_connection()
        connection: Any = proxy.driver_connection
        proxy.detach()
        connection.rollback()
        connection.autocommit = True
        for option in OPTIONS:
            connection.execute(option)
        return connection

    def _release(self, connection: AsyncConnection) -> None:
        if self._is_closed:
            self._discard(connection)
            return
        self._free.append(connection)
        self._wake_next()

    def _abandon(self, connection: AsyncConnection) -> None:
        """Nobody waits for its statement any more; it counts until that has ended."""
        ending = asyncio.ensure_future(self._end(connection))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end(self, connection: AsyncConnection) -> None:
        try:
            with suppress(OperationalError, TimeoutError):
                async with asyncio.timeout(LONGEST_STATEMENT):
                    await connection.cancel(self._threads)
        finally:
            self._discard(connection)

    def _discard(self, connection: AsyncConnection) -> None:
        connection.close()
        self._count -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
