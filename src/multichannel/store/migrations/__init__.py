"""Schema migrations, and the commands that run them.

`versions/` has one module per schema version. Only `store` may import Alembic. Start with `upgrade`.
"""

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
    """Migrate a database to this version, in one transaction; Misconfigured if its own is unknown."""
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
    engine = open_database(url, connections=1)
    try:
        with engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            is_sqlite = engine.dialect.name == "sqlite"
            if is_sqlite:
                _defer_foreign_keys(connection)
            migrate(_config(connection))
            if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise Misconfigured(
                    "The database holds rows that reference missing rows; nothing was migrated."
                )
            connection.commit()
    finally:
        engine.dispose()


def _defer_foreign_keys(connection: Connection) -> None:
    """Foreign keys are checked at the end, as SQLite alters a table by copying it and dropping the original.

    The pragma applies to the connection, which is closed afterwards, and works outside of a transaction only.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
