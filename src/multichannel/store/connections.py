"""Connections for transactions: they work when they are given out, and are stopped at a deadline."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import OperationalError, pq
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from multichannel.errors import Busy, DatabaseUnavailable, DeadlineExceeded, Unavailable
from multichannel.store.database_faults import BUSY
from multichannel.store.deadlines import Deadline, stopping
from multichannel.store.engines import WRITING, execution_options

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

USED_AT = "used_at"
IDLE_SECONDS = 1.0
"""A connection that nobody used for longer may have been lost meanwhile."""
READINESS_SECONDS = 3.0
"""After so long a database that is asked whether it is ready counts as hanging."""


class Connections:
    """Those of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.has_failed_to_write = False
        """Whether the last write failed because of the database."""
        self._lost_at = -math.inf

    def note_loss(self) -> None:
        """A connection was lost; others that have not been used since may be, too."""
        self._lost_at = time.monotonic()

    @contextmanager
    def open(self, deadline: Deadline) -> Iterator[Connection]:
        """A connection that works; what runs on it is stopped at the deadline."""
        deadline.check()
        try:
            connection = self._engine.connect()
        except PoolTimeout as error:
            raise Busy(BUSY, str(error)) from error
        with connection:
            with stopping(connection, deadline):
                is_alive = _ping(connection, self._lost_at)
                if is_alive:
                    yield connection
            if is_alive:
                return
        # Lost while nobody used it; others of the same age are tried first, and given up, too.
        with self.open(deadline) as another:
            yield another

    def is_ready(self) -> bool:
        """Whether the database answers, and takes writes if the last write failed because of it."""
        try:
            with self.open(Deadline(READINESS_SECONDS)) as connection:
                connection.exec_driver_sql("SELECT 1")
                if self.has_failed_to_write:
                    _write_nothing(connection)
                    self.has_failed_to_write = False
        except (DatabaseUnavailable, DeadlineExceeded):
            return False
        except (Unavailable, DBAPIError):  # it answers, though it is busy or lacks what was asked for
            pass
        return True


def _ping(connection: Connection, lost_at: float) -> bool:
    """Whether a connection still works; if not, it is given up. One that was used a moment ago is not asked.

    The engine could ask by itself, but would wait for ever for a server that hangs.
    """
    if connection.dialect.name == "sqlite":
        return True
    info, now = connection.info, time.monotonic()
    used_at = info.get(USED_AT, -math.inf)
    is_fresh = now - used_at < IDLE_SECONDS and used_at > lost_at
    info[USED_AT] = now
    driver: Any = connection.connection.driver_connection
    if is_fresh or is_alive(driver.pgconn):
        return True
    connection.invalidate()
    return False


def is_alive(driver: Any) -> bool:
    """Whether a connection of libpq's works; waits for a server that hangs."""
    try:
        status: pq.ExecStatus = driver.exec_(b"").status
    except OperationalError:
        return False
    return status == pq.ExecStatus.EMPTY_QUERY


def _write_nothing(connection: Connection) -> None:
    """Write something that changes nothing; raises what the database says if it cannot."""
    connection.execution_options(**execution_options(connection.engine, WRITING))
    if connection.dialect.name == "sqlite":
        version = connection.exec_driver_sql("PRAGMA user_version").scalar()
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")
    else:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
    connection.commit()
