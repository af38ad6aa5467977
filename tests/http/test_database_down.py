"""A PostgreSQL that hangs, or is stopped and started again under load: errors are 503, and end with it."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import URL, create_engine, text

from multichannel.demo.cast import MEADOW, find_persona
from multichannel.demo.issuer import DemoIssuer, token
from multichannel.policy.decide.policy import Policy
from multichannel.store.migrations import upgrade
from tests.postgres import find_binaries, server_in
from tests.serving import demo_app, now, running
from tests.world import fill

pytestmark = pytest.mark.long

COMPILED = "{ customers { totalCount } }"
INTERPRETED = "{ viewer { tenantId } customers { totalCount } }"
VERSION = f'{{ node(id: "customer_{MEADOW.id}") {{ ... on Customer {{ version }} }} }}'
OPERATION, RECOVERY = 2.0, 5.0


@dataclass
class Load:
    """Clients that read and change without a pause, and what they were told."""

    url: str
    headers: dict[str, str]
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    problems: list[str] = field(default_factory=list)

    def ask(self, client: httpx.Client, query: str) -> httpx.Response:
        began = time.monotonic()
        answer = client.post(f"{self.url}/graphql", json={"query": query}, headers=self.headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.statuses[answer.status_code] += 1
        if answer.status_code == 503:
            codes = {each["extensions"]["code"] for each in answer.json()["errors"]}
            if not codes <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"} or "retry-after" not in answer.headers:
                self.problems.append(answer.text)
        elif answer.status_code != 200 or "errors" in answer.json():
            self.problems.append(answer.text)
        return answer

    def change(self, client: httpx.Client) -> None:
        """One change, whose version only this client changes."""
        shown = self.ask(client, VERSION)
        if shown.status_code == 200:
            version = shown.json()["data"]["node"]["version"]
            input = f'{{id: "customer_{MEADOW.id}", expectedVersion: {version}, city: "{version}"}}'
            change = f"mutation {{ updateCustomer(input: {input}) {{ userErrors {{ code }} }} }}"
            answer = self.ask(client, change)
            if answer.status_code == 200 and answer.json()["data"]["updateCustomer"]["userErrors"]:
                self.problems.append(answer.text)

    @contextmanager
    def on(self) -> Iterator[None]:
        stop = threading.Event()

        def run(kind: int) -> None:
            with httpx.Client(timeout=30) as client:
                while not stop.is_set():
                    if kind == 2:
                        self.change(client)
                    else:
                        self.ask(client, (COMPILED, INTERPRETED)[kind])

        clients = [threading.Thread(target=run, args=(number % 3,)) for number in range(3)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            stop.set()
            for client in clients:
                client.join()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the account that PostgreSQL runs as can get to."""
    with tempfile.TemporaryDirectory(prefix="multichannel-postgres-") as name:
        yield Path(name)


def test_a_server_that_hangs_or_starts_again_is_told_as_unavailable_for_so_long(
    folder: Path,
    shipped_policy: Policy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MULTICHANNEL_OPERATION_SECONDS", str(OPERATION))
    issuer = DemoIssuer(tmp_path)
    headers = {"Authorization": f"Bearer {token(issuer, find_persona('alder-sales-agent'), now())}"}
    server = server_in(folder, find_binaries(), {"listen_addresses": ""})
    url = _made(server.__enter__(), shipped_policy)
    with running(demo_app(url, issuer, shipped_policy)) as address:
        load = Load(address, headers)
        with load.on():
            time.sleep(2)
            assert set(load.statuses) == {200}
            with _paused(folder):
                time.sleep(OPERATION + 1)
                began = time.monotonic()
                assert httpx.get(f"{address}/readyz", timeout=30).status_code == 503
                assert time.monotonic() - began < 2
                assert httpx.get(f"{address}/livez", timeout=30).status_code == 200
                time.sleep(2)
            assert _recovers(load)
            assert load.statuses[503] > 0
            assert load.slowest < OPERATION + 3

            before = load.statuses[503]
            server.__exit__(None, None, None)
            time.sleep(2)
            server = server_in(folder, find_binaries(), {"listen_addresses": ""})
            server.__enter__()
            assert _recovers(load)
            assert load.statuses[503] > before
    server.__exit__(None, None, None)

    assert load.problems == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert [record for record in caplog.records if record.exc_info] == []


def _made(maintenance: URL, policy: Policy) -> str:
    """A database with the demo world."""
    engine = create_engine(maintenance, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE demo"))
    engine.dispose()
    url = maintenance.set(database="demo").render_as_string(hide_password=False)
    upgrade(url)
    fill(url, policy)
    return url


@contextmanager
def _paused(folder: Path) -> Iterator[None]:
    """The server while none of its processes runs."""
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [postmaster, *map(int, children)]
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)


def _recovers(load: Load) -> bool:
    """Whether there is a second without a fault soon."""
    deadline = time.monotonic() + RECOVERY
    while time.monotonic() < deadline:
        before = load.statuses[503], load.statuses[200]
        time.sleep(1)
        if load.statuses[503] == before[0] and load.statuses[200] > before[1]:
            return True
    return False
