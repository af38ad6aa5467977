"""A PostgreSQL connection on the event loop: prepared statements, text parameters in, bytes out.

It uses libpq's asynchronous interface, which psycopg wraps in C. Its cursors and adapters would take more
time than the statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

from psycopg import OperationalError, pq

from multichannel.errors import Unavailable
from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.database_faults import of_state
from multichannel.store.deadlines import Deadline, cancel_soon

MAX_PREPARED = 100
"""The prepared statements of a connection; each takes some hundred kilobytes of the server's memory."""
LONGEST_STATEMENT = 40.0
"""Seconds, after which the server is taken for lost also by an operation without a deadline."""
SUCCEEDED = {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}
PERMANENT = ("42", "54")
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
        self._deadline = Deadline()
        self.has_answered = False
        """Whether it has answered since it was given the last statement."""
        loop.add_reader(self._socket, self._read)

    async def run(self, name: bytes, sql: str, parameters: list[bytes | None], deadline: Deadline) -> Any:
        """The result of a statement, which is prepared first if it has not been.

        At the deadline it goes on at the server, and has to be canceled.
        """
        self._deadline, self.has_answered = deadline, False
        if self._prepared.get(name) is None:
            await self._prepare(name, sql)
        response = self._expect_response()
        self._driver.send_query_prepared(name, parameters)
        return await self._result_of(response)

    async def cancel(self) -> None:
        """Have the server end what runs here, and wait for that. Then the connection can only be closed."""
        ended = self._loop.create_future()
        self._waiter = ended if self._is_running else None
        cancel_soon(self._driver)
        if self._waiter is not None:
            await ended

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
        remaining = min(self._deadline.remaining, LONGEST_STATEMENT)
        timer = self._loop.call_later(remaining, self._stop_waiting)
        try:
            while self._driver.flush():
                async with asyncio.timeout(remaining):
                    await _writable(self._loop, self._driver.socket)
            result = await response
        finally:
            timer.cancel()
        self.has_answered = True
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

    def _stop_waiting(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._deadline.exceeded())

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
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"none").decode()
    message = f"SQLSTATE {state}"
    if result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) in {b"FATAL", b"PANIC"}:
        return OperationalError(message)
    fault = of_state(state, message)
    return (
        fault
        if isinstance(fault, Unavailable)
        else StatementFailed(message, is_permanent=state.startswith(PERMANENT))
    )


async def _writable(loop: asyncio.AbstractEventLoop, socket: int) -> None:
    """Wait until the socket takes more."""
    ready = asyncio.Event()
    loop.add_writer(socket, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(socket)
