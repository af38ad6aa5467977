"""Run compiled statements: on the event loop for PostgreSQL, in a worker thread for SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import TimeoutError as PoolTimeout

from multichannel.errors import Busy, Unavailable
from multichannel.store.compiled.connection_pool import AnswerRow, ConnectionPool
from multichannel.store.compiled.postgresql import StatementFailed
from multichannel.store.compiled.snapshot import failure_on_sqlite, run_on_sqlite
from multichannel.store.compiled.sql_text import postgresql_values
from multichannel.store.database_faults import BUSY
from multichannel.store.deadlines import WATCHDOG, Deadline

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multichannel.store.compiled.statement import CompiledStatement

Values = Sequence[Sequence[Any]]
"""The values of a request by place: those of its context first, then those of each input."""


class PostgreSQLRunner:
    """Keeps connections of its own, on which statements are prepared once."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, connections: int) -> None:
        self._pool = ConnectionPool(engine, threads, connections)

    async def run(
        self, statement: CompiledStatement, values: Callable[[], Values], deadline: Deadline
    ) -> AnswerRow:
        """The row of a statement; StatementFailed if the interpreter may do better, else Unavailable.

        `values` gives the values when the statement is about to run.
        """

        def parameters() -> list[bytes | None]:
            try:
                return postgresql_values(statement.sql, values())
            except ValueError as cause:
                raise StatementFailed(str(cause)) from cause

        return await self._pool.run(statement.name, statement.sql.text, parameters, deadline)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class SQLiteRunner:
    """Uses the engine's connections; its threads keep the event loop free."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self._engine, self._threads = engine, threads

    async def run(
        self, statement: CompiledStatement, values: Callable[[], Values], deadline: Deadline
    ) -> AnswerRow:
        """As for PostgreSQL."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            return await run(self._threads, self._run, statement, values, deadline)
        except asyncio.CancelledError:
            deadline.abandon()
            raise

    def _run(
        self, statement: CompiledStatement, values: Callable[[], Values], deadline: Deadline
    ) -> AnswerRow:
        deadline.check()
        try:
            with closing(self._engine.raw_connection()) as connection:
                driver: Any = connection.driver_connection
                with WATCHDOG.watching(deadline, driver.interrupt):
                    return run_on_sqlite(driver, statement, values())
        except sqlite3.Error as cause:
            failure = failure_on_sqlite(cause)
            raise (deadline.explained(failure) if isinstance(failure, Unavailable) else failure) from cause
        except PoolTimeout as cause:
            raise Busy(BUSY, str(cause)) from cause

    def close(self) -> None:
        """Close nothing: the connections are the engine's."""


StatementRunner = PostgreSQLRunner | SQLiteRunner
"""Runs compiled statements, each in a snapshot of its own."""


def open_runner(engine: Engine, threads: ThreadPoolExecutor, connections: int) -> StatementRunner:
    """The runner for an engine's database, with so many connections at most."""
    if engine.dialect.name == "postgresql":
        return PostgreSQLRunner(engine, threads, connections)
    return SQLiteRunner(engine, threads)
