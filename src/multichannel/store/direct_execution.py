"""Runs prepared statements on the driver's connection, in the transaction that SQLAlchemy has begun there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from sqlalchemy.exc import DBAPIError

from multichannel.store.compiled.frequent_cache import FrequentCache
from multichannel.store.database_faults import meaning_of
from multichannel.store.driver_values import postgresql_value, sqlite_value
from multichannel.store.prepared import PreparedStatement, StatementForm, StatementOfDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_PREPARED = 200
"""The statements that a connection to PostgreSQL keeps prepared."""
PREPARED = "prepared"
SUCCEEDED = {pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK}


def run_prepared(
    connection: Connection, prepared: PreparedStatement, parameters: Mapping[str, Any]
) -> list[Any]:
    """The rows of a statement, in the connection's transaction."""
    of_database = prepared.of_database(connection.dialect.name)
    make, readers = of_database.row._make, of_database.readers
    return [
        make([None if value is None else read(value) for read, value in zip(readers, row, strict=True)])
        for row in _execute(connection, of_database, [parameters])
    ]


def write_prepared(
    connection: Connection, prepared: PreparedStatement, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run a statement for each of some rows, one at least, in the connection's transaction."""
    _execute(connection, prepared.of_database(connection.dialect.name), rows)


def _execute(connection: Connection, prepared: StatementOfDatabase, rows: Sequence[Mapping[str, Any]]) -> Any:
    """The result for the last row of parameters, of which all have the same form."""
    if not connection.in_transaction():
        connection.begin()
    form = prepared.form(rows[0])
    _dispatch(connection, form.sql)
    values = [prepared.values(form, parameters) for parameters in rows]
    try:
        if connection.dialect.name == "sqlite":
            return _execute_on_sqlite(connection, form, values)
        return _execute_on_postgresql(connection, form, values)
    except (sqlite3.Error, psycopg.Error) as error:
        raise _translated(connection, form.sql, error) from error


def _execute_on_sqlite(connection: Connection, form: StatementForm, rows: Iterable[Iterable[Any]]) -> Any:
    driver: Any = connection.connection.driver_connection
    for values in rows:
        cursor = driver.execute(form.sql, [*map(sqlite_value, values)])
    return cursor.fetchall()


def _execute_on_postgresql(connection: Connection, form: StatementForm, rows: Iterable[Iterable[Any]]) -> Any:
    proxy: Any = connection.connection
    driver = proxy.driver_connection.pgconn
    if driver.transaction_status == pq.TransactionStatus.IDLE:
        _check(driver.exec_(_begin(connection.get_execution_options())))
    known: FrequentCache[bool] | None = connection.info.get(PREPARED)
    if known is None:
        known = connection.info[PREPARED] = _prepared_on(driver)
    if known.get(form.name) is None:
        _check(driver.prepare(form.name, form.sql.encode()))
        for evicted in known.put(form.name, value=True, size=1):
            _check(driver.exec_(b'DEALLOCATE "%s"' % evicted))
    for values in rows:
        try:
            parameters = [*map(postgresql_value, values)]
        except ValueError as cause:
            raise psycopg.DataError(str(cause)) from cause
        result = _check(driver.exec_prepared(form.name, parameters))
    columns = range(result.nfields)
    return [[result.get_value(row, column) for column in columns] for row in range(result.ntuples)]


def _begin(options: Mapping[str, Any]) -> bytes:
    """What the driver sends before the first statement of a transaction that it runs itself."""
    access = "READ ONLY" if options["postgresql_readonly"] else "READ WRITE"
    return f"BEGIN ISOLATION LEVEL {options['isolation_level']} {access}".encode()


def forget_prepared(connection: Connection) -> None:
    """Called before a rollback, with which psycopg drops all prepared statements if any is its own."""
    if not connection.invalidated:
        connection.info.pop(PREPARED, None)


def _prepared_on(driver: Any) -> FrequentCache[bool]:
    """The statements that the server has prepared for a connection."""
    known: FrequentCache[bool] = FrequentCache(MAX_PREPARED, 4 * MAX_PREPARED)
    found = _check(driver.exec_(b"SELECT name FROM pg_prepared_statements WHERE name NOT LIKE '\\_%'"))
    for row in range(found.ntuples):
        known.put(found.get_value(row, 0), value=True, size=1)
    return known


def _check(result: Any) -> Any:
    if result.status not in SUCCEEDED:
        raise psycopg.errors.error_from_result(result, "utf-8")
    return result


def _dispatch(connection: Connection, sql: str) -> None:
    """Tell listeners of the engine, as SQLAlchemy would."""
    for listener in connection.engine.dispatch.before_cursor_execute:
        listener(connection, None, sql, (), None, False)  # noqa: FBT003  (its signature is SQLAlchemy's)


def _translated(connection: Connection, sql: str, error: Exception) -> Exception:
    """What to raise in place of an error of the driver."""
    driver: Any = connection.connection.driver_connection
    is_lost = isinstance(error, psycopg.Error) and driver.closed
    options = connection.get_execution_options()
    meaning = meaning_of(error, is_lost=is_lost, only_reads=bool(options.get("postgresql_readonly")))
    if is_lost:
        connection.invalidate(error)
    if meaning is not None:
        return meaning
    return DBAPIError.instance(sql, None, error, Exception, hide_parameters=True, dialect=connection.dialect)
