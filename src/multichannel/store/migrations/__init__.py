"""The schema's history, and the commands that bring a database up to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

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
            migrate(_config(connection))
            connection.commit()
    finally:
        engine.dispose()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
