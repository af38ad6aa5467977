"""What the errors of the databases mean: a fault underneath, a limit that the request exceeds, or a conflict.

Engines raise these in place of the driver's errors. Conflicts, which are resolved by another attempt, and
errors of the program stay as they are.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from multichannel.errors import Busy, DatabaseUnavailable, DeadlineExceeded, MultichannelError, TooComplex

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

BUSY = "Conflict with another change; nothing was saved. Retry."
TOO_COMPLEX = "Query too complex for the database. Use shorter texts or fewer conditions in filters."
LOCK_NOT_AVAILABLE, CANCELED, READ_ONLY = "55P03", "57014", "25006"
TOO_COMPLEX_STATES = "54"
UNAVAILABLE_STATES = ("08", "53", "57P", "58", READ_ONLY)
"""SQLSTATEs: connection, resources such as a full disk, shutdown, system, and a server that only reads."""
LOST_STATES = ("08", "57P")
"""With these the server ends the connection, which the driver may notice later."""
BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
UNAVAILABLE_CODES = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
}
PRIMARY = 0xFF
"""The part of an extended code of SQLite that is its kind."""
SQLITE_LIMITS = (
    "too large",
    "too complex",
    "too big",
    "too many",
    "parser stack overflow",
    "at most 64 tables",
)
"""What SQLite says of a statement that is beyond a limit; most have the code of any other error."""


def translate(context: ExceptionContext) -> MultichannelError | None:
    """What to raise in place of an error of the driver; None for the error as it is."""
    options = {} if context.connection is None else context.connection.get_execution_options()
    only_reads = bool(options.get("postgresql_readonly"))
    return meaning_of(context.original_exception, is_lost=context.is_disconnect, only_reads=only_reads)


def meaning_of(error: BaseException, *, is_lost: bool, only_reads: bool) -> MultichannelError | None:
    """What an error of a driver means: of a lost connection, or in a transaction that only reads."""
    if isinstance(error, sqlite3.Error):
        return of_sqlite(error)
    if getattr(error, "sqlstate", None) == READ_ONLY and only_reads:
        return None  # an error of the program, which writes where it only reads
    return of_postgresql(error, is_lost=is_lost)


def of_sqlite(error: sqlite3.Error) -> MultichannelError | None:
    """What an error of SQLite means."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & PRIMARY
    if code in BUSY_CODES:
        return Busy(BUSY, str(error))
    if code == sqlite3.SQLITE_INTERRUPT:
        return DeadlineExceeded(str(error))
    if code in UNAVAILABLE_CODES:
        return DatabaseUnavailable(str(error))
    is_limit = code in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE}
    if is_limit and any(words in str(error) for words in SQLITE_LIMITS):
        return TooComplex(TOO_COMPLEX)
    return None


def of_postgresql(error: BaseException, *, is_lost: bool = False) -> MultichannelError | None:
    """What an error of PostgreSQL, or of the connection to it, means."""
    state = getattr(error, "sqlstate", None)
    reason = f"{state or type(error).__name__}: {first_line(error)}"
    if state is None:
        # Without a state the error is the client's: of the network, a closed connection, a start that failed.
        is_connection = is_lost or type(error).__name__ == "OperationalError"
        return DatabaseUnavailable(reason, is_lost=True) if is_connection else None
    fault = of_state(state, reason) or (DatabaseUnavailable(reason) if is_lost else None)
    if isinstance(fault, DatabaseUnavailable):
        fault.is_lost = is_lost or state.startswith(LOST_STATES)
    return fault


def of_state(state: str, reason: str) -> MultichannelError | None:
    """What an SQLSTATE means."""
    if state == LOCK_NOT_AVAILABLE:
        return Busy(BUSY, reason)
    if state == CANCELED:
        return DeadlineExceeded(reason)
    if state.startswith(TOO_COMPLEX_STATES):
        return TooComplex(TOO_COMPLEX)
    return DatabaseUnavailable(reason) if state.startswith(UNAVAILABLE_STATES) else None


def first_line(error: BaseException) -> str:
    """The first line of an error: PostgreSQL's further lines may hold values."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
