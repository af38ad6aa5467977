"""A service that is stopped again and again, each time under questions it has not met, says nothing wrong."""

from __future__ import annotations

import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from multichannel.demo.cast import find_persona
from multichannel.demo.issuer import FOLDER, DemoIssuer, token
from multichannel.server.bootstrap import SHIPPED_POLICIES
from tests.databases import copy_of
from tests.serving import now

COMMAND = Path(sys.executable).with_name("multichannel")
PERSONAS = ("alder-sales-agent", "meadow-global-admin", "cedar-admin-agent", "hazel-sales-agent")
QUESTIONS = (
    "{ customers { totalCount } subscriptions { totalCount } resellerRelationships { totalCount } }",
    "{ viewer { tenantId capabilities { type actions } } transfers { nodes { id viewerCan } } }",
)
STALLS, STALL = 50, 3.0
CURRENT = "is current"

pytestmark = pytest.mark.long


class Service:
    """The demo in one process, whose policy is edited in place."""

    def __init__(self, folder: Path, process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        self.folder, self.process, self.lines = folder, process, lines
        self.url = self.wait_for("running on").split("running on ")[1].split()[0]
        issuer = DemoIssuer(folder / FOLDER)
        self.tokens = {name: token(issuer, find_persona(name), now()) for name in PERSONAS}
        self.text = (folder / "policy" / "user.polar").read_text()

    def wait_for(self, words: str) -> str:
        """The next line of the log with these words."""
        while words not in (line := self.lines.get(timeout=60)):
            pass
        return line

    def forgets(self, number: int) -> None:
        """Another policy that says the same: no predicate of it is known."""
        (self.folder / "policy" / "user.polar").write_text(f"{self.text}# {number}\n")
        self.wait_for(CURRENT)

    def ask(self, persona: str, question: str) -> tuple[int, Any]:
        """Status and body."""
        headers = {"Authorization": f"Bearer {self.tokens[persona]}"}
        answer = httpx.post(f"{self.url}/graphql", json={"query": question}, headers=headers, timeout=60)
        return answer.status_code, answer.json()


def test_fifty_stalls_under_load_give_no_wrong_answer(sqlite_world: str, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  (moments, not secrets)
    asked = [(persona, question) for persona in PERSONAS for question in QUESTIONS]
    with serving(sqlite_world, tmp_path) as service, ThreadPoolExecutor(len(asked)) as clients:
        truth = {each: service.ask(*each) for each in asked}
        assert {status for status, _ in truth.values()} == {200}
        for number in range(STALLS):
            service.forgets(number)
            answers = {each: clients.submit(service.ask, *each) for each in asked}
            time.sleep(chance.uniform(0.005, 0.3))
            service.process.send_signal(signal.SIGSTOP)
            time.sleep(STALL)
            service.process.send_signal(signal.SIGCONT)
            for each, answer in answers.items():
                status, body = answer.result()
                if status == 503:
                    codes = {error["extensions"]["code"] for error in body["errors"]}
                    assert codes <= {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
                    assert "data" not in body
                else:
                    assert (status, body) == truth[each]


@contextmanager
def serving(world: str, folder: Path) -> Iterator[Service]:
    policy = folder / "policy"
    policy.mkdir()
    for path in SHIPPED_POLICIES.glob("*.polar"):
        shutil.copy(path, policy)
    with copy_of(world, folder) as database:
        names = {"DATABASE_URL": database, "POLICY_DIR": str(policy), "POLICY_UNCHECKED": "true"}
        environment = os.environ | {f"MULTICHANNEL_{name}": value for name, value in names.items()}
        with subprocess.Popen(
            [COMMAND, "demo", "--port", "0"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            lines = queue.Queue[str]()
            reader = threading.Thread(target=_hear, args=(process.stderr, lines))
            reader.start()
            try:
                yield Service(folder, process, lines)
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(60)
                reader.join()


def _hear(said: Iterable[str], lines: queue.Queue[str]) -> None:
    for line in said:
        lines.put(line)
