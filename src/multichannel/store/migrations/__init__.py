"""The schema's history, and the commands that bring a database up to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from multichannel.errors import Misconfigured
from multichannel.store.engines import WRITING, execution_options, open_database

HERE = Path(__file__).parent


def upgrade(url: str) -> None:
    """Bring a database up to this version, in one transaction."""
    _migrate(url, lambda config: command.upgrade(config, "head"))


def remove(url: str) -> None:
    """Take every table out of a database, with all that is in them, in one transaction."""
    _migrate(url, lambda config: command.downgrade(config, "base"))


def current(url: str) -> str | None:
    """The version a database is at; None when it is empty."""
    engine = open_database(url, connections=1)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def head() -> str:
    """The version this code needs."""
    found = ScriptDirectory(str(HERE)).get_current_head()
    if found is None:
        message = "this installation has no migrations"
        raise FileNotFoundError(message)
    return found


def is_known(version: str | None) -> bool:
    """Whether this code can bring a database up from that version; a newer code's it cannot."""
    known = {revision.revision for revision in ScriptDirectory(str(HERE)).walk_revisions()}
    return version is None or version in known


def _migrate(url: str, migrate: Callable[[Config], None]) -> None:
    engine = open_database(url, connections=1)
    try:
        with engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            copies_tables = engine.dialect.name == "sqlite"
            if copies_tables:
                _check_references_at_the_end(connection)
            migrate(_config(connection))
            if copies_tables and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise Misconfigured("The database holds rows that refer to nothing; nothing was migrated.")
            connection.commit()
    finally:
        engine.dispose()


def _check_references_at_the_end(connection: Connection) -> None:
    """SQLite changes a table by copying and dropping it, which rows that refer to it must survive.

    The switch is the connection's, which is closed afterwards, and works only outside of a transaction.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
