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
    if connection.dialect.name == "sqlite":
        try:
            return run_on_sqlite(driver, statement, values)
        except sqlite3.Error as cause:
            raise failure_on_sqlite(cause) from cause
    try:
        return _run_on_postgresql(driver, statement, values)
    except Unavailable as fault:
        if driver.closed:
            connection.invalidate(fault)
        raise


def run_on_sqlite(driver: Any, statement: CompiledStatement, values: Values) -> AnswerRow:
    """The row of a statement on a connection of Python's driver, whose errors it raises."""
    parameters = sqlite_values(statement.sql, values)
    return _encoded(driver.execute(statement.sql.text, parameters).fetchone())


def failure_on_sqlite(cause: sqlite3.Error) -> Unavailable | StatementFailed:
    """What to raise in place of an error of SQLite."""
    fault = of_sqlite(cause)
    if isinstance(fault, Unavailable):
        return fault
    is_permanent = getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return StatementFailed(str(cause), is_permanent=is_permanent)


def _run_on_postgresql(driver: Any, statement: CompiledStatement, values: Values) -> AnswerRow:
    """Through psycopg, which begins the transaction and prepares what is used often."""
    try:
        texts = [None if each is None else each.decode() for each in postgresql_values(statement.sql, values)]
        row = psycopg.RawCursor(driver).execute(statement.sql.text.encode(), texts).fetchone()
        return _encoded(row)
    except ValueError as cause:
        raise StatementFailed(str(cause)) from cause
    except psycopg.Error as cause:
        fault = of_postgresql(cause, is_lost=driver.closed)
        if isinstance(fault, Unavailable):
            raise fault from cause
        state = cause.sqlstate or "none"
        raise StatementFailed(f"SQLSTATE {state}", is_permanent=state.startswith(PERMANENT)) from cause


def _encoded(row: Any) -> AnswerRow:
    answer, caller = (None if text is None else text.encode() for text in row)
    return answer, caller
