"""Databases for tests: fresh, migrated and empty, one for each test, on both engines.

The migrations run once for each engine and pytest process; every test gets a copy of what they made.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, make_url

from multichannel.store.migrations import upgrade
from tests.postgres import conninfo


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of this test's own; the test runs once for each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


sqlite_first = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
"""For tests of faults and commands that are found beside the database: PostgreSQL with the long tests."""


@pytest.fixture
def sqlite_url(empty_sqlite: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty SQLite database of this test's own."""
    with copy_of(empty_sqlite, tmp_path) as url:
        yield url


@pytest.fixture
def postgresql_url(empty_postgresql: str, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    with copy_of(empty_postgresql, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated SQLite database to be copied and never written to."""
    url = f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'empty.db'}"
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def empty_postgresql(postgres_url: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database to be copied and never written to."""
    with _new_postgresql(make_url(postgres_url), template="template0") as url:
        upgrade(url)
        yield url


@contextmanager
def copy_of(template: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to; a PostgreSQL one is dropped afterwards.

    A copy may be filled and serve as a template in turn: a world that is made once and given to many tests.
    """
    url = make_url(template)
    if url.get_backend_name() == "sqlite":
        copy = shutil.copy(str(url.database), folder / f"{uuid4()}.db")
        yield f"sqlite:///{copy}"
        return
    with _new_postgresql(url, template=str(url.database)) as new:
        yield new


@contextmanager
def _new_postgresql(server: URL, *, template: str) -> Iterator[str]:
    name = f"multichannel_{uuid4().hex}"
    # Templates are small: copying their files takes half the time of writing their pages to the log.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    with psycopg.connect(conninfo(server.set(database="postgres")), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
