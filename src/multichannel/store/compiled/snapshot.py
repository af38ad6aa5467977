"""Runs a compiled statement in a transaction that reads on, so that what follows sees the same snapshot."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg

from multichannel.errors import Unavailable
from multichannel.store.compiled.postgresql import PERMANENT, StatementFailed
from multichannel.store.compiled.sql_text import postgresql_values, sqlite_values
from multichannel.store.database_faults import of_postgresql, of_sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from multichannel.store.compiled.connection_pool import AnswerRow
    from multichannel.store.compiled.runners import Values
    from multichannel.store.compiled.statement import CompiledStatement


def run_in(connection: Connection, statement: CompiledStatement, values: Values) -> AnswerRow:
    """The row of a statement in the transaction of a connection; StatementFailed, or Unavailable."""
    driver: Any = connection.connection.driver_connection
    run = _run_sqlite if connection.dialect.name == "sqlite" else _run_postgresql
    try:
        answer, caller = run(driver, statement, values)
    except Unavailable as fault:
        if connection.dialect.name != "sqlite" and driver.closed:
            connection.invalidate(fault)
        raise
    return _encoded(answer), _encoded(caller)


def _run_sqlite(driver: Any, statement: CompiledStatement, values: Values) -> Any:
    try:
        return driver.execute(statement.sql.text, sqlite_values(statement.sql, values)).fetchone()
    except sqlite3.Error as cause:
        fault = of_sqlite(cause)
        if isinstance(fault, Unavailable):
            raise fault from cause
        is_permanent = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        raise StatementFailed(str(cause), is_permanent=is_permanent) from cause


def _run_postgresql(driver: Any, statement: CompiledStatement, values: Values) -> Any:
    """Through psycopg, which begins the transaction and prepares what is used often."""
    try:
        given = [None if each is None else each.decode() for each in postgresql_values(statement.sql, values)]
        return psycopg.RawCursor(driver).execute(statement.sql.text.encode(), given).fetchone()
    except ValueError as cause:
        raise StatementFailed(str(cause)) from cause
    except psycopg.Error as cause:
        fault = of_postgresql(cause, is_lost=driver.closed)
        if isinstance(fault, Unavailable):
            raise fault from cause
        state = cause.sqlstate or "none"
        raise StatementFailed(f"SQLSTATE {state}", is_permanent=state.startswith(PERMANENT)) from cause


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
