"""Database engines: SQLite and PostgreSQL, configured to give the same guarantees."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, make_url

from multichannel.errors import Misconfigured
from multichannel.store.database_faults import translate
from multichannel.store.direct_execution import forget_prepared
from multichannel.store.driver_values import json_text
from multichannel.store.read.functions import SQLITE_FUNCTION, fold_case

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

BEGIN = "begin_with"
READING, WRITING = "reading", "writing"
BULK_CACHE = 12 * 1024
"""The KiB of pages that SQLite caches while it writes in bulk."""
SQLITE_BEGIN = {READING: "BEGIN", WRITING: "BEGIN IMMEDIATE"}
POSTGRESQL_ISOLATION = {READING: "REPEATABLE READ", WRITING: "SERIALIZABLE"}
POSTGRESQL_OPTIONS = (
    "timezone=utc",
    "statement_timeout=30000",
    "lock_timeout=5000",
    "random_page_cost=1.1",  # the default is for spinning disks, and favours sequential scans
    "jit=off",  # compiling to machine code takes longer than any statement of a page
)
CONNECTION_OPTIONS = {
    "options": " ".join(f"-c {option}" for option in POSTGRESQL_OPTIONS),
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
"""A server that is gone is noticed: within seconds while it owes an answer, else within half a minute."""
PRAGMAS = (
    "case_sensitive_like=ON",
    "journal_mode=WAL",
    "busy_timeout=5000",
    "foreign_keys=ON",
    "synchronous=FULL",
)


def open_database(url: str, *, connections: int = 10) -> Engine:
    """An engine for a SQLite or PostgreSQL URL; Misconfigured for any other."""
    parsed = make_url(url)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        parsed, options = parsed.set(drivername="postgresql+psycopg"), {"connect_args": CONNECTION_OPTIONS}
    elif parsed.get_backend_name() != "sqlite":
        raise Misconfigured(f"{parsed.render_as_string()}: the database must be SQLite or PostgreSQL")
    engine = create_engine(
        parsed,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,  # errors are logged, and must not contain personal data
        json_serializer=json_text,
        **options,
    )
    event.listen(engine, "handle_error", translate, retval=True)
    if engine.dialect.name == "sqlite":
        _configure_sqlite(engine)
    else:
        event.listen(engine, "rollback", forget_prepared)
    return engine


def _configure_sqlite(engine: Engine) -> None:
    """WAL mode, so that readers never wait; the driver's transaction handling is off."""

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        driver: Any = connection
        driver.create_function("base64url", 1, _base64url, deterministic=True)
        driver.create_function(SQLITE_FUNCTION, 1, fold_case, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """A writer locks at once, as upgrading a read lock later fails without waiting."""
        connection.exec_driver_sql(SQLITE_BEGIN[connection.get_execution_options().get(BEGIN, READING)])


def _base64url(text: str) -> str:
    """The base64url form of a text, without padding, as a function for SQL; PostgreSQL has one of its own."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def execution_options(engine: Engine, mode: str) -> dict[str, Any]:
    """The options of a connection that reads one snapshot, or writes serializably."""
    if engine.dialect.name == "sqlite":
        return {BEGIN: mode}
    return {"isolation_level": POSTGRESQL_ISOLATION[mode], "postgresql_readonly": mode == READING}


def enlarge_cache(connection: Connection) -> None:
    """For bulk writes: on SQLite, more cache keeps the pages of indexes that are written in no order."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size=-{BULK_CACHE}")


def update_statistics(engine: Engine) -> None:
    """Have SQLite count its rows anew, some of each table, to plan by; PostgreSQL does by itself."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA analysis_limit = 1000")
            driver.execute("ANALYZE")
