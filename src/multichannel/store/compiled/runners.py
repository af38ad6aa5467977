"""Run compiled statements: on the event loop for PostgreSQL, in a worker thread for SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from multichannel.store.compiled.postgresql import ConnectionPool, StatementFailed
from multichannel.store.compiled.sql_text import postgresql_values, sqlite_values

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from multichannel.store.compiled.statement import CompiledStatement

Values = Sequence[Sequence[Any]]
"""The values of a request by place: those of its context first, then those of each input."""
AnswerRow = tuple[bytes | None, bytes | None]
"""The text of the answer, and the text about the caller."""


class StatementRunner(Protocol):
    """Runs compiled statements, each in a snapshot of its own."""

    async def run(self, statement: CompiledStatement, values: Values) -> AnswerRow:
        """The row of a statement; StatementFailed if there is none."""

    def close(self) -> None:
        """Close the connections."""


class PostgreSQLRunner:
    """Keeps connections of its own, on which statements are prepared once."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor, connections: int) -> None:
        self._pool = ConnectionPool(engine, threads, connections)

    async def run(self, statement: CompiledStatement, values: Values) -> AnswerRow:
        """See the protocol."""
        try:
            parameters = postgresql_values(statement.sql, values)
        except ValueError as cause:
            raise StatementFailed(str(cause)) from cause
        return await self._pool.run(statement.name, statement.sql.text, parameters)

    def close(self) -> None:
        """See the protocol."""
        self._pool.close()


class SQLiteRunner:
    """Uses the engine's connections; its threads keep the event loop free."""

    def __init__(self, engine: Engine, threads: ThreadPoolExecutor) -> None:
        self._engine, self._threads = engine, threads

    async def run(self, statement: CompiledStatement, values: Values) -> AnswerRow:
        """See the protocol."""
        parameters = sqlite_values(statement.sql, values)
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._threads, self._run, statement.sql.text, parameters)

    def _run(self, text: str, parameters: list[Any]) -> AnswerRow:
        try:
            connection = self._engine.raw_connection()
        except SQLAlchemyError as cause:
            raise StatementFailed(str(cause)) from cause
        try:
            driver: Any = connection.driver_connection
            answer, caller = driver.execute(text, parameters).fetchone()
        except sqlite3.Error as cause:
            is_permanent = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
            raise StatementFailed(str(cause), is_permanent=is_permanent) from cause
        finally:
            connection.close()
        return _encoded(answer), _encoded(caller)

    def close(self) -> None:
        """See the protocol: the connections are the engine's."""


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def open_runner(engine: Engine, threads: ThreadPoolExecutor, connections: int) -> StatementRunner:
    """The runner for an engine's database, with so many connections at most."""
    if engine.dialect.name == "postgresql":
        return PostgreSQLRunner(engine, threads, connections)
    return SQLiteRunner(engine, threads)
