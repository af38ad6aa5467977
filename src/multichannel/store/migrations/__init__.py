"""Schema migrations, and the commands that run them.

`versions/` has one module per schema version. Only `store` may import Alembic. Start with `upgrade`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from multichannel.errors import Misconfigured
from multichannel.store.engines import WRITING, execution_options, open_database

HERE = Path(__file__).parent
MIGRATING = 7_146_402_051
"""The key of the advisory lock of PostgreSQL that whoever migrates holds."""
WAIT_SECONDS = 600


def upgrade(url: str) -> None:
    """Migrate a database to this version, in one transaction; Misconfigured if its own is unknown.

    Where several processes do so at once, one does the work and the others wait for it.
    """
    version = current(url)
    if not is_known(version):
        raise Misconfigured(
            f"The database is at schema version {version}, which this release cannot upgrade. "
            "Use the release that made the database, or create a new one and import the data again."
        )
    _migrate(url, lambda config: command.upgrade(config, "head"))


def remove(url: str) -> None:
    """Drop every table of a database with its data, in one transaction."""
    downgrade(url, "base")


def downgrade(url: str, version: str) -> None:
    """Undo the migrations after a version, in one transaction."""
    _migrate(url, lambda config: command.downgrade(config, version))


def current(url: str) -> str | None:
    """The schema version of a database; None if it is empty."""
    engine = open_database(url, connections=1)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def head() -> str:
    """The schema version this code needs."""
    version = ScriptDirectory(str(HERE)).get_current_head()
    if version is None:
        raise FileNotFoundError("this installation has no migrations")
    return version


def is_known(version: str | None) -> bool:
    """Whether this code can upgrade from that version; a newer release's version is unknown."""
    known = {revision.revision for revision in ScriptDirectory(str(HERE)).walk_revisions()}
    return version is None or version in known


def _migrate(url: str, migrate: Callable[[Config], None]) -> None:
    engine = open_database(url, connections=2)
    is_sqlite = engine.dialect.name == "sqlite"
    try:
        with _one_at_a_time(engine), engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            if is_sqlite:
                _prepare_sqlite(connection)
            else:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            migrate(_config(connection))
            if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise Misconfigured(
                    "The database holds rows that reference missing rows; nothing was migrated."
                )
            connection.commit()
    finally:
        engine.dispose()


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Wait until no other process migrates the database.

    On PostgreSQL by a lock of the session, not of the transaction that migrates: its snapshot would be older
    than the lock. SQLite has one writer anyway, and a version that is read by the one who writes.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET statement_timeout = {WAIT_SECONDS * 1000}")
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATING})")
        yield


def _prepare_sqlite(connection: Connection) -> None:
    """Wait for another writer, and check foreign keys at the end.

    SQLite alters a table by copying it and dropping the original. The pragmas apply to the connection, which
    is closed afterwards; that of foreign keys works outside of a transaction only.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    driver.execute("PRAGMA foreign_keys=OFF")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
