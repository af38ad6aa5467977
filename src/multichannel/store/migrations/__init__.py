"""The schema's history, and the commands that bring a database up to it."""

from __future__ import annotations

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
    engine = open_database(url, connections=1)
    try:
        with engine.connect() as connection:
            connection.execution_options(**execution_options(engine, WRITING))
            command.upgrade(_config(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


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


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config
