"""A service of two processes whose policy is edited under load: answers are by the old policy or the new."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx
import pytest

from multichannel.demo.cast import find_persona
from multichannel.demo.issuer import FOLDER, DemoIssuer, token
from multichannel.policy.language.source import PolicySource
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.databases import copy_of
from tests.policy.authoring import CASES, CAST, FAILS, HOLDS
from tests.serving import UNLIMITED, now

COMMAND = Path(sys.executable).with_name("multichannel")
WORKERS, CLIENTS = 2, 8
PATIENCE = 120
"""Seconds until something that does not come has failed: how fast it comes is measured, by `settle`."""
PROMISED = 5.0
"""Seconds until every process has taken up a change, on a machine that gives it a processor."""
SAID = re.compile(r"\[(\d+)\] policy (\w+) is (current|refused)")
STARTED = re.compile(r"Started server process \[(\d+)\]")
FILES = ("choices.polar", "main.polar", "roles.polar", "system.polar", "user.polar", "customer.polar")
QUERY = {"query": "{ customers { totalCount } }"}
CLOSED = """
forbid("CLOSED_TODAY", p: Principal, _action: String, _: Customer) if "sales_agent" in p.roles;
"""


@dataclass
class Editor:
    """Edits the policy of a running service, each time another text that is known to be open or closed."""

    folder: Path
    edits: int = 0

    def begins(self) -> None:
        self.folder.mkdir()
        for name in FILES:
            shutil.copy(SHIPPED_POLICIES / name, self.folder)
        (self.folder / "cast.yaml").write_text(CAST)
        self.claims(HOLDS)

    def claims(self, said: str) -> None:
        (self.folder / "service.cases.yaml").write_text(CASES % said)

    def writes(self, rules: str = "", *, up_to: str | None = None) -> str:
        """Shipped rules and further ones, or only as far as some word: its digest."""
        self.edits += 1
        text = f"# {self.edits}\n{(SHIPPED_POLICIES / 'customer.polar').read_text()}{rules}"
        (self.folder / "customer.polar").write_text(text if up_to is None else text.rpartition(up_to)[0])
        return PolicySource.read(self.folder).digest

    def fails(self) -> str:
        """A case that does not hold."""
        self.edits += 1
        (self.folder / "service.cases.yaml").write_text(f"# {self.edits}{CASES % FAILS}")
        return PolicySource.read(self.folder).digest


@dataclass
class Service:
    """The demo in two processes, and what they say."""

    url: str
    token: str
    said: queue.Queue[str]
    processes: set[str]
    """Their ids."""

    def settle(self, digest: str, what: str) -> float:
        """Wait until each process has said this of a policy, and give the seconds that took the slowest.

        What a process waited for a processor does not count: others on the machine may have them all.
        """
        before = {pid: waited_for_processor(pid) for pid in self.processes}
        begun, took, heard = time.monotonic(), dict[str, float](), list[str]()
        while len(took) < WORKERS:
            try:
                heard.append(self.said.get(timeout=PATIENCE))
            except queue.Empty:
                pytest.fail(f"not every process says that {digest[:12]} is {what}: {heard}")
            found = SAID.search(heard[-1])
            if found and (found[2], found[3]) == (digest[:12], what):
                pid = found[1]
                took[pid] = time.monotonic() - begun - (waited_for_processor(pid) - before[pid])
        return max(took.values())

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE) as client:
            yield client

    def customers(self, client: httpx.Client) -> int:
        """How many customers the agent sees; whatever is no plain answer fails."""
        answer = client.post("/graphql", json=QUERY)
        body = answer.json()
        assert (answer.status_code, set(body)) == (200, {"data"}), body
        return int(body["data"]["customers"]["totalCount"])


@dataclass
class Load:
    """Clients that ask with such a pause, and all that they were told."""

    service: Service
    pause: float
    answers: list[tuple[float, float, int]] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    @contextmanager
    def on(self) -> Iterator[None]:
        stop = threading.Event()
        clients = [threading.Thread(target=self._ask, args=(stop,)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            yield
        finally:
            stop.set()
            for client in clients:
                client.join()

    def _ask(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                with self.service.client() as client:  # another connection, and perhaps another process
                    for _ in range(20):
                        begun = time.monotonic()
                        seen = self.service.customers(client)
                        self.answers.append((begun, time.monotonic(), seen))
                        time.sleep(self.pause)
        except BaseException as fault:  # noqa: BLE001  (told by the test, in whose thread it counts)
            self.faults.append(fault)


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    editor = Editor(tmp_path / "policy")
    editor.begins()
    return editor


@pytest.fixture
def service(editor: Editor, sqlite_world: str, tmp_path: Path) -> Iterator[Service]:
    with copy_of(sqlite_world, tmp_path) as database:
        names = {"DATABASE_URL": database, "POLICY_DIR": str(editor.folder), "POLICY_UNCHECKED": "true"}
        names |= {name.upper(): str(value) for name, value in UNLIMITED.items()}
        environment = os.environ | {f"MULTICHANNEL_{name}": value for name, value in names.items()}
        environment["TMPDIR"] = str(tmp_path / "temporary")
        (tmp_path / "temporary").mkdir()
        with subprocess.Popen(
            [COMMAND, "demo", "--port", "0", "--workers", str(WORKERS)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            said = queue.Queue[str]()
            reader = threading.Thread(target=_hear, args=(process.stderr, said))
            reader.start()
            try:
                url, processes = _started(said)
                yield Service(url, _token(tmp_path), said, processes)
            finally:
                process.terminate()
                process.wait(PATIENCE)
                reader.join()
        assert list((tmp_path / "temporary").iterdir()) == []


def _hear(lines: Iterable[str], said: queue.Queue[str]) -> None:
    for line in lines:
        said.put(line)


def _started(said: queue.Queue[str]) -> tuple[str, set[str]]:
    """The URL and the processes, once all of them are there."""
    url, ready, processes = "", 0, set[str]()
    while not url or ready < WORKERS:
        line = said.get(timeout=PATIENCE)
        url = line.split("running on ")[1].split()[0] if "running on" in line else url
        ready += "Application startup complete" in line
        processes |= {*STARTED.findall(line)}
    return url, processes


def waited_for_processor(pid: str) -> float:
    """The seconds that threads of a process were ready to run and did not."""
    nanoseconds = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):  # it has ended
            nanoseconds += int(thread.read_text().split()[1])
    return nanoseconds / 1e9


def _token(folder: Path) -> str:
    return token(DemoIssuer(folder / FOLDER), find_persona("alder-sales-agent"), now())


BROKEN: tuple[Callable[[Editor], str], ...] = (
    lambda editor: editor.writes("\nallow(\n"),
    lambda editor: editor.writes(up_to=" in ["),
    Editor.fails,
)


@pytest.mark.parametrize(
    ("reloads", "broken_every", "pause"),
    [(6, 2, 0.05), pytest.param(50, 5, 0, marks=pytest.mark.long)],
    ids=["short", "long"],
)
def test_reloads_under_load_give_old_or_new_verdicts_and_never_an_error(
    editor: Editor, service: Service, reloads: int, broken_every: int, pause: float
) -> None:
    with service.client() as client:
        many = service.customers(client)
    assert many > 0
    load, broken, rules = Load(service, pause), cycle(BROKEN), cycle([(CLOSED, 0), ("", many)])
    settled, took = [(time.monotonic(), time.monotonic(), many)], []

    with load.on():
        for number in range(1, reloads + 1):
            begun, seen = time.monotonic(), settled[-1][2]
            if number % broken_every == 0:
                took.append(service.settle(next(broken)(editor), "refused"))
            else:
                text, seen = next(rules)
                editor.claims(HOLDS)
                took.append(service.settle(editor.writes(text), "current"))
            settled.append((begun, time.monotonic(), seen))
            for _ in range(CLIENTS):
                with service.client() as client:
                    assert service.customers(client) == seen

    assert load.faults == []
    assert len(load.answers) > reloads * CLIENTS
    assert wrong_answers(load, settled) == []
    assert max(took) < PROMISED
    with service.client() as client:
        state, metrics = client.get("/readyz").json(), client.get("/metrics").text
    assert (state["ready"], state["policyPinned"]) == (True, False)
    good = reloads - reloads // broken_every
    assert f'reloads_total{{outcome="swapped"}} {WORKERS * good}.0' in metrics


def wrong_answers(load: Load, settled: list[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """Answers that are by no policy of their time: from when it is written until the next is settled."""
    ends = [end for _, end, _ in settled[1:]]
    spans = [(start, end, seen) for (start, _, seen), end in zip(settled, [*ends, float("inf")], strict=True)]
    return [
        (begun, ended, seen)
        for begun, ended, seen in load.answers
        if not any(seen == told and begun <= end and ended >= start for start, end, told in spans)
    ]
