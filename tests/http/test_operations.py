"""What those who operate the service rely on: its state, its limits, and what it tells of its own faults."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, text

from multichannel.demo.cast import find_persona
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.policy.decide.policy import Policy
from multichannel.server import run as serving
from multichannel.server.run import CONNECTIONS_PER_THREAD
from multichannel.store.engines import open_database
from tests.databases import copy_of
from tests.serving import demo_app, now, running

COMMAND = Path(sys.executable).with_name("multichannel")


def test_a_running_service_is_alive(client: httpx.Client, shipped_policy: Policy) -> None:
    assert client.get("/livez").text == "alive"
    answer = client.get("/readyz")
    told = answer.json()
    assert answer.status_code == 200
    assert now() - datetime.fromisoformat(told.pop("policySince")) < timedelta(hours=1)
    assert told == {
        "ready": True,
        "database": True,
        "policy": shipped_policy.digest,
        "policyProblem": None,
        "policyPinned": False,
        "policyUnchecked": None,
    }


def test_a_service_without_its_database_is_alive_and_not_ready(
    empty_postgresql: str, tmp_path: Path, shipped_policy: Policy
) -> None:
    with ExitStack() as until_the_end, ExitStack() as while_it_is_there:
        database = while_it_is_there.enter_context(copy_of(empty_postgresql, tmp_path))
        app = demo_app(database, DemoIssuer(tmp_path), shipped_policy)
        url = until_the_end.enter_context(running(app))
        before = httpx.get(f"{url}/readyz")

        while_it_is_there.close()

        after = httpx.get(f"{url}/readyz")
        assert (before.status_code, before.json()["ready"]) == (200, True)
        assert (after.status_code, after.json()["ready"], after.json()["database"]) == (503, False, False)
        assert httpx.get(f"{url}/livez").status_code == 200


def test_a_service_whose_threads_are_all_busy_is_ready(
    sqlite_world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[Engine] = []

    def open_and_remember(url: str, **options: Any) -> Engine:
        engines.append(open_database(url, **options))
        return engines[-1]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MULTICHANNEL_THREADS", "1")
    monkeypatch.setattr(serving, "open_database", open_and_remember)
    with copy_of(sqlite_world, tmp_path) as database:
        monkeypatch.setenv("MULTICHANNEL_DATABASE_URL", database)
        app = serving.demo_app()
        with engines[-1].connect(), running(app) as url:  # the connection of the one thread
            assert httpx.get(f"{url}/readyz", timeout=30).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/graphql", "/demo/personas"])
def test_a_host_that_is_not_allowed_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Host": "rebound.example"})

    assert (answer.status_code, answer.text) == (400, "Invalid host header")


@pytest.fixture
def narrow(sqlite_world: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a service with one thread, as the command runs it."""
    with copy_of(sqlite_world, tmp_path) as database:
        environment = {**os.environ, "MULTICHANNEL_DATABASE_URL": database, "MULTICHANNEL_THREADS": "1"}
        with subprocess.Popen(
            [COMMAND, "demo", "--port", "0"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            try:
                started = next(line for line in process.stderr if "running on" in line)
                yield started.split("running on ")[1].split()[0]
            finally:
                process.terminate()
                process.communicate()


def test_clients_beyond_the_limit_are_refused_at_once(narrow: str) -> None:
    address = urlsplit(narrow)
    assert httpx.get(f"{narrow}/livez").status_code == 200
    with ExitStack() as connected:
        for _ in range(CONNECTIONS_PER_THREAD):
            connected.enter_context(
                socket.create_connection((str(address.hostname), address.port or 0), timeout=30)
            )
        assert httpx.get(f"{narrow}/livez", timeout=30).status_code == 503


@pytest.mark.parametrize(("table", "status"), [("reseller_relationships", 200), ("users", 500)])
def test_an_internal_error_has_a_correlation_id_and_is_logged_with_its_cause(
    broken: Callable[[str], httpx.Response], caplog: pytest.LogCaptureFixture, table: str, status: int
) -> None:
    answer = broken(table)

    [error] = answer.json()["errors"]
    number = error["extensions"]["correlationId"]
    assert answer.status_code == status
    assert error["extensions"] == {"code": "INTERNAL", "correlationId": number}
    assert error["message"] == "Internal error. Quote the correlation id when you report it."
    assert "no such table" not in answer.text
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert number in record.getMessage()
    assert f"no such table: {table}" in str(record.exc_info)
    caplog.clear()  # the fault was expected


@pytest.fixture
def broken(sqlite_world: str, tmp_path: Path, shipped_policy: Policy) -> Callable[[str], httpx.Response]:
    """The answer to an agent of a service whose database has lost a table."""

    def ask(table: str) -> httpx.Response:
        issuer = DemoIssuer(tmp_path)
        headers = {"Authorization": f"Bearer {token(issuer, find_persona('alder-sales-agent'), now())}"}
        with copy_of(sqlite_world, tmp_path) as database:
            lose(database, table)
            with running(demo_app(database, issuer, shipped_policy)) as url:
                query = {"query": "{ customers { totalCount } }"}
                return httpx.post(f"{url}/graphql", json=query, headers=headers)

    return ask


def lose(database: str, table: str) -> None:
    """Rename a table, so that nothing finds it."""
    engine = open_database(database)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO lost"))
    engine.dispose()
