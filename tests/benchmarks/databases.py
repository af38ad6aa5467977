"""Databases with the measured world in them, made once and kept in the system's folder for passing files."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console
from sqlalchemy import URL

from multichannel.store import migrations
from tests.benchmarks import world
from tests.benchmarks.world import Scale, copy_to_postgresql, fill_sqlite
from tests.postgres import find_binaries, server_in

DONE = "complete"
NOTE = Console(stderr=True)


@contextmanager
def databases(scale: Scale) -> Iterator[dict[str, URL]]:
    """The URLs of a SQLite and of a PostgreSQL database that hold the world; the server is our own."""
    folder = _folder(scale)
    with ExitStack() as stack:
        sqlite = URL.create("sqlite", database=str(folder / "world.db"))
        server = folder / "postgresql"
        server.mkdir(mode=0o711, exist_ok=True)
        postgresql = stack.enter_context(server_in(server, find_binaries()))
        if not (folder / DONE).exists():
            NOTE.print(f"Making the {scale.name} world in {folder}; the next run finds it there.")
            fill_sqlite(sqlite, scale)
            copy_to_postgresql(sqlite, postgresql)
            (folder / DONE).touch()
        yield {"SQLite": sqlite, "PostgreSQL": postgresql}


def _folder(scale: Scale) -> Path:
    """A folder for this scale, this schema and this way of making rows; what is half made goes first."""
    schema = (Path(migrations.__file__).parent / "versions").glob("*.py")
    told = hashlib.sha256(repr(scale).encode())
    for each in (Path(world.__file__), *sorted(schema)):
        told.update(ast.dump(ast.parse(each.read_text("utf-8"))).encode())
    folder = Path(tempfile.gettempdir()) / f"multichannel-bench-{os.getuid()}" / told.hexdigest()[:12]
    folder.parent.mkdir(mode=0o711, exist_ok=True)
    if folder.parent.stat().st_uid != os.getuid():
        message = f"{folder.parent} belongs to somebody else"
        raise PermissionError(message)
    if folder.exists() and not (folder / DONE).exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o711, exist_ok=True)
    return folder
